/**
 * Puts numbers that a fork has counted into metrics at scrape time. Nothing is counted here.
 *
 * @module
 */
import type { CounterChild, HistogramChild } from '@dcrouter/metrics';

/** What both forks report about a distribution of durations. */
export interface IDurations {
  readonly sumSeconds: number;
  readonly buckets: ReadonlyArray<{ readonly le: number; readonly count: number }>;
}

/** Brings a counter to the total that its source has reached. */
export function catchUp(counter: CounterChild, total: number): void {
  counter.inc(total - counter.value);
}

/** Brings a whole family with one label to its source's totals. */
export function catchUpAll(
  family: { labels(value: string): CounterChild },
  totals: Readonly<Record<string, number>>,
): void {
  for (const [label, total] of Object.entries(totals)) catchUp(family.labels(label), total);
}

export function loadDurations(histogram: HistogramChild, durations: IDurations): void {
  histogram.load(durations.buckets, durations.sumSeconds);
}

/** The upper bounds of a distribution's buckets as a histogram is registered with them. */
export function boundsOf(durations: IDurations): number[] {
  return durations.buckets.slice(0, -1).map((bucket) => bucket.le);
}
