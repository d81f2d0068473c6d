/**
 * What the DNS server counts, and how it is read.
 *
 * Every message that reaches a transport is counted once as received, and once as answered or as dropped for one
 * reason: received = answered + dropped. Every received query is counted under one type, one transport and, when
 * answered, one rcode.
 *
 * @module
 */

export type TDnsSource = 'udp' | 'tcp' | 'tls' | 'https';

/** A distribution of answer times: counts since start, constant memory, quantiles within 5 %. */
export interface IDnsLatencyStats {
  readonly count: number;
  readonly sumSeconds: number;
  /** Quantiles in milliseconds; 0 while nothing was observed. */
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Cumulative counts by upper bound in seconds, ascending; the last bound is `Infinity` and equals `count`. */
  readonly buckets: ReadonlyArray<{ readonly le: number; readonly count: number }>;
}

export interface IDnsCacheStats {
  readonly hits: number;
  readonly misses: number;
  /** `hits / (hits + misses)`, 0 when nothing was looked up. */
  readonly hitRate: number;
  /** Answers that made room for others. */
  readonly evictions: number;
}

export interface IDnsTotals {
  /** Messages received, garbage included. */
  readonly received: number;
  readonly answered: number;
  /** Messages that got no answer: the sum of `dropsByReason`. */
  readonly dropped: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Answers sent with TC set. */
  readonly truncated: number;
}

export interface IDnsZoneStats {
  /** Zone origin or handler pattern as registered. */
  readonly zone: string;
  readonly queries: number;
  readonly rcodes: Readonly<Record<string, number>>;
}

/** Everything, read at one moment. Plain JSON. */
export interface IDnsSnapshot {
  /** Unix time in milliseconds. */
  readonly timestamp: number;
  readonly uptimeSeconds: number;
  readonly totals: IDnsTotals;
  readonly queriesPerSecond: number;
  readonly types: Readonly<Record<string, number>>;
  readonly rcodes: Readonly<Record<string, number>>;
  readonly transports: Readonly<Record<TDnsSource, number>>;
  readonly dropsByReason: Readonly<Record<string, number>>;
  readonly errors: Readonly<Record<string, number>>;
  readonly cache: IDnsCacheStats;
  readonly latency: Readonly<Record<TDnsSource, IDnsLatencyStats>>;
  readonly zones: readonly IDnsZoneStats[];
  /** DNSSEC signatures made; one is used for many answers. */
  readonly signatures: number;
  /** TCP and TLS connections, DoH included. */
  readonly tcpConnections: { readonly active: number; readonly total: number };
}

export interface IDnsStats {
  /** Messages received since start. */
  getTotalQueries(): number;
  /** Mean of the last 10 full seconds. */
  getQueriesPerSecond(): number;
  getCacheStats(): IDnsCacheStats;
  /** Names by queries; a bounded sketch, `maxError` is the most a count may be too high. */
  getTopDomains(limit: number): Array<{ domain: string; count: number; maxError: number }>;
  /** Queries by type mnemonic (`A`, `AAAA`, `TYPE65280`, `other` past the limit; `(none)` for messages without a readable question). */
  getQueryTypeBreakdown(): Record<string, number>;
  getResponseCodeBreakdown(): Record<string, number>;
  getTransportBreakdown(): Record<TDnsSource, number>;
  getTopClients(limit: number): Array<{ clientIp: string; count: number; maxError: number }>;
  /** Answer times over all transports. */
  getLatency(): IDnsLatencyStats;
  getTotals(): IDnsTotals;
  /** Failures and drops by reason. */
  getErrors(): Record<string, number>;
  getZoneStats(): IDnsZoneStats[];
  snapshot(): IDnsSnapshot;
}
