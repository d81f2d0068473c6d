import { MetricsError } from '../errors.ts';
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

  constructor(values: Float64Array, at: number) {
    this.values = values;
    this.at = at;
  }

  /** Adds `by`, default 1. Throws METRICS_BAD_VALUE when it is negative, NaN or infinite. */
  inc(by = 1): void {
    if (!(by >= 0 && by < Infinity)) refuse(by);
    this.values[this.at]! += by;
  }

  /** The count now. */
  get value(): number {
    return this.values[this.at]!;
  }
}

/** A count that only grows: requests, bytes, errors. Name it `…_total`. */
export class Counter<TNames extends readonly string[] = readonly []> extends Metric<TNames, CounterChild> {
  readonly type = 'counter';

  constructor(options: ICounterOptions<TNames>, context: IMetricContext) {
    super(options, 'counter', 1, context);
  }

  /** Adds `by` (default 1) to a metric without labels. Throws METRICS_BAD_VALUE when negative, NaN or infinite. */
  inc(this: Counter, by?: number): void;
  /** Adds `by` (default 1) to the series of `labels`. In a hot path keep `labels(…)` instead. */
  inc(labels: TLabels<TNames[number]>, by?: number): void;
  inc(labelsOrBy?: TLabels | number, by = 1): void {
    const { table } = this;
    if (typeof labelsOrBy === 'object') {
      if (!(by >= 0 && by < Infinity)) refuse(by);
      const series = table.at(labelsOrBy);
      table.chunks[series >> table.shift]!.values[series & table.mask]! += by;
      return;
    }
    const amount = labelsOrBy ?? 1;
    if (!(amount >= 0 && amount < Infinity)) refuse(amount);
    if (table.labelNames.length > 0) table.at({});
    table.chunks[0]!.values[0]! += amount;
  }

  protected makeChild(values: Float64Array, at: number): CounterChild {
    return new CounterChild(values, at);
  }
}

function refuse(by: number): never {
  throw new MetricsError('METRICS_BAD_VALUE', `a counter cannot grow by ${by}; give a finite number, 0 or more`);
}
