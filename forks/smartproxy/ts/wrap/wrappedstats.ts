/**
 * The wrapper's counters. What cannot be seen from outside reads 0 or empty; nothing is guessed.
 *
 * @module
 */
import { BoundedCounterMap, TopK } from '@dcrouter/metrics';
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
import type { IStockMetrics } from './interfaces.ts';

const msPerSecond = 1_000;
const noLatency: ILatencyStats = {
  count: 0,
  sumSeconds: 0,
  p50Ms: 0,
  p90Ms: 0,
  p95Ms: 0,
  p99Ms: 0,
  maxMs: 0,
  buckets: [{ le: Infinity, count: 0 }],
};

/** One accepted connection; its socket counts the bytes. */
export interface ISeenConnection {
  routeName: string;
  readonly clientIp: string;
  readonly socket: { readonly bytesRead: number; readonly bytesWritten: number };
}

class RouteCounters {
  active = 0;
  total = 0;
  bytesIn = 0;
  bytesOut = 0;
}

export class WrappedProxyStats implements IProxyStats {
  readonly #open = new Set<ISeenConnection>();
  readonly #routes = new Map<string, RouteCounters>();
  readonly #byIp = new BoundedCounterMap();
  readonly #clients = new TopK();
  readonly #reasons = new Map<string, number>();
  readonly #startedMs = performance.now();
  readonly #stock: () => IStockMetrics | undefined;
  #total = 0;
  #bytesIn = 0;
  #bytesOut = 0;
  #errors = 0;

  constructor(stock: () => IStockMetrics | undefined) {
    this.#stock = stock;
  }

  countOpen(connection: ISeenConnection): void {
    this.#total++;
    this.#open.add(connection);
    this.#byIp.add(connection.clientIp);
    this.#clients.add(connection.clientIp);
    const route = this.#route(connection.routeName);
    route.active++;
    route.total++;
  }

  /** The route became known later than the connection. */
  moveToRoute(connection: ISeenConnection, routeName: string): void {
    const from = this.#route(connection.routeName);
    from.active--;
    from.total--;
    connection.routeName = routeName;
    const to = this.#route(routeName);
    to.active++;
    to.total++;
  }

  countClose(connection: ISeenConnection, reason: string, failed: boolean): void {
    this.#open.delete(connection);
    this.#byIp.add(connection.clientIp, -1);
    if (this.#byIp.get(connection.clientIp) === 0) this.#byIp.delete(connection.clientIp);
    this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + 1);
    if (failed) this.#errors++;
    const { bytesRead, bytesWritten } = connection.socket;
    this.#bytesIn += bytesRead;
    this.#bytesOut += bytesWritten;
    const route = this.#route(connection.routeName);
    route.active--;
    route.bytesIn += bytesRead;
    route.bytesOut += bytesWritten;
  }

  #route(name: string): RouteCounters {
    let counters = this.#routes.get(name);
    if (counters === undefined) {
      counters = new RouteCounters();
      this.#routes.set(name, counters);
    }
    return counters;
  }

  /** Stock metrics, where no socket was ever seen: a proxy whose sockets are not in this process. */
  #instead(): IStockMetrics | undefined {
    return this.#total === 0 ? this.#stock() : undefined;
  }

  getActiveConnections(): number {
    return this.#instead()?.connections.active() ?? this.#open.size;
  }

  getTotalConnections(): number {
    return this.#instead()?.connections.total() ?? this.#total;
  }

  getConnectionsByRoute(): Map<string, number> {
    const own = (): Map<string, number> => new Map([...this.#routes].map(([name, { active }]) => [name, active]));
    return this.#instead()?.connections.byRoute() ?? own();
  }

  getConnectionsByIP(): Map<string, number> {
    return this.#instead()?.connections.byIP() ?? new Map(this.#byIp);
  }

  getRequestsPerSecond(): number {
    return this.#stock()?.requests?.perSecond() ?? 0;
  }

  getThroughput(): { bytesIn: number; bytesOut: number } {
    const recent = this.#stock()?.throughput.recent();
    return { bytesIn: recent?.in ?? 0, bytesOut: recent?.out ?? 0 };
  }

  getTotals(): IProxyTotals {
    const stock = this.#stock();
    const instead = this.#instead()?.totals;
    let bytesIn = instead?.bytesIn() ?? this.#bytesIn;
    let bytesOut = instead?.bytesOut() ?? this.#bytesOut;
    for (const { socket } of this.#open) {
      bytesIn += socket.bytesRead;
      bytesOut += socket.bytesWritten;
    }
    const requests = stock?.requests?.total() ?? 0;
    return { connections: this.getTotalConnections(), requests, bytesIn, bytesOut, rejected: 0, errors: this.#errors };
  }

  getRouteStats(routeName?: string): IRouteStats[] {
    return [...this.#routes]
      .filter(([name]) => routeName === undefined || name === routeName)
      .map(([name, counters]) => this.#readRoute(name, counters));
  }

  getHttpTotals(): IHttpTotals {
    return {
      requestsByRoute: new Map([...this.#routes.keys()].map((name) => [name, 0])),
      statusClasses: { '1xx': 0, '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0 },
      latencyBuckets: noLatency.buckets,
    };
  }

  #readRoute(routeName: string, { active, total, bytesIn, bytesOut }: RouteCounters): IRouteStats {
    const stats = { routeName, active, total, requests: 0, bytesIn, bytesOut };
    for (const { routeName: name, socket } of this.#open) {
      if (name !== routeName) continue;
      stats.bytesIn += socket.bytesRead;
      stats.bytesOut += socket.bytesWritten;
    }
    const statusClasses = { '1xx': 0, '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0 };
    return { ...stats, statusClasses, latency: noLatency, rejects: {} };
  }

  getUpstreamStats(): IUpstreamStats[] {
    return [];
  }

  getPoolStats(): IPoolStats {
    return { targets: 0, active: 0, idle: 0, evicted: 0 };
  }

  getTlsStats(): ITlsStats {
    return { handshakes: 0, resumptions: 0, failures: {}, versions: {}, alpn: {} };
  }

  getTopClients(limit: number): Array<{ clientIp: string; count: number; maxError: number }> {
    return this.#clients.top(limit).map(({ key, count, maxError }) => ({ clientIp: key, count, maxError }));
  }

  getTerminationReasons(): Map<string, number> {
    return new Map(this.#reasons);
  }

  getRejectReasons(): Map<string, number> {
    return new Map();
  }

  snapshot(): IProxySnapshot {
    return {
      timestamp: Date.now(),
      uptimeSeconds: (performance.now() - this.#startedMs) / msPerSecond,
      activeConnections: this.getActiveConnections(),
      totals: this.getTotals(),
      requestsPerSecond: this.getRequestsPerSecond(),
      throughput: this.getThroughput(),
      routes: this.getRouteStats(),
      upstreams: [],
      pool: this.getPoolStats(),
      tls: this.getTlsStats(),
      terminationReasons: Object.fromEntries(this.#reasons),
      rejectReasons: {},
      connectionTypes: { tcp: this.getTotalConnections() },
    };
  }
}
