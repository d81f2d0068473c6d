import { MetricsError } from '../errors.ts';
import { ExemplarStore } from '../exemplars/exemplars.ts';
import type { TExemplarLabels } from '../exemplars/exemplars.ts';
import type { TLabels } from '../series/internedvalues.ts';
import type { ISeriesHandle } from '../series/seriestable.ts';
import { Metric } from './metric.ts';
import type { IMetricContext } from './metric.ts';
import type { IMetricOptions, TCollect } from './metricoptions.ts';

/** What a counter is registered with. */
export interface ICounterOptions<TNames extends readonly string[]> extends IMetricOptions<TNames> {
  /** Called before each exposition. */
  collect?: TCollect<Counter<TNames>>;
}

/** One series of a counter. Keep it: `inc()` is then a bounds check and an addition. */
export class CounterChild implements ISeriesHandle {
  values: Float64Array;
  at: number;
  series: number;
  readonly #exemplars: ExemplarStore;

  constructor(values: Float64Array, at: number, series: number, exemplars: ExemplarStore) {
    this.values = values;
    this.at = at;
    this.series = series;
    this.#exemplars = exemplars;
  }

  /** Adds `by`, default 1. Throws METRICS_BAD_VALUE when it is negative, NaN or infinite. */
  inc(by = 1, exemplar?: TExemplarLabels): void {
    if (!(by >= 0 && by < Infinity)) refuse(by);
    this.values[this.at]! += by;
    if (exemplar !== undefined) this.#exemplars.keep(this.series, 0, exemplar, by);
  }

  /** The count now. */
  get value(): number {
    return this.values[this.at]!;
  }
}

/** A count that only grows: requests, bytes, errors. Name it `…_total`. */
export class Counter<TNames extends readonly string[] = readonly []> extends Metric<TNames, CounterChild> {
  readonly type = 'counter';
  /** @internal */
  readonly exemplars = new ExemplarStore(1);

  constructor(options: ICounterOptions<TNames>, context: IMetricContext) {
    super(options, 'counter', 1, context);
    this.table.onRemove = (series) => this.exemplars.forget(series);
  }

  /** Adds `by` (default 1) to a metric without labels. Throws METRICS_BAD_VALUE when negative, NaN or infinite. */
  inc(this: Counter, by?: number, exemplar?: TExemplarLabels): void;
  /** Adds `by` (default 1) to the series of `labels`. In a hot path keep `labels(…)` instead. */
  inc(labels: TLabels<TNames[number]>, by?: number, exemplar?: TExemplarLabels): void;
  inc(first?: TLabels | number, second?: number | TExemplarLabels, third?: TExemplarLabels): void {
    if (typeof first === 'object') this.#add(this.table.at(first), (second as number | undefined) ?? 1, third);
    else this.#add(this.only(), first ?? 1, second as TExemplarLabels | undefined);
  }

  override reset(): void {
    super.reset();
    this.exemplars.clear();
  }

  protected makeChild(values: Float64Array, at: number, series: number): CounterChild {
    return new CounterChild(values, at, series, this.exemplars);
  }

  #add(series: number, by: number, exemplar: TExemplarLabels | undefined): void {
    if (!(by >= 0 && by < Infinity)) refuse(by);
    const { table } = this;
    table.chunks[series >> table.shift]!.values[series & table.mask]! += by;
    if (exemplar !== undefined) this.exemplars.keep(series, 0, exemplar, by);
  }
}

function refuse(by: number): never {
  throw new MetricsError('METRICS_BAD_VALUE', `a counter cannot grow by ${by}; give a finite number, 0 or more`);
}
