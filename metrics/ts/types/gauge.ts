import { MetricsError } from '../errors.ts';
import type { TLabels } from '../series/internedvalues.ts';
import type { ISeriesHandle } from '../series/seriestable.ts';
import { Metric } from './metric.ts';
import type { IMetricContext } from './metric.ts';
import type { IMetricOptions, TAggregation, TCollect } from './metricoptions.ts';

/** What a gauge is registered with. */
export interface IGaugeOptions<TNames extends readonly string[]> extends IMetricOptions<TNames> {
  /** Called before each exposition, to set values that are read rather than counted. */
  collect?: TCollect<Gauge<TNames>>;
  /** How the values of several processes become one. Default `sum`. */
  aggregate?: TAggregation;
}

const MS_PER_SECOND = 1_000;

/** One series of a gauge. */
export class GaugeChild implements ISeriesHandle {
  values: Float64Array;
  at: number;
  series: number;

  constructor(values: Float64Array, at: number, series: number) {
    this.values = values;
    this.at = at;
    this.series = series;
  }

  /** Sets the value. Throws METRICS_BAD_VALUE when it is not a number; infinities are allowed. */
  set(value: number): void {
    checkNumber(value);
    this.values[this.at] = value;
  }

  /** Adds `by`, default 1. */
  inc(by = 1): void {
    checkFinite(by);
    this.values[this.at]! += by;
  }

  /** Subtracts `by`, default 1. */
  dec(by = 1): void {
    checkFinite(by);
    this.values[this.at]! -= by;
  }

  /** Sets the value to the Unix time in seconds. */
  setToCurrentTime(): void {
    this.values[this.at] = Date.now() / MS_PER_SECOND;
  }

  /** The value now. */
  get value(): number {
    return this.values[this.at]!;
  }
}

/** A value that goes up and down: open connections, bytes of memory, a time of last success. */
export class Gauge<TNames extends readonly string[] = readonly []> extends Metric<TNames, GaugeChild> {
  readonly type = 'gauge';
  /** How the values of several processes become one. */
  readonly aggregate: TAggregation;

  constructor(options: IGaugeOptions<TNames>, context: IMetricContext) {
    super(options, 'gauge', 1, context);
    this.aggregate = options.aggregate ?? 'sum';
  }

  /** Sets a gauge without labels. */
  set(this: Gauge, value: number): void;
  /** Sets the series of `labels`. */
  set(labels: TLabels<TNames[number]>, value: number): void;
  set(labelsOrValue: TLabels | number, value?: number): void {
    const labelled = typeof labelsOrValue === 'object';
    const next = labelled ? value! : labelsOrValue;
    checkNumber(next);
    const series = labelled ? this.table.at(labelsOrValue) : this.only();
    this.table.chunks[series >> this.table.shift]!.values[series & this.table.mask] = next;
  }

  /** Adds `by` (default 1) to a gauge without labels. */
  inc(this: Gauge, by?: number): void;
  /** Adds `by` (default 1) to the series of `labels`. */
  inc(labels: TLabels<TNames[number]>, by?: number): void;
  inc(labelsOrBy?: TLabels | number, by = 1): void {
    const labelled = typeof labelsOrBy === 'object';
    this.#add(labelled ? labelsOrBy : undefined, labelled ? by : (labelsOrBy ?? 1));
  }

  /** Subtracts `by` (default 1) from a gauge without labels. */
  dec(this: Gauge, by?: number): void;
  /** Subtracts `by` (default 1) from the series of `labels`. */
  dec(labels: TLabels<TNames[number]>, by?: number): void;
  dec(labelsOrBy?: TLabels | number, by = 1): void {
    const labelled = typeof labelsOrBy === 'object';
    this.#add(labelled ? labelsOrBy : undefined, -(labelled ? by : (labelsOrBy ?? 1)));
  }

  /** Sets a gauge without labels to the Unix time in seconds. */
  setToCurrentTime(this: Gauge): void;
  /** Sets the series of `labels` to the Unix time in seconds. */
  setToCurrentTime(labels: TLabels<TNames[number]>): void;
  setToCurrentTime(labels?: TLabels): void {
    const series = labels === undefined ? this.only() : this.table.at(labels);
    this.table.chunks[series >> this.table.shift]!.values[series & this.table.mask] = Date.now() / MS_PER_SECOND;
  }

  protected makeChild(values: Float64Array, at: number, series: number): GaugeChild {
    return new GaugeChild(values, at, series);
  }

  #add(labels: TLabels | undefined, by: number): void {
    checkFinite(by);
    const series = labels === undefined ? this.only() : this.table.at(labels);
    this.table.chunks[series >> this.table.shift]!.values[series & this.table.mask]! += by;
  }
}

function checkNumber(value: number): void {
  if (typeof value !== 'number' || value !== value) refuse(value);
}

function checkFinite(by: number): void {
  if (!(by > -Infinity && by < Infinity)) refuse(by);
}

function refuse(value: number): never {
  throw new MetricsError('METRICS_BAD_VALUE', `a gauge cannot take ${value}; give a number`);
}
