/**
 * Rates per key in a table of fixed size: credits that refill with time and are spent one per event.
 *
 * @module
 */

const ways = 4;
const msPerSecond = 1_000;

export class CreditTable {
  readonly #setMask: number;
  readonly #keys: Int32Array;
  readonly #credits: Float64Array;
  readonly #spentMs: Float64Array;

  /** @param entries keys remembered at once; a power of two */
  constructor(entries: number) {
    this.#setMask = entries / ways - 1;
    this.#keys = new Int32Array(entries);
    this.#credits = new Float64Array(entries);
    this.#spentMs = new Float64Array(entries).fill(-Infinity);
  }

  /**
   * Spends one credit of `key`.
   *
   * @param perSecond credits that come back each second
   * @param most credits that can be saved up
   * @param debt how far below zero a key can get: how long it stays limited after the flood ends
   * @returns credits left; below zero means over the rate
   */
  spend(key: number, perSecond: number, most: number, debt: number, nowMs: number): number {
    const base = (key & this.#setMask) * ways;
    let slot = base;
    let oldest = Infinity;
    for (let way = base; way < base + ways; way++) {
      const spentMs = this.#spentMs[way]!;
      if (this.#keys[way] === key && spentMs !== -Infinity) {
        const refilled = this.#credits[way]! + ((nowMs - spentMs) * perSecond) / msPerSecond;
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
