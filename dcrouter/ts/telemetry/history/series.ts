/**
 * The series of the history: what a point holds, and from which reading it comes.
 *
 * @module
 */
import type { IHistorySeriesInfo, TSeriesKind } from '../types.ts';

/** One reading of everything, at one moment. Counts only grow; levels are as they are now. */
export interface IReading {
  readonly proxy: {
    readonly requests: number;
    readonly connections: number;
    readonly connectionsActive: number;
    readonly bytesIn: number;
    readonly bytesOut: number;
    readonly rejected: number;
    readonly errors: number;
    readonly upstreamFailures: number;
    /** 1xx to 5xx. */
    readonly statusClasses: readonly number[];
    /** Cumulative counts by {@link PROXY_BOUNDS}, over all routes. */
    readonly latency: readonly number[];
    /** Requests by route, in the order of the routes. */
    readonly routes: ReadonlyMap<string, number>;
  } | null;
  readonly dns: {
    readonly queries: number;
    readonly dropped: number;
    readonly rcodes: Readonly<Record<string, number>>;
    readonly cacheHits: number;
    readonly cacheMisses: number;
    /** Cumulative counts by the bounds of the DNS server. */
    readonly latency: readonly number[];
  } | null;
  readonly process: {
    readonly cpuSeconds: number;
    readonly residentBytes: number;
    /** The largest delay of the event loop since the last reading. */
    readonly eventLoopLagSeconds: number;
  };
}

export interface ISeries extends IHistorySeriesInfo {
  /** The counter or level; null while its part is not there. Undefined for quantiles, which come from buckets. */
  readonly read?: (reading: IReading) => number | null;
  /** Share and distribution of a quantile. */
  readonly quantile?: { readonly share: number; readonly of: 'proxy' | 'dns' };
}

const NAMED_RCODES = ['NOERROR', 'NXDOMAIN', 'SERVFAIL', 'REFUSED'] as const;

function proxy(
  name: string,
  unit: string,
  help: string,
  read: (of: NonNullable<IReading['proxy']>) => number,
  kind: TSeriesKind = 'sum',
): ISeries {
  return { name: `proxy.${name}`, kind, unit, help, read: (of) => of.proxy && read(of.proxy) };
}

function dns(name: string, help: string, read: (of: NonNullable<IReading['dns']>) => number): ISeries {
  return { name: `dns.${name}`, kind: 'sum', unit: 'queries', help, read: (of) => of.dns && read(of.dns) };
}

function quantile(of: 'proxy' | 'dns', share: number, help: string): ISeries {
  const name = `${of}.latency_p${share * 100}_seconds`;
  return { name, kind: 'max', unit: 'seconds', help, quantile: { share, of } };
}

/** Every series but those of routes. */
export const SERIES: readonly ISeries[] = [
  proxy('requests', 'requests', 'HTTP exchanges completed.', (of) => of.requests),
  proxy('connections', 'connections', 'Client connections accepted.', (of) => of.connections),
  proxy('connections_active', 'connections', 'Client connections open.', (of) => of.connectionsActive, 'mean'),
  proxy('bytes_in', 'bytes', 'Bytes from clients.', (of) => of.bytesIn),
  proxy('bytes_out', 'bytes', 'Bytes to clients.', (of) => of.bytesOut),
  proxy('rejected', 'rejections', 'Connections and requests refused.', (of) => of.rejected),
  proxy('errors', 'connections', 'Client connections that did not end in order.', (of) => of.errors),
  proxy('upstream_failures', 'failures', 'Failed connects and exchanges of upstreams.', (of) => of.upstreamFailures),
  ...[1, 2, 3, 4, 5].map((digit) =>
    proxy(
      `responses_${digit}xx`,
      'responses',
      `HTTP responses of class ${digit}xx.`,
      (of) => of.statusClasses[digit - 1]!,
    ),
  ),
  quantile('proxy', 0.5, 'Median time of the HTTP exchanges that ended in the step.'),
  quantile('proxy', 0.99, '99th percentile of the same.'),
  dns('queries', 'DNS messages received.', (of) => of.queries),
  dns('dropped', 'DNS messages that got no answer.', (of) => of.dropped),
  ...NAMED_RCODES.map((rcode) =>
    dns(`responses_${rcode.toLowerCase()}`, `DNS answers with ${rcode}.`, (of) => of.rcodes[rcode] ?? 0),
  ),
  dns('responses_other', 'DNS answers with another rcode.', (of) =>
    Object.entries(of.rcodes).reduce(
      (sum, [rcode, count]) => (NAMED_RCODES.some((named) => named === rcode) ? sum : sum + count),
      0,
    ),
  ),
  dns('cache_hits', 'Cacheable look-ups answered from the cache.', (of) => of.cacheHits),
  dns('cache_misses', 'Cacheable look-ups not answered from the cache.', (of) => of.cacheMisses),
  quantile('dns', 0.5, 'Median answer time of the DNS queries answered in the step.'),
  quantile('dns', 0.99, '99th percentile of the same.'),
  {
    name: 'process.cpu_seconds',
    kind: 'sum',
    unit: 'seconds',
    help: 'CPU time of this process, user and system.',
    read: (of) => of.process.cpuSeconds,
  },
  {
    name: 'process.resident_memory_bytes',
    kind: 'mean',
    unit: 'bytes',
    help: 'Memory of this process that is in RAM.',
    read: (of) => of.process.residentBytes,
  },
  {
    name: 'process.eventloop_lag_seconds',
    kind: 'max',
    unit: 'seconds',
    help: 'Largest delay of the event loop.',
    read: (of) => of.process.eventLoopLagSeconds,
  },
];

const ROUTE_PREFIX = 'proxy.route.requests:';

/** The series of one route. */
export function routeSeries(route: string): IHistorySeriesInfo {
  const name = `${ROUTE_PREFIX}${route}`;
  return { name, kind: 'sum', unit: 'requests', help: `HTTP exchanges of route '${route}'.` };
}

/** What a stored name means; undefined for one that another version wrote. */
export function seriesNamed(name: string): IHistorySeriesInfo | undefined {
  if (name.startsWith(ROUTE_PREFIX)) return routeSeries(name.slice(ROUTE_PREFIX.length));
  return SERIES.find((series) => series.name === name);
}
