/**
 * `IProxyStats` over the recorder: only reads, never counts.
 *
 * @module
 */
import type { LatencyHistogram } from '@dcrouter/metrics';
import type {
  IHttpTotals,
  ILatencyStats,
  IPoolStats,
  IProxySnapshot,
  IProxyStats,
  IProxyTotals,
  IRouteStats,
  ITlsStats,
  IUpstreamStats,
} from '../interfaces/stats.ts';
import { RATE_WINDOW_SECONDS, LATENCY_BOUNDS_SECONDS } from '../limits/windows.ts';
import type { RouteCounters, UpstreamCounters } from './counters.ts';
import type { TargetControl, UpstreamStates } from '../upstream/states.ts';
import { HttpTotals } from './httptotals.ts';
import type { Recorder } from './recorder.ts';

const MS_PER_SECOND = 1_000;

/** The connection type of every open connection, read when asked. */
export type TOpenTypes = () => Map<string, number>;

export class ProxyStats implements IProxyStats {
  readonly #recorder: Recorder;
  readonly #openTypes: TOpenTypes;
  readonly #httpTotals = new HttpTotals();
  readonly #states: UpstreamStates;

  constructor(recorder: Recorder, openTypes: TOpenTypes, states: UpstreamStates) {
    this.#recorder = recorder;
    this.#states = states;
    this.#openTypes = openTypes;
  }

  getActiveConnections(): number {
    return this.#recorder.active;
  }

  getTotalConnections(): number {
    return this.#recorder.connections;
  }

  getConnectionsByRoute(): Map<string, number> {
    const active = new Map<string, number>();
    for (const route of this.#recorder.routes()) active.set(route.name, route.active);
    return active;
  }

  getConnectionsByIP(): Map<string, number> {
    return new Map(this.#recorder.byIp);
  }

  getRequestsPerSecond(): number {
    return this.#recorder.requestRate.perSecond(RATE_WINDOW_SECONDS);
  }

  getThroughput(): { bytesIn: number; bytesOut: number } {
    const { bytesIn, bytesOut } = this.#recorder.throughput.perSecond(RATE_WINDOW_SECONDS);
    return { bytesIn, bytesOut };
  }

  getTotals(): IProxyTotals {
    this.#recorder.sampleOpen();
    return this.#totals();
  }

  getRouteStats(routeName?: string): IRouteStats[] {
    this.#recorder.sampleOpen();
    const routes = this.#recorder.routes();
    const wanted = routeName === undefined ? routes : routes.filter((route) => route.name === routeName);
    return wanted.map((route) => toRouteStats(route));
  }

  getHttpTotals(): IHttpTotals {
    return this.#httpTotals.read(this.#recorder.routes());
  }

  getUpstreamStats(): IUpstreamStats[] {
    return Array.from(this.#recorder.upstreams.values(), (upstream) =>
      toUpstreamStats(upstream, this.#states.find(upstream.target)),
    );
  }

  getPoolStats(): IPoolStats {
    const pool = { targets: 0, active: 0, idle: 0, evicted: 0 };
    for (const upstream of this.#recorder.upstreams.values()) {
      pool.targets += 1;
      pool.active += upstream.active;
      pool.idle += upstream.idle;
      pool.evicted += upstream.evicted;
    }
    return pool;
  }

  getTlsStats(): ITlsStats {
    const { handshakes, resumptions, failures, versions, alpn } = this.#recorder.tls;
    return {
      handshakes,
      resumptions,
      failures: failures.toRecord(),
      versions: versions.toRecord(),
      alpn: alpn.toRecord(),
    };
  }

  getTopClients(limit: number): Array<{ clientIp: string; count: number; maxError: number }> {
    return this.#recorder.topClients.top(limit).map(({ key, count, maxError }) => ({ clientIp: key, count, maxError }));
  }

  getTerminationReasons(): Map<string, number> {
    return new Map(this.#recorder.terminations.counts);
  }

  getRejectReasons(): Map<string, number> {
    return new Map(this.#recorder.rejects.counts);
  }

  snapshot(): IProxySnapshot {
    const recorder = this.#recorder;
    recorder.sampleOpen();
    return {
      timestamp: Date.now(),
      uptimeSeconds: (performance.now() - recorder.startedAtMs) / MS_PER_SECOND,
      activeConnections: recorder.active,
      totals: this.#totals(),
      requestsPerSecond: this.getRequestsPerSecond(),
      throughput: this.getThroughput(),
      routes: recorder.routes().map((route) => toRouteStats(route)),
      upstreams: this.getUpstreamStats(),
      pool: this.getPoolStats(),
      tls: this.getTlsStats(),
      terminationReasons: recorder.terminations.toRecord(),
      rejectReasons: recorder.rejects.toRecord(),
      connectionTypes: this.#connectionTypes(),
      ...(recorder.ring.opened ? { ring: recorder.ring.read() } : {}),
    };
  }

  #totals(): IProxyTotals {
    const { connections, requests, bytesIn, bytesOut, rejects, errors } = this.#recorder;
    return { connections, requests, bytesIn, bytesOut, rejected: rejects.total, errors };
  }

  #connectionTypes(): Record<string, number> {
    const types = new Map(this.#recorder.closedTypes.counts);
    for (const [type, count] of this.#openTypes()) types.set(type, (types.get(type) ?? 0) + count);
    return Object.fromEntries(types);
  }
}

function toRouteStats(route: RouteCounters): IRouteStats {
  const [, c1 = 0, c2 = 0, c3 = 0, c4 = 0, c5 = 0] = route.statusClasses;
  return {
    routeName: route.name,
    active: route.active,
    total: route.total,
    requests: route.requests,
    bytesIn: route.bytesIn,
    bytesOut: route.bytesOut,
    statusClasses: { '1xx': c1, '2xx': c2, '3xx': c3, '4xx': c4, '5xx': c5 },
    latency: toLatencyStats(route.latency),
    rejects: route.rejects.toRecord(),
  };
}

function toUpstreamStats(upstream: UpstreamCounters, control: TargetControl | undefined): IUpstreamStats {
  return {
    target: upstream.target,
    active: upstream.active,
    idle: upstream.idle,
    connects: upstream.connects,
    reuses: upstream.reuses,
    requests: upstream.requests,
    retries: upstream.retries,
    waiting: upstream.waiting,
    queued: upstream.queued,
    connectLatency: toLatencyStats(upstream.connectLatency),
    tlsLatency: toLatencyStats(upstream.tlsLatency),
    firstByteLatency: toLatencyStats(upstream.firstByteLatency),
    failures: upstream.failures.toRecord(),
    healthy: upstream.healthy && control?.healthy !== false,
    state: control?.state ?? 'ready',
    weight: control?.weight ?? null,
    destinations: Array.from(upstream.destinations.counts, ([destination, { connects, failures, lastError }]) => ({
      destination,
      connects,
      failures,
      lastError,
    })),
  };
}

function toLatencyStats(latency: LatencyHistogram): ILatencyStats {
  const quantileMs = (q: number): number => latency.quantile(q) * MS_PER_SECOND;
  return {
    count: latency.count,
    sumSeconds: latency.sum,
    p50Ms: quantileMs(0.5),
    p90Ms: quantileMs(0.9),
    p95Ms: quantileMs(0.95),
    p99Ms: quantileMs(0.99),
    maxMs: latency.max * MS_PER_SECOND,
    buckets: latency.cumulative(LATENCY_BOUNDS_SECONDS),
  };
}
