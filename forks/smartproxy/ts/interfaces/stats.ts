/**
 * What the proxy counts, and how it is read.
 *
 * Bytes are client-side bytes of the TCP connection (TLS records included), each counted once: `bytesIn` from the
 * client, `bytesOut` to the client. Times are monotonic. A connection is counted under exactly one route, or under
 * {@link UNROUTED} while (or because) no route was chosen.
 *
 * @module
 */
import type { TUpstreamState } from './upstreams.ts';

/** The route name under which connections and bytes are counted that never reached a route. */
export const UNROUTED = '(none)';
/** The route name under which connections of certificate authorities are counted that check a challenge answer. */
export const CHALLENGES = '(acme)';

/** A distribution of durations: counts since start, constant memory, quantiles within 5 %. */
export interface ILatencyStats {
  /** Number of observations since start. */
  readonly count: number;
  /** Sum of all observations, in seconds. */
  readonly sumSeconds: number;
  /** Quantiles in milliseconds; 0 while nothing was observed. */
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Cumulative counts by upper bound in seconds, ascending; the last bound is `Infinity` (null in JSON), its count all. */
  readonly buckets: ReadonlyArray<{ readonly le: number; readonly count: number }>;
}

/** HTTP responses sent to clients, by status class. */
export interface IStatusClassCounts {
  readonly '1xx': number;
  readonly '2xx': number;
  readonly '3xx': number;
  readonly '4xx': number;
  readonly '5xx': number;
}

export interface IProxyTotals {
  /** TCP connections accepted since start. */
  readonly connections: number;
  /** HTTP exchanges completed since start, whatever their end. */
  readonly requests: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Connections and requests refused: the sum of {@link IProxyStats.getRejectReasons}. */
  readonly rejected: number;
  /** Connections that ended for another reason than an orderly close by either side or by us. */
  readonly errors: number;
}

export interface IRouteStats {
  readonly routeName: string;
  /** Connections now open that are counted under this route. */
  readonly active: number;
  /** Connections ever counted under this route. */
  readonly total: number;
  readonly requests: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly statusClasses: IStatusClassCounts;
  /** From the request's first byte to the response's last byte. */
  readonly latency: ILatencyStats;
  /** Refused connections and requests of this route, by reason. */
  readonly rejects: Readonly<Record<string, number>>;
}

export interface IUpstreamStats {
  /** `host:port` of the target. */
  readonly target: string;
  /** Connections in use by an exchange or a tunnel. */
  readonly active: number;
  /** Keep-alive connections waiting in the pool. */
  readonly idle: number;
  /** Connections opened since start. */
  readonly connects: number;
  /** Exchanges that found a pooled connection. */
  readonly reuses: number;
  readonly requests: number;
  readonly retries: number;
  /** Exchanges waiting now for a connection, as the target's maximum is reached. */
  readonly waiting: number;
  /** Exchanges that had to wait, since start. */
  readonly queued: number;
  readonly connectLatency: ILatencyStats;
  readonly tlsLatency: ILatencyStats;
  /** From the request's last byte sent to the response's first byte. */
  readonly firstByteLatency: ILatencyStats;
  /** Failed connects and exchanges, by reason. */
  readonly failures: Readonly<Record<string, number>>;
  /** Neither its check nor what `setTargetHealth` said speaks against it. */
  readonly healthy: boolean;
  /** What `setUpstreamState` said; `ready` before that. */
  readonly state: TUpstreamState;
  /** Its share as set at run time; null: the routes' own. */
  readonly weight: number | null;
  /** The addresses that its name led to, with `resolver`; bounded, further ones under `other`. */
  readonly destinations: readonly IDestinationStats[];
}

/** How connecting to one address of a target's name went. */
export interface IDestinationStats {
  /** `address:port`. */
  readonly destination: string;
  readonly connects: number;
  readonly failures: number;
  /** Code of the last failure; null when there was none. */
  readonly lastError: string | null;
}

export interface IPoolStats {
  readonly targets: number;
  readonly active: number;
  readonly idle: number;
  readonly evicted: number;
}

