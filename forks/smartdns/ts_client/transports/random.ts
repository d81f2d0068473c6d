/**
 * Random bytes from the system's source, fetched in blocks: one call for each query would cost more than the query.
 *
 * @module
 */
import { randomFillSync } from 'node:crypto';

const block = new Uint8Array(4_096);
let used = block.length;

/** A byte that nobody can foresee, and that is used only once. */
export function randomByte(): number {
  if (used === block.length) {
    randomFillSync(block);
    used = 0;
  }
  const byte = block[used] as number;
  used += 1;
  return byte;
}

/** A message id that nobody can foresee (RFC 5452 §9.2). */
export function randomId(): number {
  return randomByte() * 256 + randomByte();
}
