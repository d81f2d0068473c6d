import type { TLabels, TLabelValue } from '../series/internedvalues.ts';

/** The types of the Prometheus data model that this package knows. */
export type TMetricType = 'counter' | 'gauge' | 'histogram' | 'summary';

/** What every metric is registered with. */
export interface IMetricOptions<TNames extends readonly string[] = readonly string[]> {
  /** Metric name: letters, digits, `_` and `:`, not starting with a digit. */
  name: string;
  /** One sentence for people who read the exposition. */
  help: string;
  /** Names of the labels, in the order of positional label values. Default: none. */
  labelNames?: TNames;
  /** Base unit such as `seconds` or `bytes`; the name must end with it (before `_total`). Shown in OpenMetrics. */
  unit?: string;
  /** Label sets before further ones are counted under `other`. Default 1,000. */
  seriesMax?: number;
  /** Remove label sets that were not looked up for this many seconds. Series with a kept handle stay. Default: never. */
  expireAfterSeconds?: number;
}

/** How the values of several processes become one. */
export type TAggregation = 'sum' | 'max' | 'min' | 'last';

/** Arguments of `labels()`: one object, or the values in the order of the label names. */
export type TLabelArguments<TNames extends readonly string[]> =
  [labels: TLabels<TNames[number]>] | { [K in keyof TNames]: TLabelValue };

/** Fills a metric just before it is read. */
export type TCollect<TMetric> = (metric: TMetric) => void | Promise<void>;
