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
