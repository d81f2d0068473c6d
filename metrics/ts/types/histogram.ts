import { MetricsError } from '../errors.ts';
import { limits } from '../limits/limits.ts';
import { ExemplarStore } from '../exemplars/exemplars.ts';
import type { TExemplarLabels } from '../exemplars/exemplars.ts';
import type { TLabels } from '../series/internedvalues.ts';
import type { ISeriesHandle } from '../series/seriestable.ts';
import { Metric } from './metric.ts';
import type { IMetricContext } from './metric.ts';
import type { IMetricOptions, TCollect } from './metricoptions.ts';

/** What a histogram is registered with. */
export interface IHistogramOptions<TNames extends readonly string[]> extends IMetricOptions<TNames> {
  /** Upper bounds, ascending, without `+Inf`. Default: 5 ms to 10 s, for durations in seconds. */
  buckets?: readonly number[];
  /** Called before each exposition. */
  collect?: TCollect<Histogram<TNames>>;
}

/** The bounds that Prometheus client libraries use when none are given, in seconds. */
export const defaultBuckets: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** `count` bounds from `start`, each `factor` times the one before. */
export function exponentialBuckets(start: number, factor: number, count: number): number[] {
  if (!(start > 0 && factor > 1)) {
    throw new MetricsError('METRICS_BAD_BUCKETS', 'exponential buckets need a start above 0 and a factor above 1');
  }
  return Array.from({ length: checkedCount(count) }, (_, index) => start * factor ** index);
}

/** `count` bounds from `start`, each `width` above the one before. */
export function linearBuckets(start: number, width: number, count: number): number[] {
  if (!(width > 0)) throw new MetricsError('METRICS_BAD_BUCKETS', 'linear buckets need a width above 0');
  return Array.from({ length: checkedCount(count) }, (_, index) => start + width * index);
}

/**
 * One series of a histogram. Its numbers: one count per bucket (not cumulative), the count above the last bound,
 * then the sum.
 */
export class HistogramChild implements ISeriesHandle {
  values: Float64Array;
  at: number;
  series: number;
  readonly #bounds: Float64Array;
  readonly #exemplars: ExemplarStore;

  constructor(values: Float64Array, at: number, series: number, bounds: Float64Array, exemplars: ExemplarStore) {
    this.values = values;
    this.at = at;
    this.series = series;
    this.#bounds = bounds;
    this.#exemplars = exemplars;
  }

  /** Counts one value. Throws METRICS_BAD_VALUE when it is NaN or not a number. */
  observe(value: number, exemplar?: TExemplarLabels): void {
    if (typeof value !== 'number' || value !== value) refuse(value);
    const bounds = this.#bounds;
    const bucket = bucketFor(bounds, value);
    this.values[this.at + bucket]! += 1;
    this.values[this.at + bounds.length + 1]! += value;
    if (exemplar !== undefined) this.#exemplars.keep(this.series, bucket, exemplar, value);
  }

  /** Values observed. */
  get count(): number {
    const end = this.at + this.#bounds.length + 1;
    let count = 0;
    for (let index = this.at; index < end; index += 1) count += this.values[index]!;
    return count;
  }