export interface ITlsStats {
  readonly handshakes: number;
  readonly resumptions: number;
  /** Failed handshakes, by reason. */
  readonly failures: Readonly<Record<string, number>>;
  readonly versions: Readonly<Record<string, number>>;
  readonly alpn: Readonly<Record<string, number>>;
}

/** Everything, read at one moment: all numbers of one snapshot agree with each other. Plain JSON. */
export interface IProxySnapshot {
  /** Unix time in milliseconds. */
  readonly timestamp: number;
  readonly uptimeSeconds: number;
  readonly activeConnections: number;
  readonly totals: IProxyTotals;
  readonly requestsPerSecond: number;
  readonly throughput: { readonly bytesIn: number; readonly bytesOut: number };
  readonly routes: readonly IRouteStats[];
  readonly upstreams: readonly IUpstreamStats[];
  readonly pool: IPoolStats;
  readonly tls: ITlsStats;
  /** Closed connections by reason; the sum is total minus active. */
  readonly terminationReasons: Readonly<Record<string, number>>;
  readonly rejectReasons: Readonly<Record<string, number>>;
  /** Connections ever accepted, by type at close or now (`tcp`, `tls`, `http`, `https`, `websocket`, `unknown`). */
  readonly connectionTypes: Readonly<Record<string, number>>;
  /** Only where sockets may go into a ring (`sockets: 'ring'`). */
  readonly ring?: IRingStats;
}

/** Sockets of clients and targets that are served through an io_uring while they are busy. */
export interface IRingStats {
  /** Sockets in the ring now: those that entered, less those that returned or closed. */
  readonly active: number;
  readonly entered: number;
  /** Moved out again: long messages, or reading was held back. */
  readonly returned: number;
  readonly closed: number;
  /** Stayed out, as the ring had no place. */
  readonly refused: number;
  /** Receives that found no buffer and were begun again. */
  readonly bufferless: number;
  /** Messages that were sent on their own, as no block was free. */
  readonly blockless: number;
}

/** What all routes counted of HTTP together; cheap enough to be read every second. */
export interface IHttpTotals {
  /** Exchanges completed, by route name; routes at 0 are included. */
  readonly requestsByRoute: ReadonlyMap<string, number>;
  readonly statusClasses: IStatusClassCounts;
  /** As {@link ILatencyStats.buckets}, of the exchanges of all routes. */
  readonly latencyBuckets: ILatencyStats['buckets'];
}

export interface IProxyStats {
  /** Connections accepted and not yet closed. */
  getActiveConnections(): number;
  /** Connections accepted since start. */
  getTotalConnections(): number;
  /** Active connections by route name; {@link UNROUTED} holds those without a route. Routes at 0 are included. */
  getConnectionsByRoute(): Map<string, number>;
  /** Active connections by client address. Bounded: see the limits; an overflow is counted under `other`. */
  getConnectionsByIP(): Map<string, number>;
  /** HTTP requests completed per second, mean of the last 10 full seconds. */
  getRequestsPerSecond(): number;
  /** Bytes per second, mean of the last 10 full seconds. */
  getThroughput(): { bytesIn: number; bytesOut: number };
  getTotals(): IProxyTotals;
  /** One route's numbers, or every route's. Unknown names give an empty list. */
  getRouteStats(routeName?: string): IRouteStats[];
  /** The sum over all routes of what they counted of HTTP. */
  getHttpTotals(): IHttpTotals;
  getUpstreamStats(): IUpstreamStats[];
  getPoolStats(): IPoolStats;
  getTlsStats(): ITlsStats;
  /** Client addresses by connections ever accepted; a bounded sketch, `maxError` is the most a count may be too high. */
  getTopClients(limit: number): Array<{ clientIp: string; count: number; maxError: number }>;
  getTerminationReasons(): Map<string, number>;
  getRejectReasons(): Map<string, number>;
  snapshot(): IProxySnapshot;
}

/** The worker processes of a proxy with `workers`. */
export interface IWorkerStats {
  /** How many there shall be. */
  readonly configured: number;
  /** How many there are now. */
  readonly running: number;
  /** How many ended by themselves since the proxy was made. */
  readonly died: number;
  /** How many were started in place of one that died, and serve. */
  readonly replaced: number;
  /** Process ids of those that run. */
  readonly pids: readonly number[];
}
