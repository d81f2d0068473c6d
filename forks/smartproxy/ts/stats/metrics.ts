/**
 * Upstream's grouped `IMetrics` (19.6.7 to 21.x) over the same counters as {@link IProxyStats}.
 *
 * @module
 */
import type { IMetrics, IThroughputPoint, IThroughputRate } from '../interfaces/metrics.ts';
import { limits } from '../limits/limits.ts';
import { AVERAGE_WINDOW_SECONDS, RATE_WINDOW_SECONDS } from '../limits/windows.ts';
import type { Recorder } from './recorder.ts';

const MS_PER_SECOND = 1_000;
const TOP_DEFAULT = 10;

/** Byte totals at one moment. */
interface ISample {
  readonly timestamp: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** Byte totals by route at one moment. */
interface IRouteSample {
  readonly timestamp: number;
  readonly routes: ReadonlyMap<string, IThroughputRate>;
}

export class Metrics implements IMetrics {
  readonly connections: IMetrics['connections'];
  readonly throughput: IMetrics['throughput'];
  readonly requests: IMetrics['requests'];
  readonly totals: IMetrics['totals'];
  readonly #recorder: Recorder;
  readonly #samples: ISample[] = [];
  /** Only as far back as rates by route are asked for: there may be thousands of routes. */
  readonly #routeSamples: IRouteSample[] = [];
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
      custom: (seconds) => this.#rate(seconds),
      history: (seconds) => this.#history(seconds),
      byRoute: (windowSeconds = 1) => this.#byRoute(windowSeconds),
      byIP: (windowSeconds = 1) => recorder.addressBytes.perSecond(windowSeconds),
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
  }

  /** Takes the sample of one second; the proxy calls it. */
  sample(): void {
    const { bytesIn, bytesOut } = this.#recorder;
    const routes = new Map(
      this.#recorder.routes().map((route) => [route.name, { in: route.bytesIn, out: route.bytesOut }]),
    );
    const timestamp = Date.now();
    this.#samples.push({ timestamp, bytesIn, bytesOut });
    if (this.#samples.length > this.#retention + 1) this.#samples.shift();
    this.#routeSamples.push({ timestamp, routes });
    if (this.#routeSamples.length > AVERAGE_WINDOW_SECONDS + 1) this.#routeSamples.shift();
    this.#recorder.addressBytes.turn(performance.now());
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
    const samples = this.#samples.slice(-(seconds + 1));
    return samples.slice(1).map((sample, at) => {
      const before = samples[at]!;
      const span = Math.max(1, sample.timestamp - before.timestamp) / MS_PER_SECOND;
      return {
        timestamp: sample.timestamp,
        in: (sample.bytesIn - before.bytesIn) / span,
        out: (sample.bytesOut - before.bytesOut) / span,
      };
    });
  }

  #byRoute(windowSeconds: number): Map<string, IThroughputRate> {
    const newest = this.#routeSamples.at(-1);
    const oldest = this.#routeSamples.at(-1 - windowSeconds) ?? this.#routeSamples[0];
    if (newest === undefined || oldest === undefined || newest === oldest) return new Map();
    const span = (newest.timestamp - oldest.timestamp) / MS_PER_SECOND;
    const rates = new Map<string, IThroughputRate>();
    for (const [name, total] of newest.routes) {
      const before = oldest.routes.get(name) ?? { in: 0, out: 0 };
      rates.set(name, { in: (total.in - before.in) / span, out: (total.out - before.out) / span });
    }
    return rates;
  }
}
