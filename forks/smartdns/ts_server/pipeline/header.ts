/**
 * The twelve octets in front of every message (RFC 1035 §4.1.1): what can be decided from them alone.
 *
 * @module
 */

export const headerBytes = 12;
/** Octets up to which a loop copies faster than `set`. */
const copiedHereMax = 128;

/** Bits of the third octet. */
export const qrBit = 0x80;
export const opcodeBits = 0x78;
export const aaBit = 0x04;
export const tcBit = 0x02;
export const rdBit = 0x01;
/** Bits of the fourth octet. */
export const raBit = 0x80;
export const adBit = 0x20;
export const cdBit = 0x10;

/** Writes an answer that is a header alone: for messages whose question cannot be repeated. */
export function writeHeaderOnly(packet: Uint8Array, rcode: number, out: Uint8Array, outStart: number): number {
  out[outStart] = packet[0]!;
  out[outStart + 1] = packet[1]!;
  out[outStart + 2] = qrBit | (packet[2]! & (opcodeBits | rdBit));
  out[outStart + 3] = (packet[3]! & cdBit) | (rcode & 0x0f);
  out.fill(0, outStart + 4, outStart + headerBytes);
  return headerBytes;
}

/**
 * Copies an answer made with another id, other RD and CD bits and another letter case of the question, and makes it
 * the answer to this query (RFC 1035 §4.1.1: RD is copied; RFC 4035 §3.2.2: CD too).
 */
export function writeFromImage(
  image: Uint8Array,
  packet: Uint8Array,
  nameStart: number,
  nameEnd: number,
  out: Uint8Array,
  outStart: number,
): number {
  // What the query brings itself first; for the rest of a small answer a call costs more than the octets.
  const length = image.length;
  if (length > copiedHereMax) {
    out.set(image, outStart);
  } else {
    for (let at = 4; at < nameStart; at++) {
      out[outStart + at] = image[at]!;
    }
    for (let at = nameEnd; at < length; at++) {
      out[outStart + at] = image[at]!;
    }
  }
  out[outStart] = packet[0]!;
  out[outStart + 1] = packet[1]!;
  out[outStart + 2] = image[2]! | (packet[2]! & rdBit);
  out[outStart + 3] = image[3]! | (packet[3]! & cdBit);
  for (let at = nameStart, to = outStart + headerBytes; at < nameEnd; at++, to++) {
    out[to] = packet[at]!;
  }
  return length;
}
