import { MetricsError } from '../errors.ts';
import { limits } from '../limits/limits.ts';
import { monotonicMs } from '../native/clock.ts';
import type { TClockMs } from '../native/clock.ts';
import { quantilesOfData, SlidingQuantiles } from '../native/slidingquantiles.ts';
import type { ILatencyHistogramData } from '../native/latencyhistogram.ts';
import type { TLabels } from '../series/internedvalues.ts';
import type { ISeriesHandle } from '../series/seriestable.ts';
import { Metric } from './metric.ts';
import type { IMetricContext } from './metric.ts';
import type { IMetricOptions, TCollect } from './metricoptions.ts';

/** What a summary is registered with. */
export interface ISummaryOptions<TNames extends readonly string[]> extends IMetricOptions<TNames> {
  /** Shares, 0…1. Default: 0.5, 0.9, 0.99. */
  quantiles?: readonly number[];
  /** Seconds over which quantiles look back. Default 600. */
  windowSeconds?: number;
  /** Parts in which the window moves. Default 5, at most 60. */
  windowParts?: number;
  /** Monotonic clock in milliseconds. Default `performance.now`. */
  nowMs?: TClockMs;
  /** Called before each exposition. */
  collect?: TCollect<Summary<TNames>>;
}

const DEFAULT_QUANTILES: readonly number[] = [0.5, 0.9, 0.99];
const MS_PER_SECOND = 1_000;

/** One series of a summary. Its numbers: count and sum since the start; the quantiles slide. */
export class SummaryChild implements ISeriesHandle {
  values: Float64Array;
  at: number;
  series: number;
  readonly #window: SlidingQuantiles;
  readonly #nowMs: TClockMs;

  constructor(values: Float64Array, at: number, series: number, window: SlidingQuantiles, nowMs: TClockMs) {
    this.values = values;
    this.at = at;
    this.series = series;
    this.#window = window;
    this.#nowMs = nowMs;
  }

  /** Counts one value. Throws METRICS_BAD_VALUE when it is negative or not finite. */
  observe(value: number): void {
    if (!(value >= 0 && value < Infinity)) refuse(value);
    this.values[this.at]! += 1;
    this.values[this.at + 1]! += value;
    this.#window.observe(value, this.#nowMs());
  }

  /** Values observed since the start. */
  get count(): number {
    return this.values[this.at]!;
  }

  /** Sum of the values observed since the start. */
  get sum(): number {
    return this.values[this.at + 1]!;
  }
}

/**
 * Quantiles over a sliding window. Snapshots of several processes merge; PromQL cannot add quantiles up, so prefer a
 * histogram where it shall. Values must not be negative: OpenMetrics 1.0 §5.3 knows no summary below zero.
 */
export class Summary<TNames extends readonly string[] = readonly []> extends Metric<TNames, SummaryChild> {
  readonly type = 'summary';
  /** Shares, ascending. */
  readonly quantiles: readonly number[];
  readonly #windowMs: number;
  readonly #parts: number;
  readonly #nowMs: TClockMs;
  readonly #windows: SlidingQuantiles[] = [];

  constructor(options: ISummaryOptions<TNames>, context: IMetricContext) {
    super(options, 'summary', 2, context);
    this.quantiles = checkedQuantiles(options.name, options.quantiles ?? DEFAULT_QUANTILES);
    this.#windowMs = (options.windowSeconds ?? limits.summaryWindowSeconds) * MS_PER_SECOND;
    this.#parts = options.windowParts ?? limits.summaryWindowParts;
    this.#nowMs = options.nowMs ?? monotonicMs;
    const partsFit = Number.isInteger(this.#parts) && this.#parts >= 1 && this.#parts <= limits.summaryWindowPartsMax;
    if (!(this.#windowMs > 0) || !partsFit) {
      throw new MetricsError(
        'METRICS_BAD_OPTION',
        `${options.name}: give windowSeconds above 0 and 1 to ${limits.summaryWindowPartsMax} windowParts`,
      );
    }
    this.table.onRemove = (series) => {
      this.#windows[series] = this.#makeWindow();
    };
  }

  /** Counts one value in a summary without labels. Throws METRICS_BAD_VALUE when it is negative or not finite. */
  observe(this: Summary, value: number): void;
  /** Counts one value in the series of `labels`. */
  observe(labels: TLabels<TNames[number]>, value: number): void;
  observe(labelsOrValue: TLabels | number, given?: number): void {
    const labelled = typeof labelsOrValue === 'object';
    const value = labelled ? given! : labelsOrValue;
    if (!(value >= 0 && value < Infinity)) refuse(value);
    const { table } = this;
    const series = labelled ? table.at(labelsOrValue) : this.only();
    const { values } = table.chunks[series >> table.shift]!;
    const at = (series & table.mask) * table.width;
    values[at]! += 1;
    values[at + 1]! += value;
    this.windowOf(series).observe(value, this.#nowMs());
  }

  override reset(): void {
    super.reset();
    for (const window of this.#windows) window.reset();
  }

  /** @internal Values of {@link quantiles} for one series. */
  quantilesOf(series: number): number[] {
    return this.quantilesIn(this.windowData(series));
  }

  /** @internal What the sliding window of one series holds. */
  windowData(series: number): ILatencyHistogramData {
    return this.windowOf(series).toData(this.#nowMs());
  }

  /** @internal Values of {@link quantiles} in what a window held. */
  quantilesIn(window: ILatencyHistogramData): number[] {
    return quantilesOfData(window, this.quantiles);
  }

  protected makeChild(values: Float64Array, at: number, series: number): SummaryChild {
    return new SummaryChild(values, at, series, this.windowOf(series), this.#nowMs);
  }

  /** @internal The sliding window of one series. */
  windowOf(series: number): SlidingQuantiles {
    while (this.#windows.length <= series) this.#windows.push(this.#makeWindow());
    return this.#windows[series]!;
  }

  #makeWindow(): SlidingQuantiles {
    return new SlidingQuantiles(this.#windowMs, this.#parts, this.#nowMs());
  }
}

function checkedQuantiles(name: string, quantiles: readonly number[]): readonly number[] {
  const inRange = quantiles.every((share, index) => share >= 0 && share <= 1 && !(share <= quantiles[index - 1]!));
  if (!inRange || quantiles.length > limits.quantilesMax) {
    throw new MetricsError(
      'METRICS_BAD_QUANTILES',
      `${name}: quantiles must be at most ${limits.quantilesMax} numbers from 0 to 1 in ascending order`,
    );
  }
  return Object.freeze([...quantiles]);
}

function refuse(value: number): never {
  throw new MetricsError('METRICS_BAD_VALUE', `a summary cannot take ${value}; give a finite number, 0 or more`);
}
