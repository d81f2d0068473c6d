import { limits } from '../limits/limits.ts';
import type { Registry } from '../registry/registry.ts';
import { registerErrors } from './errors.ts';
import { registerEventLoop } from './eventloop.ts';
import { registerGarbageCollection } from './garbagecollection.ts';
import { registerHeap } from './heap.ts';
import { registerResources } from './resources.ts';

/** Options of {@link registerProcessMetrics}. */
export interface IProcessMetricsOptions {
  /** Put before every name. Default: none, so that ready-made dashboards fit. */
  prefix?: string;
  /** Milliseconds between samples of the event loop delay. Default 20. */
  eventLoopResolutionMs?: number;
  /** Upper bounds in seconds of the garbage collection histogram. Default 1 ms to 5 s. */
  gcBuckets?: readonly number[];
}

/**
 * Registers the process and Node metrics under the names that prom-client made known. Returns a function that stops
 * the observers behind them and takes the metrics out.
 */
export function registerProcessMetrics(registry: Registry, options: IProcessMetricsOptions = {}): () => void {
  const prefix = options.prefix ?? '';
  const before = new Set(Array.from(registry.metrics(), (metric) => metric.name));
  registerResources(registry, prefix);
  registerHeap(registry, prefix);
  const stops = [
    registerEventLoop(registry, prefix, options.eventLoopResolutionMs ?? limits.eventLoopResolutionMs),
    registerGarbageCollection(registry, prefix, options.gcBuckets),
    registerErrors(registry, prefix),
  ];
  const added = Array.from(registry.metrics(), (metric) => metric.name).filter((name) => !before.has(name));
  return () => {
    for (const stop of stops) stop();
    for (const name of added) registry.unregister(name);
  };
}
