/**
 * The metrics of the history.
 *
 * @module
 */
import type { Families } from './families.ts';
import { catchUp } from './fill.ts';
import type { IHistoryStats } from './types.ts';

export function registerHistoryMetrics(families: Families, source: () => { stats(): IHistoryStats } | null): void {
  const left = families.gauge(
    'dcrouter_history_routes_left_out',
    'Routes without series of their own, as there are too many.',
  );
  const samples = families.counter('dcrouter_history_samples_total', 'Samples taken, one per second.');
  const gaps = families.counter('dcrouter_history_gaps_total', 'Seconds without a sample, as the process was held up.');
  const stored = families.counter('dcrouter_history_stored_total', 'Minutes written to the store.');
  const failures = families.counter('dcrouter_history_store_failures_total', 'Failed writes of minutes to the store.');
  const dropped = families.counter(
    'dcrouter_history_store_dropped_total',
    'Minutes given up, as the store was away for too long.',
  );
  const bytes = families.gauge('dcrouter_history_memory_bytes', 'Bytes of the points kept in memory.');
  families.filling('dcrouter_history_series', 'Series kept in memory.', (series) => {
    const stats = source()?.stats();
    if (stats === undefined) return;
    series.set(stats.series);
    left.set(stats.routesLeftOut);
    catchUp(samples.labels(), stats.samples);
    catchUp(gaps.labels(), stats.gaps);
    catchUp(stored.labels(), stats.stored);
    catchUp(failures.labels(), stats.storeFailures);
    catchUp(dropped.labels(), stats.storeDropped);
    bytes.set(stats.bytes);
  });
}
