/**
 * Rates per key in a table of fixed size: credits that refill with time and are spent one per event.
 *
 * @module
 */

import type { ICreditShare } from './sharedlimits.ts';

const ways = 4;
const msPerSecond = 1_000;

/** Octets of a table: a time, the credits and the key of each entry. */
export function creditBytes(entries: number): number {
  return entries * (2 * Float64Array.BYTES_PER_ELEMENT + Int32Array.BYTES_PER_ELEMENT);
}

export class CreditTable {
  readonly #setMask: number;
  readonly #keys: Int32Array;
  readonly #credits: Float64Array;
  readonly #spentMs: Float64Array;

  /** Added to times of this thread's clock; 0 when nobody else reads the table. */
  readonly #shiftMs: number;

  /**
   * @param entries keys remembered at once; a power of two
   * @param share memory that other workers spend from too; by default memory of its own
   */
  constructor(entries: number, share?: ICreditShare) {
    this.#setMask = entries / ways - 1;
    const buffer = share?.buffer ?? new ArrayBuffer(creditBytes(entries));
    const timesBytes = entries * Float64Array.BYTES_PER_ELEMENT;
    // Zero is a free entry: a clock that starts with its thread never reads zero at a query.
    this.#spentMs = new Float64Array(buffer, 0, entries);
    this.#credits = new Float64Array(buffer, timesBytes, entries);
    this.#keys = new Int32Array(buffer, 2 * timesBytes, entries);
    this.#shiftMs = share === undefined ? 0 : performance.timeOrigin - share.originMs;
  }

  /**
   * Spends one credit of `key`.
   *
   * @param perSecond credits that come back each second
   * @param most credits that can be saved up
   * @param debt how far below zero a key can get: how long it stays limited after the flood ends
   * @returns credits left; below zero means over the rate
   */
  spend(key: number, perSecond: number, most: number, debt: number, threadMs: number): number {
    const nowMs = threadMs + this.#shiftMs;
    const base = (key & this.#setMask) * ways;
    let slot = base;
    let oldest = Infinity;
    for (let way = base; way < base + ways; way++) {
      const spentMs = this.#spentMs[way]!;
      if (this.#keys[way] === key && spentMs !== 0) {
        const refilled = this.#credits[way]! + (Math.max(0, nowMs - spentMs) * perSecond) / msPerSecond;
        const left = Math.max(Math.min(refilled, most) - 1, -debt);
        this.#credits[way] = left;
        this.#spentMs[way] = nowMs;
        return left;
      }
      if (spentMs < oldest) {
        oldest = spentMs;
        slot = way;
      }
    }
    // The key seen longest ago makes room: it has refilled most.
    this.#keys[slot] = key;
    this.#credits[slot] = most - 1;
    this.#spentMs[slot] = nowMs;
    return most - 1;
  }
}