  /** Sum of the values observed. */
  get sum(): number {
    return this.values[this.at + this.#bounds.length + 1]!;
  }

  /**
   * Replaces what was observed by a distribution that was counted elsewhere, for use in `collect`.
   *
   * @param cumulative - counts at or below each bound, in the order of this histogram's bounds, then the total count
   * @param sum - the sum of all values
   */
  load(cumulative: ReadonlyArray<{ readonly le: number; readonly count: number }>, sum: number): void {
    const bounds = this.#bounds;
    if (cumulative.length !== bounds.length + 1) {
      throw new MetricsError(
        'METRICS_BAD_BUCKETS',
        `${cumulative.length} counts given; give ${bounds.length + 1}, the last for +Inf`,
      );
    }
    let below = 0;
    for (let index = 0; index <= bounds.length; index += 1) {
      const { le, count } = cumulative[index]!;
      if (le !== (bounds[index] ?? Infinity)) {
        throw new MetricsError(
          'METRICS_BAD_BUCKETS',
          `count ${index} is for the bound ${le}; this histogram has ${bounds[index] ?? '+Inf'}`,
        );
      }
      this.values[this.at + index] = count - below;
      below = count;
    }
    this.values[this.at + bounds.length + 1] = sum;
  }
}

/** A distribution in fixed buckets: durations, sizes. Aggregates over processes and label sets, unlike a summary. */
export class Histogram<TNames extends readonly string[] = readonly []> extends Metric<TNames, HistogramChild> {
  readonly type = 'histogram';
  /** Upper bounds, ascending, without `+Inf`. */
  readonly bounds: Float64Array;
  /** @internal */
  readonly exemplars: ExemplarStore;

  constructor(options: IHistogramOptions<TNames>, context: IMetricContext) {
    const bounds = checkedBuckets(options.name, options.buckets ?? defaultBuckets);
    super(options, 'histogram', bounds.length + 2, context);
    this.bounds = bounds;
    this.exemplars = new ExemplarStore(bounds.length + 1);
    this.table.onRemove = (series) => this.exemplars.forget(series);
  }

  /** Counts one value in a histogram without labels. Throws METRICS_BAD_VALUE when it is not a number. */
  observe(this: Histogram, value: number, exemplar?: TExemplarLabels): void;
  /** Counts one value in the series of `labels`. In a hot path keep `labels(…)` instead. */
  observe(labels: TLabels<TNames[number]>, value: number, exemplar?: TExemplarLabels): void;
  observe(first: TLabels | number, second?: number | TExemplarLabels, third?: TExemplarLabels): void {
    if (typeof first === 'object') this.#count(this.table.at(first), second as number, third);
    else this.#count(this.only(), first, second as TExemplarLabels | undefined);
  }

  override reset(): void {
    super.reset();
    this.exemplars.clear();
  }

  protected makeChild(values: Float64Array, at: number, series: number): HistogramChild {
    return new HistogramChild(values, at, series, this.bounds, this.exemplars);
  }

  #count(series: number, value: number, exemplar: TExemplarLabels | undefined): void {
    if (typeof value !== 'number' || value !== value) refuse(value);
    const { table, bounds } = this;
    const { values } = table.chunks[series >> table.shift]!;
    const at = (series & table.mask) * table.width;
    const bucket = bucketFor(bounds, value);
    values[at + bucket]! += 1;
    values[at + bounds.length + 1]! += value;
    if (exemplar !== undefined) this.exemplars.keep(series, bucket, exemplar, value);
  }
}

/** Number of the first bucket whose bound is at least `value`; the number of bounds when none is. */
function bucketFor(bounds: Float64Array, value: number): number {
  let low = 0;
  let high = bounds.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (value <= bounds[middle]!) high = middle;
    else low = middle + 1;
  }
  return low;
}

function checkedCount(count: number): number {
  if (Number.isInteger(count) && count >= 1 && count <= limits.bucketsMax) return count;
  throw new MetricsError('METRICS_BAD_BUCKETS', `${count} buckets asked for; give 1 to ${limits.bucketsMax}`);
}

function checkedBuckets(name: string, buckets: readonly number[]): Float64Array {
  const bounds = buckets.at(-1) === Infinity ? buckets.slice(0, -1) : buckets;
  checkedCount(bounds.length);
  bounds.forEach((bound, index) => {
    if (!Number.isFinite(bound) || (index > 0 && bound <= bounds[index - 1]!)) {
      throw new MetricsError('METRICS_BAD_BUCKETS', `${name}: bucket bounds must be finite numbers in ascending order`);
    }
  });
  return Float64Array.from(bounds);
}

function refuse(value: number): never {
  throw new MetricsError('METRICS_BAD_VALUE', `a histogram cannot take ${value}; give a number`);
}
