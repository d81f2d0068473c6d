/**
 * How points become one point of a longer step, and what a quantile of a step is.
 *
 * @module
 */
import type { TSeriesKind } from '../types.ts';

/** Points of one series put together; NaN stands for an unknown one, and comes out where there is no other. */
export class Combined {
  readonly #kind: TSeriesKind;
  #value = Number.NaN;
  #count = 0;

  constructor(kind: TSeriesKind) {
    this.#kind = kind;
  }

  add(value: number): void {
    if (Number.isNaN(value)) return;
    this.#count += 1;
    if (this.#count === 1) this.#value = value;
    else if (this.#kind === 'max') this.#value = Math.max(this.#value, value);
    else this.#value += value;
  }

  /** The point; begins anew. */
  take(): number {
    const value = this.#kind === 'mean' ? this.#value / this.#count : this.#value;
    this.#value = Number.NaN;
    this.#count = 0;
    return value;
  }
}

/**
 * A quantile of what was counted between two readings of a distribution, linear within its bucket, as Prometheus has it.
 * NaN when nothing was counted.
 *
 * @param bounds upper bounds, ascending, without Infinity
 * @param before cumulative counts by bound, the total last; empty for none
 */
export function quantileBetween(
  share: number,
  bounds: readonly number[],
  before: readonly number[],
  now: readonly number[],
): number {
  const countUpTo = (at: number): number => now[at]! - (before[at] ?? 0);
  const total = countUpTo(bounds.length);
  if (!(total > 0)) return Number.NaN;
  const rank = share * total;
  let below = 0;
  let low = 0;
  for (const [at, high] of bounds.entries()) {
    const upTo = countUpTo(at);
    if (upTo >= rank) return low + ((high - low) * (rank - below)) / (upTo - below);
    below = upTo;
    low = high;
  }
  // Above the last bound nothing is known but that.
  return low;
}
