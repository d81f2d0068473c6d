import { BUCKETS_PER_OCTAVE, bucketMiddle, bucketOf, bucketOfPower } from './floatbits.ts';
import { toNativeHistogram } from './nativehistogram.ts';
import type { INativeHistogram } from './nativehistogram.ts';

/** One cumulative Prometheus bucket: how many values were at most `le`. */
export interface ICumulativeBucket {
  le: number;
  count: number;
}

/** Buckets of a {@link LatencyHistogram} in a form that survives JSON and a process boundary. */
export interface ILatencyHistogramData {
  count: number;
  sum: number;
  max: number;
  zeroCount: number;
  /** Bucket number of `counts[0]`. */
  base: number;
  counts: number[];
}

/** Values below 2^-30 (0.93 ns in seconds) count as zero. */
const LOWEST_BUCKET = bucketOfPower(-30);
/** Values of 2^34 (544 years in seconds) and above share the last bucket. */
const HIGHEST_BUCKET = bucketOfPower(34) - 1;
const NO_COUNTS = new Float64Array(0);

/**
 * A log-linear histogram: 16 buckets per power of two over 2^-30…2^34, so any quantile is within 3.2 % of a value that
 * was really observed there. Memory is bounded (8 KB at the widest) and grows only over the powers of two that occur;
 * `observe` is a few integer operations. Made for seconds, serves any positive quantity in that range.
 */
export class LatencyHistogram {
  /** Values observed. */
  count = 0;
  /** Sum of the values observed. */
  sum = 0;
  /** Largest value observed, 0 when there is none. */
  max = 0;
  /** Values refused because they were NaN. */
  invalid = 0;
  #zeroCount = 0;
  #base = LOWEST_BUCKET;
  #counts: Float64Array = NO_COUNTS;

  /** Counts one value, in seconds. Negative values (a clock that stepped back) count as zero, NaN as `invalid`. */
  observe(seconds: number): void {
    if (!(seconds > 0)) {
      this.#observeZero(seconds);
      return;
    }
    this.count += 1;
    this.sum += seconds;
    if (seconds > this.max) this.max = seconds;
    const at = bucketOf(seconds) - this.#base;
    if (at >= 0 && at < this.#counts.length) this.#counts[at]! += 1;
    else this.#observeOutside(seconds);
  }

  /** The value below which a share `q` (0…1) of the observed values lies, in seconds; 0 when there are none. */
  quantile(q: number): number {
    if (this.count === 0) return 0;
    const rank = Math.min(this.count, Math.max(1, Math.ceil(q * this.count)));
    if (rank === this.count) return this.max;
    let seen = this.#zeroCount;
    if (rank <= seen) return 0;
    let at = -1;
    while (seen < rank) {
      at += 1;
      seen += this.#counts[at]!;
    }
    return Math.min(this.max, bucketMiddle(this.#base + at));
  }

  /** Adds everything that `other` observed. */
  merge(other: LatencyHistogram): void {
    this.mergeData(other.toData());
  }

  /** Adds the content of a histogram that crossed a process boundary. */
  mergeData(data: ILatencyHistogramData): void {
    this.count += data.count;
    this.sum += data.sum;
    this.max = Math.max(this.max, data.max);
    this.#zeroCount += data.zeroCount;
    for (let at = 0; at < data.counts.length; at += 1) {
      const count = data.counts[at]!;
      if (count > 0) this.#addTo(data.base + at, count);
    }
  }

  /** A plain copy of the content, for JSON and {@link mergeData}. */
  toData(): ILatencyHistogramData {
    const { count, sum, max } = this;
    return { count, sum, max, zeroCount: this.#zeroCount, base: this.#base, counts: Array.from(this.#counts) };
  }

  /**
   * Prometheus buckets: for each bound (ascending) the number of values at most that bound, then `+Inf`. A bucket that
   * a bound cuts is counted by its middle, so a bound is as exact as a quantile.
   */
  cumulative(bounds: readonly number[]): ICumulativeBucket[] {
    const buckets: ICumulativeBucket[] = [];
    let at = 0;
    let seen = this.#zeroCount;
    for (const le of bounds) {
      while (at < this.#counts.length && Math.min(this.max, bucketMiddle(this.#base + at)) <= le) {
        seen += this.#counts[at]!;
        at += 1;
      }
      buckets.push({ le, count: le < 0 ? 0 : seen });
    }
    buckets.push({ le: Infinity, count: this.count });
    return buckets;
  }

  /**
   * The content as a Prometheus native (exponential) histogram.
   * @param schema resolution: 2^schema buckets per power of two, from -4 to 3 (default 3)
   */
  toNative(schema?: number): INativeHistogram {
    return toNativeHistogram(this.toData(), schema);
  }

  /** Forgets everything, keeps the memory. */
  reset(): void {
    this.count = 0;
    this.sum = 0;
    this.max = 0;
    this.invalid = 0;
    this.#zeroCount = 0;
    this.#counts.fill(0);
  }

  #observeZero(seconds: number): void {
    if (Number.isNaN(seconds)) {
      this.invalid += 1;
      return;
    }
    this.count += 1;
    this.#zeroCount += 1;
  }

  #observeOutside(seconds: number): void {
    const bucket = bucketOf(seconds);
    if (bucket < LOWEST_BUCKET) this.#zeroCount += 1;
    else this.#addTo(Math.min(bucket, HIGHEST_BUCKET), 1);
  }

  #addTo(bucket: number, count: number): void {
    // Reach first: it may replace the array.
    const at = this.#reach(bucket);
    this.#counts[at]! += count;
  }

  /** Index of a bucket, after widening the counted range by whole powers of two where it does not reach. */
  #reach(bucket: number): number {
    const octaveStart = bucket - (bucket % BUCKETS_PER_OCTAVE);
    const oldStart = this.#counts.length === 0 ? octaveStart : this.#base;
    const oldEnd = oldStart + this.#counts.length;
    const start = Math.min(oldStart, octaveStart);
    const end = Math.max(oldEnd, octaveStart + BUCKETS_PER_OCTAVE);
    if (end - start !== this.#counts.length) {
      const counts = new Float64Array(end - start);
      counts.set(this.#counts, oldStart - start);
      this.#counts = counts;
    }
    this.#base = start;
    return bucket - start;
  }
}
