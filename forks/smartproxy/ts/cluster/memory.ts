/**
 * What was reported last, to report only what changed since.
 *
 * @module
 */
import type { ILatencyHistogramData, LatencyHistogram } from '@dcrouter/metrics';
import type { TChanges } from './messages.ts';

/** Numbers in a fixed order. */
export class NumbersMemory {
  #last: number[] = [];
  changed = false;

  /** The differences to the last call. */
  changes(now: number[]): number[] {
    const last = this.#last;
    this.#last = now;
    this.changed = false;
    return now.map((value, at) => {
      const change = value - (last[at] ?? 0);
      if (change !== 0) this.changed = true;
      return change;
    });
  }

  /** Counts as reported here what another one has reported. */
  absorb(other: NumbersMemory): void {
    this.#last = other.#last.map((value, at) => value + (this.#last[at] ?? 0));
  }
}

/** Numbers by name; a name that is gone has fallen to 0. */
export class CountsMemory {
  #last = new Map<string, number>();

  changes(now: ReadonlyMap<string, number>): TChanges {
    const changes: Array<[string, number]> = [];
    for (const [name, value] of now) {
      const change = value - (this.#last.get(name) ?? 0);
      if (change !== 0) changes.push([name, change]);
    }
    for (const [name, value] of this.#last) if (value !== 0 && !now.has(name)) changes.push([name, -value]);
    // What did not change needs no copy.
    if (changes.length > 0) this.#last = new Map(now);
    return changes;
  }

  absorb(other: CountsMemory): void {
    for (const [name, value] of other.#last) this.#last.set(name, (this.#last.get(name) ?? 0) + value);
  }
}

const NOTHING: ILatencyHistogramData = { count: 0, sum: 0, max: 0, zeroCount: 0, base: 0, counts: [] };

/** A histogram, which only grows. */
export class LatencyMemory {
  #last: ILatencyHistogramData = NOTHING;

  /** What was observed since the last call; null when nothing was. The largest value is that of all times. */
  changes(histogram: LatencyHistogram): ILatencyHistogramData | null {
    const last = this.#last;
    if (histogram.count === last.count) return null;
    const now = histogram.toData();
    this.#last = now;
    const shift = now.base - last.base;
    return {
      count: now.count - last.count,
      sum: now.sum - last.sum,
      max: now.max,
      zeroCount: now.zeroCount - last.zeroCount,
      base: now.base,
      counts: now.counts.map((count, at) => count - (last.counts[at + shift] ?? 0)),
    };
  }

  absorb(other: LatencyMemory, whole: LatencyHistogram): void {
    // The sum of two: added by a histogram, as their buckets may lie apart.
    whole.mergeData(this.#last);
    whole.mergeData(other.#last);
    this.#last = whole.toData();
  }
}
