import { constants, PerformanceObserver } from 'node:perf_hooks';
import type { Registry } from '../registry/registry.ts';

const DEFAULT_BUCKETS: readonly number[] = [0.001, 0.01, 0.1, 1, 2, 5];
const MS_PER_SECOND = 1_000;

/** Garbage collections by kind. Returns a function that stops observing them. */
export function registerGarbageCollection(
  registry: Registry,
  prefix: string,
  buckets: readonly number[] = DEFAULT_BUCKETS,
): () => void {
  const durations = registry.histogram({
    name: `${prefix}nodejs_gc_duration_seconds`,
    help: 'Garbage collection duration by kind, one of major, minor, incremental or weakcb.',
    unit: 'seconds',
    labelNames: ['kind'],
    buckets,
  });
  const byKind = new Map([
    [constants.NODE_PERFORMANCE_GC_MAJOR, durations.labels('major')],
    [constants.NODE_PERFORMANCE_GC_MINOR, durations.labels('minor')],
    [constants.NODE_PERFORMANCE_GC_INCREMENTAL, durations.labels('incremental')],
    [constants.NODE_PERFORMANCE_GC_WEAKCB, durations.labels('weakcb')],
  ]);
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { kind } = (entry as unknown as { detail: { kind: number } }).detail;
      byKind.get(kind)?.observe(entry.duration / MS_PER_SECOND);
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  return () => observer.disconnect();
}
