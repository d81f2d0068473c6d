import { numberText } from '../exposition/bytewriter.ts';
import type { IForeignSample } from '../exposition/foreign.ts';
import type { TAnyMetric } from '../exposition/samplewriters.ts';
import { snapshotMetric } from '../several/snapshot.ts';
import type { ISeriesSnapshot } from '../several/snapshot.ts';

/** The samples of a metric as text 0.0.4 shows them, for other libraries. */
export function samplesOf(metric: TAnyMetric): IForeignSample[] {
  const { name, type, labelNames, series } = snapshotMetric(metric);
  const samples: IForeignSample[] = [];
  series.forEach((one) => {
    const labels: Record<string, string> = {};
    labelNames.forEach((label, position) => {
      labels[label] = one.labels[position]!;
    });
    if (type === 'histogram') samples.push(...histogramSamples(metric, one, labels));
    else if (type === 'summary') samples.push(...summarySamples(metric, one, labels));
    else samples.push({ name, labels, value: one.values[0]! });
  });
  return samples;
}

function histogramSamples(metric: TAnyMetric, one: ISeriesSnapshot, labels: Record<string, string>): IForeignSample[] {
  if (metric.type !== 'histogram') return [];
  const bounds = [...metric.bounds, Infinity];
  let count = 0;
  const samples = bounds.map((bound, bucket): IForeignSample => {
    count += one.values[bucket]!;
    return { name: `${metric.name}_bucket`, labels: { ...labels, le: numberText(bound) }, value: count };
  });
  samples.push({ name: `${metric.name}_sum`, labels, value: one.values[bounds.length]! });
  samples.push({ name: `${metric.name}_count`, labels, value: count });
  return samples;
}

function summarySamples(metric: TAnyMetric, one: ISeriesSnapshot, labels: Record<string, string>): IForeignSample[] {
  if (metric.type !== 'summary') return [];
  const values = metric.quantilesIn(one.window!);
  const samples = metric.quantiles.map((share, index): IForeignSample => {
    return { name: metric.name, labels: { ...labels, quantile: numberText(share) }, value: values[index]! };
  });
  samples.push({ name: `${metric.name}_sum`, labels, value: one.values[1]! });
  samples.push({ name: `${metric.name}_count`, labels, value: one.values[0]! });
  return samples;
}
