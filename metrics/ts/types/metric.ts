import { limits } from '../limits/limits.ts';
import type { TClockMs } from '../native/clock.ts';
import { SeriesTable } from '../series/seriestable.ts';
import type { ISeriesHandle } from '../series/seriestable.ts';
import type { TLabels, TLabelValue } from '../series/internedvalues.ts';
import type { IMetricOptions, TLabelArguments, TMetricType } from './metricoptions.ts';
import { checkMetricOptions } from './validation.ts';

const MS_PER_SECOND = 1_000;

/** What the registry gives every metric it makes. */
export interface IMetricContext {
  /** Wall clock in milliseconds since the epoch. */
  wallMs: TClockMs;
  /** Monotonic clock in milliseconds. */
  nowMs: TClockMs;
}

/**
 * What all metric types share: the name, the labels, and the table with the series. Made by the registry.
 * `TNames` is the tuple of label names, `TChild` the handle that `labels()` returns.
 */
export abstract class Metric<TNames extends readonly string[], TChild extends ISeriesHandle> {
  abstract readonly type: TMetricType;
  readonly name: string;
  readonly help: string;
  /** Base unit, or the empty string. */
  readonly unit: string;
  readonly labelNames: TNames;
  /** @internal The series of this metric. */
  readonly table: SeriesTable;

  constructor(options: IMetricOptions<TNames>, type: TMetricType, width: number, context: IMetricContext) {
    checkMetricOptions(options, type);
    this.name = options.name;
    this.help = options.help;
    this.unit = options.unit ?? '';
    this.labelNames = (options.labelNames ?? []) as readonly string[] as TNames;
    this.table = new SeriesTable({
      metricName: options.name,
      labelNames: this.labelNames,
      width,
      seriesMax: options.seriesMax ?? limits.seriesPerMetric,
      idleMs: (options.expireAfterSeconds ?? Infinity) * MS_PER_SECOND,
      wallMs: context.wallMs,
      nowMs: context.nowMs,
    });
  }

  /** Number of series now, the overflow series included. */
  get size(): number {
    return this.table.size;
  }

  /**
   * The handle of one label set; keep it where the path is hot. The same label set gives the same handle.
   * Past the limit of label sets this is the handle of the series labelled `other`.
   */
  labels(...values: TLabelArguments<TNames>): TChild {
    return this.child(this.seriesOf(values as readonly unknown[]));
  }

  /** Removes one label set. Its handle stays usable and reaches nothing. Without labels: sets the metric to zero. */
  remove(...values: TLabelArguments<TNames>): boolean {
    if (this.labelNames.length === 0) {
      this.reset();
      return true;
    }
    const series = this.table.lookUp(this.orderedValues(values as readonly unknown[]));
    if (series < 0) return false;
    this.table.remove(series);
    return true;
  }

  /** Sets every series to zero. Label sets and handles stay. */
  reset(): void {
    this.table.zero();
  }

  /** @internal The handle of a series. */
  child(series: number): TChild {
    const chunk = this.table.chunks[series >> this.table.shift]!;
    const position = series & this.table.mask;
    const handles = (chunk.handles ??= Array.from({ length: this.table.mask + 1 }, () => undefined));
    const known = handles[position];
    if (known !== undefined) return known as TChild;
    const made = this.makeChild(chunk.values, position * this.table.width, series);
    handles[position] = made;
    return made;
  }

  /** The one series of a metric without labels; throws METRICS_BAD_LABELS when it has some. */
  protected only(): number {
    return this.labelNames.length === 0 ? 0 : this.table.at({});
  }

  protected abstract makeChild(values: Float64Array, at: number, series: number): TChild;

  private seriesOf(values: readonly unknown[]): number {
    const first = values[0];
    if (typeof first === 'object' && first !== null) return this.table.at(first as TLabels);
    return this.table.atValues(values as readonly TLabelValue[]);
  }

  private orderedValues(values: readonly unknown[]): readonly TLabelValue[] {
    const [first] = values;
    if (typeof first === 'object' && first !== null) return this.table.inOrder(first as TLabels);
    return values as readonly TLabelValue[];
  }
}
