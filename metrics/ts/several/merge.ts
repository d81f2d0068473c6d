import { MetricsError } from '../errors.ts';
import type { TAnyMetric } from '../exposition/samplewriters.ts';
import type { Registry } from '../registry/registry.ts';
import type { TAggregation } from '../types/metricoptions.ts';
import { boundsOf } from './snapshot.ts';
import type { IMetricSnapshot, IRegistrySnapshot, ISeriesSnapshot } from './snapshot.ts';

/** How two values of a gauge become one. */
const combine: Readonly<Record<TAggregation, (mine: number, theirs: number) => number>> = {
  sum: (mine, theirs) => mine + theirs,
  max: (mine, theirs) => Math.max(mine, theirs),
  min: (mine, theirs) => Math.min(mine, theirs),
  last: (_, theirs) => theirs,
};

/**
 * Adds a snapshot to a registry, registering the metrics that it lacks. Counters, histograms and summaries add up;
 * gauges follow their `aggregate`. Throws METRICS_MERGE_MISMATCH, before anything is changed, when a metric of the
 * same name differs in type, labels or bounds.
 */
export function mergeSnapshot(registry: Registry, snapshot: IRegistrySnapshot): void {
  for (const metric of snapshot.metrics) {
    const known = registry.get(metric.name);
    if (known !== undefined) checkSame(known, metric);
  }
  for (const metric of snapshot.metrics) {
    const known = registry.get(metric.name);
    mergeMetric(known ?? register(registry, metric), metric, known === undefined);
  }
}

function checkSame(mine: TAnyMetric, theirs: IMetricSnapshot): void {
  const same =
    mine.type === theirs.type &&
    mine.labelNames.join() === theirs.labelNames.join() &&
    boundsOf(mine).join() === theirs.bounds.join();
  if (same) return;
  throw new MetricsError(
    'METRICS_MERGE_MISMATCH',
    `${mine.name} differs in type, label names or buckets between the processes; define it alike everywhere`,
  );
}

function register(registry: Registry, metric: IMetricSnapshot): TAnyMetric {
  const { name, help, labelNames, seriesMax, bounds } = metric;
  const options = { name, help, labelNames, seriesMax, unit: metric.unit === '' ? undefined : metric.unit };
  if (metric.type === 'counter') return registry.counter(options);
  if (metric.type === 'gauge') return registry.gauge({ ...options, aggregate: metric.aggregate });
  if (metric.type === 'histogram') return registry.histogram({ ...options, buckets: bounds });
  return registry.summary({ ...options, quantiles: bounds });
}

function mergeMetric(mine: TAnyMetric, theirs: IMetricSnapshot, isNew: boolean): void {
  mine.table.dropped += theirs.dropped;
  mine.table.truncated += theirs.truncated;
  for (const series of theirs.series) mergeSeries(mine, series, isNew);
}

function mergeSeries(mine: TAnyMetric, theirs: ISeriesSnapshot, isNew: boolean): void {
  const { table } = mine;
  // The one series of a metric without labels always exists: it is fresh if the metric is.
  const fresh = table.labelNames.length === 0 ? isNew : table.lookUp(theirs.labels) < 0;
  const series = table.atStored(theirs.labels);
  const chunk = table.chunks[series >> table.shift]!;
  const position = series & table.mask;
  const start = position * table.width;
  const join = mine.type === 'gauge' && !fresh ? combine[mine.aggregate] : combine.sum;
  theirs.values.forEach((value, column) => {
    chunk.values[start + column] = join(chunk.values[start + column]!, value);
  });
  const created = chunk.created[position]!;
  chunk.created[position] = fresh ? theirs.created : Math.min(created, theirs.created);
  if (mine.type === 'summary' && theirs.window !== undefined) mine.windowOf(series).mergeData(theirs.window);
}
