/**
 * Puts numbers that were counted elsewhere into metrics at scrape time. Nothing is counted here.
 *
 * @module
 */
import type { CounterChild, HistogramChild } from '@dcrouter/metrics';

/** What the parts report about a distribution of durations. */
export interface IDurations {
  readonly sumSeconds: number;
  readonly buckets: ReadonlyArray<{ readonly le: number; readonly count: number }>;
}

/**
 * Brings a counter to the total that its source has reached. Never down: past the bound of label sets several sources
 * share one counter, which then shows the largest.
 */
export function catchUp(counter: CounterChild, total: number): void {
  if (total > counter.value) counter.inc(total - counter.value);
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

/** 1 for true: how Prometheus shows what either is or is not. */
export function flag(value: boolean): number {
  return value ? 1 : 0;
}

const MS_PER_SECOND = 1_000;

/** A Unix time as Prometheus has it. */
export function unixSeconds(ms: number): number {
  return ms / MS_PER_SECOND;
}
