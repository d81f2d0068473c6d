import type { TAnyMetric } from '../exposition/samplewriters.ts';
import type { ILatencyHistogramData } from '../native/latencyhistogram.ts';
import type { TAggregation, TMetricType } from '../types/metricoptions.ts';

/** One series in a form that survives JSON and a process boundary. */
export interface ISeriesSnapshot {
  /** Label values in the order of the metric's label names. */
  labels: string[];
  /** Counter and gauge: the value. Histogram: bucket counts, then the sum. Summary: count, sum. */
  values: number[];
  /** Unix time in seconds of creation. */
  created: number;
  /** Summary: what the sliding window holds. */
  window?: ILatencyHistogramData;
}

/** One metric in a form that survives JSON and a process boundary. */
export interface IMetricSnapshot {
  name: string;
  help: string;
  type: TMetricType;
  unit: string;
  labelNames: string[];
  seriesMax: number;
  /** How gauges of several processes become one. */
  aggregate: TAggregation;
  /** Histogram: the bounds. Summary: the shares. Otherwise empty. */
  bounds: number[];
  /** Look-ups refused a series of their own. */
  dropped: number;
  /** Label values cut. */
  truncated: number;
  series: ISeriesSnapshot[];
}

/** Everything a registry counted, at one moment. */
export interface IRegistrySnapshot {
  /** Unix time in milliseconds. */
  takenMs: number;
  metrics: IMetricSnapshot[];
}

/** Copies one metric. */
export function snapshotMetric(metric: TAnyMetric): IMetricSnapshot {
  const { table } = metric;
  const series: ISeriesSnapshot[] = [];
  for (let at = 0; at < table.end; at += 1) if (table.isLive(at)) series.push(snapshotSeries(metric, at));
  return {
    name: metric.name,
    help: metric.help,
    type: metric.type,
    unit: metric.unit,
    labelNames: [...metric.labelNames],
    seriesMax: table.seriesMax,
    aggregate: metric.type === 'gauge' ? metric.aggregate : 'sum',
    bounds: boundsOf(metric),
    dropped: table.dropped,
    truncated: table.truncated,
    series,
  };
}

function snapshotSeries(metric: TAnyMetric, series: number): ISeriesSnapshot {
  const { table } = metric;
  const chunk = table.chunks[series >> table.shift]!;
  const position = series & table.mask;
  const start = position * table.width;
  const copy: ISeriesSnapshot = {
    labels: table.labelNames.map((_, label) => table.labelText(series, label)),
    values: Array.from(chunk.values.subarray(start, start + table.width)),
    created: chunk.created[position]!,
  };
  if (metric.type === 'summary') copy.window = metric.windowData(series);
  return copy;
}

/** The numbers that must agree before two metrics may be merged. */
export function boundsOf(metric: TAnyMetric): number[] {
  if (metric.type === 'histogram') return Array.from(metric.bounds);
  return metric.type === 'summary' ? [...metric.quantiles] : [];
}
