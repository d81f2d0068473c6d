/**
 * Bounded, allocation-free Prometheus metrics for Node.
 * @module
 */
export { MetricsError } from './errors.ts';
export type { TMetricsErrorCode } from './errors.ts';
export { limits } from './limits/limits.ts';
export type { TClockMs } from './native/clock.ts';
export { RateMeter } from './native/ratemeter.ts';
export type { IRateMeterOptions } from './native/ratemeter.ts';
export { ThroughputMeter } from './native/throughputmeter.ts';
export type { IThroughput } from './native/throughputmeter.ts';
export { TopK } from './native/topk.ts';
export type { ITopKEntry, ITopKOptions } from './native/topk.ts';
export { BoundedCounterMap } from './native/boundedcountermap.ts';
export type { IBoundedCounterMapOptions } from './native/boundedcountermap.ts';
export { LatencyHistogram } from './native/latencyhistogram.ts';
export type { ICumulativeBucket, ILatencyHistogramData } from './native/latencyhistogram.ts';
export type { INativeHistogram, INativeSpan } from './native/nativehistogram.ts';
export { Registry } from './registry/registry.ts';
export type { IExposeOptions, IRegistryOptions } from './registry/registry.ts';
export { contentTypes } from './exposition/format.ts';
export type { TFormat } from './exposition/format.ts';
export type { TAnyMetric } from './exposition/samplewriters.ts';
export { Counter, CounterChild } from './types/counter.ts';
export type { ICounterOptions } from './types/counter.ts';
export { Gauge, GaugeChild } from './types/gauge.ts';
export type { IGaugeOptions } from './types/gauge.ts';
export { defaultBuckets, exponentialBuckets, Histogram, HistogramChild, linearBuckets } from './types/histogram.ts';
export type { IHistogramOptions } from './types/histogram.ts';
export { Summary, SummaryChild } from './types/summary.ts';
export type { ISummaryOptions } from './types/summary.ts';
export type { IMetricOptions, TAggregation, TCollect, TLabelArguments, TMetricType } from './types/metricoptions.ts';
export type { TLabels, TLabelValue } from './series/internedvalues.ts';
