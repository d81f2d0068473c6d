/**
 * Bounded writing of wire data, with name compression.
 *
 * @module
 */
import { WireEncodeError, writerFull } from '../errors.ts';
import {
  compressionProbesMax,
  compressionSlots,
  labelsMax,
  messageBytesMax,
  nameBytesMax,
  pointerOffsetMax,
} from '../limits.ts';
import { lowerCase, writeNameLabels } from '../names/bytes.ts';

const slotMask = compressionSlots - 1;

/**
 * Writes into a target buffer up to `limit`. A write past it throws {@link writerFull}, which the message encoder
 * turns into truncation.
 */
export class WireWriter {
  target: Uint8Array;
  /** Offset of the message's first byte in `target`. */
  start = 0;
  position = 0;
  /** First offset that may not be written. */
  limit = 0;
  /** Whether owner names and the names of RFC 1035 types are compressed. */
  compress = true;
  /** Whether names are written in canonical form (RFC 4034 §6.2): no compression, lower case for the listed types. */
  canonical = false;

  // The table maps the hash of a name suffix to its offset. `#stamp` marks the slots of the present message, so that
  // starting a message does not clear a table.
  readonly #slotOffsets = new Uint16Array(compressionSlots);
  readonly #slotStamps = new Uint32Array(compressionSlots);
  #stamp = 0;
  readonly #name = Buffer.alloc(nameBytesMax + 257);
  readonly #labelStarts = new Uint8Array(256);
  readonly #suffixHashes = new Uint32Array(labelsMax + 1);

  constructor(target: Uint8Array = Buffer.alloc(messageBytesMax)) {
    this.target = target;
    this.limit = target.length;
  }

  /** Makes the writer ready for a message at `start` of at most `bytesMax` bytes. */
  begin(start: number, bytesMax: number, compress: boolean, canonical: boolean): void {
    this.start = start;
    this.position = start;
    this.limit = Math.min(this.target.length, start + bytesMax);
    this.compress = compress;
    this.canonical = canonical;
    this.#stamp = (this.#stamp + 1) >>> 0;
    if (this.#stamp === 0) {
      this.#slotStamps.fill(0);
      this.#stamp = 1;
    }
  }

  u8(value: number): void {
    if (this.position + 1 > this.limit) throw writerFull;
    this.target[this.position++] = value;
  }

  u16(value: number): void {
    const at = this.position;
    if (at + 2 > this.limit) throw writerFull;
    this.target[at] = value >>> 8;
    this.target[at + 1] = value;
    this.position = at + 2;
  }

  u32(value: number): void {
    const at = this.position;
    if (at + 4 > this.limit) throw writerFull;
    const target = this.target;
    target[at] = value >>> 24;
    target[at + 1] = value >>> 16;
    target[at + 2] = value >>> 8;
    target[at + 3] = value;
    this.position = at + 4;
  }

  u48(value: number): void {
    this.u16(Math.floor(value / 0x100000000));
    this.u32(value >>> 0);
  }

  bytes(value: Uint8Array): void {
    if (this.position + value.length > this.limit) throw writerFull;
    this.target.set(value, this.position);
    this.position += value.length;
  }

  /** Overwrites two bytes written before, for counts and lengths known only afterwards. */
  patchU16(at: number, value: number): void {
    this.target[at] = value >>> 8;
    this.target[at + 1] = value;
  }

  /** A name that is compressed when the message is: owners, and the data of types of RFC 1035 (RFC 3597 §4). */
  compressedName(name: string): void {
    const labels = writeNameLabels(name, this.#name, 0, this.#labelStarts);
    if (this.compress && !this.canonical) this.#writeCompressed(labels);
    else this.#writePlain(labels, this.canonical);
  }

  /** A name that is never compressed; lower case in canonical form. */
  loweredName(name: string): void {
    this.#writePlain(writeNameLabels(name, this.#name, 0, this.#labelStarts), this.canonical);
  }

  /** A name that is never compressed and keeps its case in canonical form (RFC 6840 §5.1). */
  plainName(name: string): void {
    this.#writePlain(writeNameLabels(name, this.#name, 0, this.#labelStarts), false);
  }

  #wireLength(labels: number): number {
    if (labels === 0) return 1;
    const last = this.#labelStarts[labels - 1]!;
    return last + this.#name[last]! + 2;
  }

