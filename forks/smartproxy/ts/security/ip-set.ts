/**
 * A set of addresses and networks that answers in a binary search over merged ranges.
 *
 * @module
 */
import { ipWords, parseIp } from './ip.ts';
import { compareWords, type IIpRange } from './ip-pattern.ts';

export class IpSet {
  /** Low bounds, ascending, four words each; ranges neither overlap nor touch out of order. */
  readonly #lows: Uint32Array;
  readonly #highs: Uint32Array;
  /** Number of ranges after merging. */
  readonly size: number;

  constructor(ranges: readonly IIpRange[]) {
    const sorted = ranges.toSorted((a, b) => compareWords(a.low, 0, b.low, 0));
    const lows = new Uint32Array(sorted.length * 4);
    const highs = new Uint32Array(sorted.length * 4);
    let size = 0;
    for (const range of sorted) {
      const last = (size - 1) * 4;
      if (size > 0 && compareWords(range.low, 0, highs, last) <= 0) {
        if (compareWords(range.high, 0, highs, last) > 0) highs.set(range.high, last);
        continue;
      }
      lows.set(range.low, size * 4);
      highs.set(range.high, size * 4);
      size += 1;
    }
    this.size = size;
    this.#lows = lows.slice(0, size * 4);
    this.#highs = highs.slice(0, size * 4);
  }

  /** Whether the set holds the address; text that is no address is never in a set. */
  has(ip: string): boolean {
    return this.size > 0 && parseIp(ip) !== 0 && this.hasWords(ipWords);
  }

  /** As {@link has}, for an address already parsed into four words. */
  hasWords(words: Uint32Array): boolean {
    let from = 0;
    let to = this.size - 1;
    while (from <= to) {
      const middle = (from + to) >> 1;
      const offset = middle * 4;
      if (compareWords(words, 0, this.#lows, offset) < 0) to = middle - 1;
      else if (compareWords(words, 0, this.#highs, offset) > 0) from = middle + 1;
      else return true;
    }
    return false;
  }
}
