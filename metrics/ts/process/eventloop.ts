import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import type { Registry } from '../registry/registry.ts';
import type { Gauge } from '../types/gauge.ts';

type TDelays = ReturnType<typeof monitorEventLoopDelay>;

const NANOS_PER_SECOND = 1e9;
const MS_PER_SECOND = 1_000;

/** What each lag gauge shows: from all samples since the last exposition. */
const lags: ReadonlyArray<readonly [name: string, help: string, read: (histogram: TDelays) => number]> = [
  ['min_', 'The minimum recorded event loop delay.', (histogram) => histogram.min],
  ['max_', 'The maximum recorded event loop delay.', (histogram) => histogram.max],
  ['mean_', 'The mean of the recorded event loop delays.', (histogram) => histogram.mean],
  ['stddev_', 'The standard deviation of the recorded event loop delays.', (histogram) => histogram.stddev],
  ['p50_', 'The 50th percentile of the recorded event loop delays.', (histogram) => histogram.percentile(50)],
  ['p90_', 'The 90th percentile of the recorded event loop delays.', (histogram) => histogram.percentile(90)],
  ['p99_', 'The 99th percentile of the recorded event loop delays.', (histogram) => histogram.percentile(99)],
];

/** Lag and utilization of the event loop. Returns a function that stops the sampling. */
export function registerEventLoop(registry: Registry, prefix: string, resolutionMs: number): () => void {
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  histogram.enable();
  const gauges: Array<readonly [Gauge, (histogram: TDelays) => number]> = [];
  registry.gauge({
    name: `${prefix}nodejs_eventloop_lag_seconds`,
    help: 'Lag of event loop in seconds.',
    unit: 'seconds',
    aggregate: 'max',
    collect: async (lag) => {
      for (const [gauge, read] of gauges) {
        // Without a sample the mean is NaN and the minimum the largest integer.
        gauge.set(histogram.count === 0 ? 0 : read(histogram) / NANOS_PER_SECOND);
      }
      histogram.reset();
      lag.set(await immediateDelaySeconds());
    },
  });
  for (const [part, help, read] of lags) {
    const name = `${prefix}nodejs_eventloop_lag_${part}seconds`;
    gauges.push([registry.gauge({ name, help, unit: 'seconds', aggregate: 'max' }), read]);
  }
  let last = performance.eventLoopUtilization();
  registry.gauge({
    name: `${prefix}nodejs_eventloop_utilization_ratio`,
    help: 'Share of time since the last exposition in which the event loop was busy.',
    unit: 'ratio',
    aggregate: 'max',
    collect: (ratio) => {
      const now = performance.eventLoopUtilization();
      ratio.set(performance.eventLoopUtilization(now, last).utilization);
      last = now;
    },
  });
  return () => histogram.disable();
}

/** How long a callback that could run at once has to wait now. */
function immediateDelaySeconds(): Promise<number> {
  const startedMs = performance.now();
  return new Promise((resolve) => {
    setImmediate(() => resolve((performance.now() - startedMs) / MS_PER_SECOND));
  });
}
