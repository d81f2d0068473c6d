/**
 * Bounded reading of wire data.
 *
 * @module
 */
import { wireFaults } from '../errors.ts';
import { headerBytes, messageLabelsMax, nameBytesMax } from '../limits.ts';
import { plainByte, writeEscapedByte } from '../names/bytes.ts';

const textScratch = Buffer.alloc(nameBytesMax * 4);

/**
 * A position in a message. Every read is checked against `limit`; a read past it throws the prepared `truncated` fault.
 */
export class WireReader {
  packet: Uint8Array;
  /** Offset of the message's first byte in `packet`: what compression pointers count from. */
  start: number;
  position: number;
  /** First offset that may not be read: the end of the message, or of the record data being read. */
  limit: number;
  /** End of the whole message, for labels reached through pointers. */
  end: number;
  /** Lowest offset, from `start`, that a pointer may name: names begin after the header. */
  pointerFloor: number;
  /** The first question's name: most owners are a pointer to it, so its text is made once. */
  questionName = '';
  /** Labels that may still be read: pointers let 64 KiB stand for a million of them. */
  labelsLeft = messageLabelsMax;

  constructor(packet: Uint8Array, start: number, end: number) {
    this.packet = packet;
    this.start = start;
    this.position = start;
    this.limit = end;
    this.end = end;
    this.pointerFloor = headerBytes;
  }

  u8(): number {
    const at = this.position;
    if (at + 1 > this.limit) throw wireFaults.truncated;
    this.position = at + 1;
    return this.packet[at]!;
  }

  u16(): number {
    const at = this.position;
    if (at + 2 > this.limit) throw wireFaults.truncated;
    this.position = at + 2;
    return (this.packet[at]! << 8) | this.packet[at + 1]!;
  }

  u32(): number {
    const at = this.position;
    if (at + 4 > this.limit) throw wireFaults.truncated;
    this.position = at + 4;
    const packet = this.packet;
    return packet[at]! * 0x1000000 + ((packet[at + 1]! << 16) | (packet[at + 2]! << 8) | packet[at + 3]!);
  }

  u48(): number {
    const high = this.u16();
    return high * 0x100000000 + this.u32();
  }

  /** The next bytes, copied: receive buffers are used again. */
  bytes(length: number): Buffer {
    const at = this.position;
    if (length < 0 || at + length > this.limit) throw wireFaults.truncated;
    this.position = at + length;
    // Memory of its own: caches keep record data, and a kept piece of Node's pool keeps all 64 KiB of it.
    const bytes = Buffer.allocUnsafeSlow(length);
    bytes.set(this.packet.subarray(at, at + length));
    return bytes;
  }

  /** Everything up to the limit, copied. */
  rest(): Buffer {
    return this.bytes(this.limit - this.position);
  }

  /**
   * A name as text. Pointers must point strictly backwards from the part of the name they stand in (RFC 1035 §4.1.4
   * says "prior occurrence"; RFC 9267 §2 tells what happens to those who do not check), so reading always ends.
   */
  name(): string {
    const packet = this.packet;
    let position = this.position;
    if (
      this.questionName !== '' &&
      position + 2 <= this.limit &&
      packet[position] === 0xc0 &&
      packet[position + 1] === headerBytes
    ) {
      this.position = position + 2;
      return this.questionName;
    }
    let limit = this.limit;
    let floor = position;
    let wireBytes = 1;
    let text = 0;
    let after = -1;
    let labels = this.labelsLeft;
    for (;;) {
      if (position >= limit) throw wireFaults.truncated;
      const size = packet[position]!;
      if (size === 0) break;
      if (size >= 0xc0) {
        if (position + 2 > limit) throw wireFaults.truncated;
        if (after < 0) after = position + 2;
        const target = (((size & 0x3f) << 8) | packet[position + 1]!) + this.start;
        if (target >= floor || target < this.start + this.pointerFloor) throw wireFaults.pointer;
        position = target;
        floor = target;
        limit = this.end;
        continue;
      }
      if (size > 63) throw wireFaults.labelType;
      const labelLimit = position + 1 + size;
      if (labelLimit > limit) throw wireFaults.truncated;
      wireBytes += size + 1;
      if (wireBytes > nameBytesMax) throw wireFaults.nameTooLong;
      if (--labels < 0) throw wireFaults.tooMany;
      if (text > 0) textScratch[text++] = 46;
      for (position++; position < labelLimit; position++) {
        const byte = packet[position]!;
        if (plainByte[byte] === 1) textScratch[text++] = byte;
        else text = writeEscapedByte(textScratch, text, byte);
      }
    }
    this.labelsLeft = labels;
    this.position = after < 0 ? position + 1 : after;
    return text === 0 ? '.' : textScratch.toString('latin1', 0, text);
  }
}
