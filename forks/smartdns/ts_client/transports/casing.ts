/**
 * Letter case as a nonce: every letter of an asked name adds a bit that a forger must guess, and the reply must
 * repeat (draft-vixie-dnsext-dns0x20; RFC 5452 §9.3 on entropy).
 *
 * @module
 */
import { randomFillSync } from 'node:crypto';

const headerBytes = 12;
/** A name has at most 255 octets (RFC 1035 §3.1), so this many random bits always do. */
const bits = new Uint8Array(32);

/** Flips the case of the letters in the question name of a query, at random and in place. */
export function randomizeCase(packet: Buffer): void {
  randomFillSync(bits);
  let at = headerBytes;
  let labelEnd = at;
  for (let bit = 0; at < packet.length; at += 1, bit += 1) {
    const value = packet[at] as number;
    if (at === labelEnd) {
      if (value === 0) return;
      labelEnd = at + 1 + value;
      continue;
    }
    const letter = value | 0x20;
    if (letter < 0x61 || letter > 0x7a) continue;
    const flip = ((bits[(bit >> 3) & 31] as number) >> (bit & 7)) & 1;
    packet[at] = flip === 1 ? letter & ~0x20 : letter;
  }
}

/** Where the question section of a query ends: after the name, the type and the class. */
export function questionEnd(query: Buffer): number {
  let at = headerBytes;
  while (at < query.length && query[at] !== 0) at += 1 + (query[at] as number);
  return at + 5;
}