  #writePlain(labels: number, lower: boolean): void {
    const length = this.#wireLength(labels);
    const at = this.position;
    if (at + length > this.limit) throw writerFull;
    const name = this.#name;
    const target = this.target;
    if (lower) for (let index = 0; index < length; index++) target[at + index] = lowerCase[name[index]!]!;
    else for (let index = 0; index < length; index++) target[at + index] = name[index]!;
    this.position = at + length;
  }

  #writeCompressed(labels: number): void {
    this.#hashSuffixes(labels);
    const name = this.#name;
    let kept = 0;
    let pointer = -1;
    while (kept < labels) {
      pointer = this.#find(this.#suffixHashes[kept]!, this.#labelStarts[kept]!);
      if (pointer >= 0) break;
      kept++;
    }
    const length = kept === labels ? this.#wireLength(labels) : this.#labelStarts[kept]!;
    const at = this.position;
    if (at + length + (pointer >= 0 ? 2 : 0) > this.limit) throw writerFull;
    for (let index = 0; index < length; index++) this.target[at + index] = name[index]!;
    this.position = at + length;
    if (pointer >= 0) this.u16(0xc000 | pointer);
    for (let index = 0; index < kept; index++) {
      this.#remember(this.#suffixHashes[index]!, at - this.start + this.#labelStarts[index]!);
    }
  }

  /** FNV-1a over each suffix, from the last label to the first so that one pass serves all of them. */
  #hashSuffixes(labels: number): void {
    const name = this.#name;
    let hash = 0x811c9dc5;
    for (let label = labels - 1; label >= 0; label--) {
      const from = this.#labelStarts[label]!;
      const to = from + name[from]!;
      for (let index = from; index <= to; index++) hash = Math.imul(hash ^ lowerCase[name[index]!]!, 0x01000193);
      this.#suffixHashes[label] = hash;
    }
  }

  #find(hash: number, from: number): number {
    for (let probe = 0; probe < compressionProbesMax; probe++) {
      const slot = (hash + probe) & slotMask;
      if (this.#slotStamps[slot] !== this.#stamp) return -1;
      const offset = this.#slotOffsets[slot]!;
      if (this.#sameSuffix(this.start + offset, from)) return offset;
    }
    return -1;
  }

  #remember(hash: number, offset: number): void {
    if (offset > pointerOffsetMax) return;
    for (let probe = 0; probe < compressionProbesMax; probe++) {
      const slot = (hash + probe) & slotMask;
      if (this.#slotStamps[slot] === this.#stamp) continue;
      this.#slotStamps[slot] = this.#stamp;
      this.#slotOffsets[slot] = offset;
      return;
    }
  }

  /** Whether the name written at `at` (pointers included) is the suffix of the present name from `from`. */
  #sameSuffix(at: number, from: number): boolean {
    const name = this.#name;
    const target = this.target;
    let left = at;
    let right = from;
    for (;;) {
      let size = target[left]!;
      while (size >= 0xc0) {
        left = this.start + (((size & 0x3f) << 8) | target[left + 1]!);
        size = target[left]!;
      }
      if (size !== name[right]) return false;
      if (size === 0) return true;
      for (let index = 1; index <= size; index++) {
        if (lowerCase[target[left + index]!] !== lowerCase[name[right + index]!]) return false;
      }
      left += size + 1;
      right += size + 1;
    }
  }

  /**
   * Goes back to an earlier position. Names remembered after it are gone, so nothing is compressed from here on.
   */
  rewind(position: number): void {
    this.position = position;
    this.compress = false;
  }

  /** The written bytes, copied. */
  copy(): Buffer {
    return Buffer.from(this.target.subarray(this.start, this.position));
  }
}

/** Fails with a message that names the field. */
export function fieldError(reason: WireEncodeError['reason'], field: string, why: string): WireEncodeError {
  return new WireEncodeError(reason, `${field}: ${why}`);
}
