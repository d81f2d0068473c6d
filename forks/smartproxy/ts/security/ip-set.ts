/**
 * A set of addresses and networks that answers in a binary search over merged ranges.
 *
 * @module
 */
import { ipWords, parseIp } from './ip.ts';
import { compareWords, type IIpRange } from './ip-pattern.ts';

/** Third word of IPv4-mapped addresses. */
const V4_MAPPED = 0xffff;

export class IpSet {
  /** Low bounds, ascending, four words each; ranges neither overlap nor touch out of order. */
  readonly #lows: Uint32Array;
  readonly #highs: Uint32Array;
  /** Number of ranges after merging. */
  readonly size: number;
  /** The usual set, one IPv4 network: its bounds in the last word, asked for without a search. */
  readonly #isOneV4: boolean;
  readonly #v4Low: number;
  readonly #v4High: number;

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
    this.#isOneV4 = size === 1 && isV4(lows) && isV4(highs);
    this.#v4Low = lows[3] ?? 0;
    this.#v4High = highs[3] ?? 0;
  }

  /** Whether the set holds the address; text that is no address is never in a set. */
  has(ip: string): boolean {
    return this.size > 0 && parseIp(ip) !== 0 && this.hasWords(ipWords);
  }

  /** As {@link has}, for an address already parsed into four words. */
  hasWords(words: Uint32Array): boolean {
    if (this.#isOneV4) {
      const word = words[3]!;
      return word >= this.#v4Low && word <= this.#v4High && isV4(words);
    }
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

/** Whether the first address lies where IPv4 is mapped to (RFC 4291 §2.5.5.2). */
function isV4(words: Uint32Array): boolean {
  return words[0] === 0 && words[1] === 0 && words[2] === V4_MAPPED;
}
