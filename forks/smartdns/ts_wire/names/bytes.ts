/**
 * Names between text and bytes.
 *
 * In text a name has no final dot, and the root is `.` (the empty string and a final dot are accepted on input). A dot
 * or backslash inside a label is `\.` and `\\`; bytes outside `!`…`~` are `\DDD` in decimal (RFC 1035 §5.1), so every
 * label of any bytes (RFC 2181 §11) has a text form.
 *
 * @module
 */
import { WireEncodeError } from '../errors.ts';
import { labelBytesMax, nameBytesMax } from '../limits.ts';

/** ASCII lower case of each byte; bytes outside A…Z stay (RFC 4343 §3). */
export const lowerCase = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 65 && byte <= 90 ? byte + 32 : byte));

/** 1 for bytes that stand for themselves in a name's text. */
export const plainByte = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte > 32 && byte < 127 && byte !== 46 && byte !== 92 ? 1 : 0,
);

const dot = 46;
const backslash = 92;
const zero = 48;

/** Adds one label byte to a text of Latin-1 bytes, escaped where needed, and returns the new end. */
export function writeEscapedByte(text: Uint8Array, end: number, byte: number): number {
  text[end] = backslash;
  if (byte === dot || byte === backslash) {
    text[end + 1] = byte;
    return end + 2;
  }
  text[end + 1] = zero + Math.floor(byte / 100);
  text[end + 2] = zero + (Math.floor(byte / 10) % 10);
  text[end + 3] = zero + (byte % 10);
  return end + 4;
}

/** Value of the escape that starts at `index` (the backslash), or -1 when it is malformed. */
export function escapeValue(text: string, index: number): number {
  const first = text.charCodeAt(index + 1);
  if (Number.isNaN(first) || first > 126) return -1;
  if (first < 48 || first > 57) return first;
  const second = text.charCodeAt(index + 2) - zero;
  const third = text.charCodeAt(index + 3) - zero;
  if (!(second >= 0 && second <= 9 && third >= 0 && third <= 9)) return -1;
  const value = (first - zero) * 100 + second * 10 + third;
  return value <= 255 ? value : -1;
}

/** Characters of the escape at `index`: two for `\x`, four for `\DDD`. */
export function escapeLength(text: string, index: number): number {
  const first = text.charCodeAt(index + 1);
  return first >= 48 && first <= 57 ? 4 : 2;
}

function badName(name: string, why: string): WireEncodeError {
  return new WireEncodeError('bad-name', `bad domain name ${JSON.stringify(name.slice(0, 300))}: ${why}`);
}

/**
 * Writes a name's text as uncompressed wire bytes.
 *
 * @param target has room for 256 bytes after `offset`.
 * @param labelStarts receives the offset of each label's length byte, relative to `offset`; 128 entries.
 * @returns how many labels were written, root not counted; the name ends with a zero byte.
 * @throws WireEncodeError `bad-name`, `label-too-long`, `name-too-long`
 */
export function writeNameLabels(name: string, target: Uint8Array, offset: number, labelStarts: Uint8Array): number {
  const length = name.length;
  if (length === 0 || name === '.') {
    target[offset] = 0;
    return 0;
  }
  let labels = 0;
  let labelStart = offset;
  let position = offset + 1;
  let index = 0;
  labelStarts[0] = 0;
  while (index < length) {
    let byte = name.charCodeAt(index);
    if (byte === dot) {
      closeLabel(name, target, labelStart, position);
      labels++;
      labelStart = position;
      position++;
      index++;
      if (index === length) break;
      labelStarts[labels] = labelStart - offset;
    } else {
      if (byte === backslash) {
        byte = escapeValue(name, index);
        if (byte < 0) throw badName(name, 'an escape is \\DDD up to 255 or a backslash and one character');
        index += escapeLength(name, index);
      } else if (byte > 126) {
        throw badName(name, 'letters outside ASCII need the A-label form (punycode) or \\DDD');
      } else index++;
      target[position++] = byte;
    }
    if (position - offset > nameBytesMax) {
      throw new WireEncodeError('name-too-long', `the name ${name.slice(0, 80)}… has more than 255 bytes on the wire`);
    }
  }
  if (labelStart !== position - 1) {
    closeLabel(name, target, labelStart, position);
    labels++;
    labelStart = position;
    if (position - offset >= nameBytesMax) {
      throw new WireEncodeError('name-too-long', `the name ${name.slice(0, 80)}… has more than 255 bytes on the wire`);
    }
  }
  target[labelStart] = 0;
  return labels;
}

function closeLabel(name: string, target: Uint8Array, labelStart: number, position: number): void {
  const size = position - labelStart - 1;
  if (size === 0) throw badName(name, 'it has an empty label');
  if (size > labelBytesMax) {
    throw new WireEncodeError('label-too-long', `a label of ${name.slice(0, 80)} has ${size} bytes; 63 is the most`);
  }
  target[labelStart] = size;
}

const scratchStarts = new Uint8Array(256);
const scratch = Buffer.alloc(512);
const textScratch = Buffer.alloc(nameBytesMax * 4);

/** Wire bytes of a name, uncompressed, final zero byte included; a fresh buffer. */
export function nameToWire(name: string): Buffer {
  return Buffer.from(scratch.subarray(0, writeToScratch(name)));
}

/** Wire bytes of a name in canonical form: uncompressed and lower case (RFC 4034 §6.2). */
export function nameToCanonicalWire(name: string): Buffer {
  const end = writeToScratch(name);
  const wire = Buffer.allocUnsafe(end);
  // Length bytes are at most 63, so lower-casing every byte leaves them alone.
  for (let index = 0; index < end; index++) wire[index] = lowerCase[scratch[index]!]!;
  return wire;
}

function writeToScratch(name: string): number {
  const labels = writeNameLabels(name, scratch, 0, scratchStarts);
  if (labels === 0) return 1;
  const last = scratchStarts[labels - 1]!;
  return last + scratch[last]! + 2;
}

/** Text of an uncompressed name on the wire that is known to be well formed. */
export function nameFromWire(wire: Uint8Array, offset = 0): string {
  let position = offset;
  let end = 0;
  while (position < wire.length) {
    const size = wire[position]!;
    if (size === 0 || size > labelBytesMax) break;
    if (end > 0) textScratch[end++] = dot;
    for (let index = position + 1; index <= position + size; index++) {
      const byte = wire[index]!;
      if (plainByte[byte] === 1) textScratch[end++] = byte;
      else end = writeEscapedByte(textScratch, end, byte);
    }
    position += size + 1;
  }
  return end === 0 ? '.' : textScratch.toString('latin1', 0, end);
}
