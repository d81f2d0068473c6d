/**
 * Reads answer-time histograms as `IDnsLatencyStats`.
 *
 * @module
 */
import { LatencyHistogram } from '@dcrouter/metrics';
import type { IDnsLatencyStats } from '../interfaces/stats.ts';

/** Bounds in seconds, about three per decade from 10 µs: answers from memory take tens of microseconds. */
export const latencyBoundsSeconds: readonly number[] = [
  0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
  1, 2.5, 5,
];
const msPerSecond = 1_000;

export function latencyStats(histogram: LatencyHistogram): IDnsLatencyStats {
  return {
    count: histogram.count,
    sumSeconds: histogram.sum,
    p50Ms: histogram.quantile(0.5) * msPerSecond,
    p90Ms: histogram.quantile(0.9) * msPerSecond,
    p95Ms: histogram.quantile(0.95) * msPerSecond,
    p99Ms: histogram.quantile(0.99) * msPerSecond,
    maxMs: histogram.max * msPerSecond,
    buckets: histogram.cumulative(latencyBoundsSeconds),
  };
}

/** The distribution over several histograms together. */
export function mergeLatency(histograms: readonly LatencyHistogram[]): IDnsLatencyStats {
  const merged = new LatencyHistogram();
  for (const histogram of histograms) {
    merged.merge(histogram);
  }
  return latencyStats(merged);
}
