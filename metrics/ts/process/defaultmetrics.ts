import { limits } from '../limits/limits.ts';
import type { Registry } from '../registry/registry.ts';
import { registerErrors } from './errors.ts';
import { registerEventLoop } from './eventloop.ts';
import { registerGarbageCollection } from './garbagecollection.ts';
import { registerHeap } from './heap.ts';
import { registerResources } from './resources.ts';

/** Options of {@link defaultMetrics}. */
export interface IDefaultMetricsOptions {
  /** Put before every name. Default: none, so that ready-made dashboards fit. */
  prefix?: string;
  /** Milliseconds between samples of the event loop delay. Default 20. */
  eventLoopResolutionMs?: number;
  /** Upper bounds in seconds of the garbage collection histogram. Default 1 ms to 5 s. */
  gcBuckets?: readonly number[];
}

/** Stop functions of what is registered, by prefix. */
const running = new WeakMap<Registry, Map<string, () => void>>();

/**
 * Registers the process and Node metrics under the names that prom-client made known. Returns a function that stops
 * the observers behind them and takes the metrics out. Calling it again for the same registry and prefix changes
 * nothing and returns the same function.
 */
export function defaultMetrics(registry: Registry, options: IDefaultMetricsOptions = {}): () => void {
  const prefix = options.prefix ?? '';
  const stopsByPrefix = running.get(registry) ?? new Map<string, () => void>();
  running.set(registry, stopsByPrefix);
  const known = stopsByPrefix.get(prefix);
  if (known !== undefined) return known;
  const before = new Set(Array.from(registry.metrics(), (metric) => metric.name));
  registerResources(registry, prefix);
  registerHeap(registry, prefix);
  const stops = [
    registerEventLoop(registry, prefix, options.eventLoopResolutionMs ?? limits.eventLoopResolutionMs),
    registerGarbageCollection(registry, prefix, options.gcBuckets),
    registerErrors(registry, prefix),
  ];
  const added = Array.from(registry.metrics(), (metric) => metric.name).filter((name) => !before.has(name));
  const stopAll = (): void => {
    if (!stopsByPrefix.delete(prefix)) return;
    for (const stop of stops) stop();
    for (const name of added) registry.unregister(name);
  };
  stopsByPrefix.set(prefix, stopAll);
  return stopAll;
}
