/**
 * Upstream's grouped `IMetrics` (19.6.7 to 21.x) over the same counters as {@link IProxyStats}.
 *
 * @module
 */
import type { LatencyHistogram } from '@dcrouter/metrics';
import type { IMetrics, IPercentiles, IThroughputPoint, IThroughputRate } from '../interfaces/metrics.ts';
import { limits } from '../limits/limits.ts';
import { AVERAGE_WINDOW_SECONDS, RATE_WINDOW_SECONDS } from '../limits/windows.ts';
import { AddressBytes, windowSeconds } from './addressbytes.ts';
import type { Recorder } from './recorder.ts';

const MS_PER_SECOND = 1_000;
const TOP_DEFAULT = 10;
const NOTHING: IThroughputRate = Object.freeze({ in: 0, out: 0 });

/** Byte totals at one moment. */
interface ISample {
  /** Unix time, to be shown. */
  readonly timestamp: number;
  /** Monotonic, to count with: the machine's clock may be set. */
  readonly atMs: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

export class Metrics implements IMetrics {
  readonly connections: IMetrics['connections'];
  readonly throughput: IMetrics['throughput'];
  readonly requests: IMetrics['requests'];
  readonly totals: IMetrics['totals'];
  readonly percentiles: IMetrics['percentiles'];
  readonly #recorder: Recorder;
  readonly #samples: ISample[] = [];
  readonly #routeBytes = new AddressBytes(false);
  readonly #retention: number;

  constructor(recorder: Recorder, retentionSeconds: number) {
    this.#recorder = recorder;
    this.#retention = Math.min(retentionSeconds, limits.historySeconds);
    this.connections = {
      active: () => recorder.active,
      total: () => recorder.connections,
      byRoute: () => new Map(recorder.routes().map((route) => [route.name, route.active])),
      byIP: () => new Map(recorder.byIp),
      topIPs: (limit = TOP_DEFAULT) => this.#topIps(limit),
    };
    this.throughput = {
      instant: () => this.#rate(1),
      recent: () => this.#rate(RATE_WINDOW_SECONDS),
      average: () => this.#rate(AVERAGE_WINDOW_SECONDS),
      custom: (seconds) => this.#custom(windowSeconds(seconds)),
      history: (seconds) => this.#history(seconds),
      byRoute: (seconds = 1) => this.#byRoute(seconds),
      byIP: (seconds = 1) => recorder.addressBytes.perSecond(seconds),
    };
    this.requests = {
      perSecond: () => recorder.requestRate.perSecond(1),
      perMinute: () => recorder.requestRate.perSecond(AVERAGE_WINDOW_SECONDS) * AVERAGE_WINDOW_SECONDS,
      total: () => recorder.requests,
    };
    this.totals = {
      bytesIn: () => this.#sampled().bytesIn,
      bytesOut: () => this.#sampled().bytesOut,
      connections: () => recorder.connections,
    };
    const { durations, bytesIn, bytesOut } = recorder.ended;
    this.percentiles = {
      connectionDuration: () => percentilesOf(durations, MS_PER_SECOND),
      bytesTransferred: () => ({ in: percentilesOf(bytesIn, 1), out: percentilesOf(bytesOut, 1) }),
    };
  }

  /**
   * Takes the sample of one second; the proxy calls it.
   *
   * @param atMs monotonic
   */
  sample(atMs: number = performance.now()): void {
    const { bytesIn, bytesOut } = this.#recorder;
    this.#samples.push({ timestamp: Date.now(), atMs, bytesIn, bytesOut });
    if (this.#samples.length > this.#retention + 1) this.#samples.shift();
    this.#recorder.rateRoutes(this.#routeBytes);
    this.#routeBytes.turn(atMs);
    this.#recorder.addressBytes.turn(atMs);
  }

  #sampled(): Recorder {
    this.#recorder.sampleOpen();
    return this.#recorder;
  }

  #topIps(limit: number): Array<{ ip: string; count: number }> {
    return Array.from(this.#recorder.byIp, ([ip, count]) => ({ ip, count }))
      .sort((one, other) => other.count - one.count)
      .slice(0, limit);
  }

  #rate(seconds: number): IThroughputRate {
    const { bytesIn, bytesOut } = this.#recorder.throughput.perSecond(seconds);
    return { in: bytesIn, out: bytesOut };
  }

  #history(seconds: number): IThroughputPoint[] {
    const samples = this.#samples.slice(-windowSeconds(seconds) - 1);
    return samples.slice(1).map((sample, at) => {
      const before = samples[at]!;
      const span = Math.max(1, sample.atMs - before.atMs) / MS_PER_SECOND;
      return {
        timestamp: sample.timestamp,
        in: (sample.bytesIn - before.bytesIn) / span,
        out: (sample.bytesOut - before.bytesOut) / span,
      };
    });
  }

  /** Longer than the meter remembers: from the samples of the history, as far as they reach. */
  #custom(seconds: number): IThroughputRate {
    const newest = this.#samples.at(-1);
    if (seconds <= AVERAGE_WINDOW_SECONDS || newest === undefined) return this.#rate(seconds);
    const fromMs = newest.atMs - seconds * MS_PER_SECOND;
    const before = this.#samples.findLast(({ atMs }) => atMs <= fromMs);
    const oldest = before ?? this.#samples[0]!;
    // What is younger than the window was nothing before: the mean is still over the window, as with shorter ones.
    const span =
      before === undefined ? Math.min(seconds, this.#retention) : (newest.atMs - oldest.atMs) / MS_PER_SECOND;
    return { in: (newest.bytesIn - oldest.bytesIn) / span, out: (newest.bytesOut - oldest.bytesOut) / span };
  }

  #byRoute(seconds: number): Map<string, IThroughputRate> {
    const moved = this.#routeBytes.perSecond(seconds);
    return new Map(this.#recorder.routes().map(({ name }) => [name, moved.get(name) ?? NOTHING]));
  }
}

function percentilesOf(values: LatencyHistogram, factor: number): IPercentiles {
  const [p50, p95, p99] = [0.5, 0.95, 0.99].map((q) => values.quantile(q) * factor) as [number, number, number];
  return { p50, p95, p99 };
}
