/**
 * Letter case as a nonce: every letter of an asked name adds a bit that a forger must guess, and the reply must
 * repeat (draft-vixie-dnsext-dns0x20; RFC 5452 §9.3 on entropy).
 *
 * @module
 */
import { randomByte } from './random.ts';

const headerBytes = 12;

/** Flips the case of the letters in the question name of a query, at random and in place. */
export function randomizeCase(packet: Buffer): void {
  let labelEnd = headerBytes;
  let bits = 0;
  let bitsLeft = 0;
  for (let at = headerBytes; at < packet.length; at += 1) {
    const value = packet[at] as number;
    if (at === labelEnd) {
      if (value === 0) return;
      labelEnd = at + 1 + value;
      continue;
    }
    const letter = value | 0x20;
    if (letter < 0x61 || letter > 0x7a) continue;
    if (bitsLeft === 0) {
      bits = randomByte();
      bitsLeft = 8;
    }
    packet[at] = (bits & 1) === 1 ? letter & ~0x20 : letter;
    bits >>= 1;
    bitsLeft -= 1;
  }
}

/** Where the question section of a query ends: after the name, the type and the class. */
export function questionEnd(query: Buffer): number {
  let at = headerBytes;
  while (at < query.length && query[at] !== 0) at += 1 + (query[at] as number);
  return at + 5;
}
