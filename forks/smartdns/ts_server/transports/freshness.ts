/**
 * How long an answer may be kept by HTTP caches.
 *
 * @module
 */

const headerBytes = 12;
const pointerBits = 0xc0;
/** Type and class of a question; and with TTL and length, of a record. */
const questionTailBytes = 4;
const recordTailBytes = 10;
const typeSoa = 6;
/** The last of the SOA's five numbers: the negative TTL. */
const soaMinimumBytes = 4;

/**
 * Seconds an answer of our own making is fresh: the smallest TTL of the answer section or, without records there, the
 * negative TTL of the SOA (RFC 8484 §5.1, RFC 2308 §5); 0 when neither is there.
 */
export function freshSeconds(packet: Buffer): number {
  let at = headerBytes;
  for (let count = packet.readUInt16BE(4); count > 0; count--) {
    at = skipName(packet, at) + questionTailBytes;
  }
  const answers = packet.readUInt16BE(6);
  let smallest = Infinity;
  for (let count = answers; count > 0; count--) {
    at = skipName(packet, at);
    smallest = Math.min(smallest, packet.readUInt32BE(at + 4));
    at += recordTailBytes + packet.readUInt16BE(at + 8);
  }
  if (answers > 0) {
    return smallest;
  }
  for (let count = packet.readUInt16BE(8); count > 0; count--) {
    at = skipName(packet, at);
    const end = at + recordTailBytes + packet.readUInt16BE(at + 8);
    if (packet.readUInt16BE(at) === typeSoa) {
      return Math.min(packet.readUInt32BE(at + 4), packet.readUInt32BE(end - soaMinimumBytes));
    }
    at = end;
  }
  return 0;
}

function skipName(packet: Buffer, start: number): number {
  let at = start;
  for (;;) {
    const length = packet[at]!;
    if (length === 0) {
      return at + 1;
    }
    if ((length & pointerBits) === pointerBits) {
      return at + 2;
    }
    at += length + 1;
  }
}
