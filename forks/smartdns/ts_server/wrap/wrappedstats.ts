/**
 * The wrapper's counters. What a stock server hides reads 0, `unknown` or empty; nothing is guessed.
 *
 * @module
 */
import { BoundedCounterMap, LatencyHistogram, RateMeter, TopK } from '@dcrouter/metrics';
import type {
  IDnsCacheStats,
  IDnsLatencyStats,
  IDnsSnapshot,
  IDnsStats,
  IDnsTotals,
  IDnsZoneStats,
} from '../interfaces/stats.ts';
import { rareTypesMax, rateSeconds, rateWindowSeconds, topDomainsCapacity, zoneCountersMax } from '../limits/index.ts';
import { latencyStats } from '../stats/latency.ts';
import type { TWrappedDnsSource } from './interfaces.ts';

/** {@link IDnsStats} with a fifth transport, `unknown`, under which everything stands. */
export interface IWrappedDnsStats extends Omit<IDnsStats, 'getTransportBreakdown' | 'snapshot'> {
  getTransportBreakdown(): Record<TWrappedDnsSource, number>;
  snapshot(): Omit<IDnsSnapshot, 'transports' | 'latency'> & {
    readonly transports: Readonly<Record<TWrappedDnsSource, number>>;
    readonly latency: Readonly<Record<TWrappedDnsSource, IDnsLatencyStats>>;
  };
}

const unseen = new LatencyHistogram();
const msPerSecond = 1_000;

export class WrappedDnsStats implements IWrappedDnsStats {
  #received = 0;
  #handlerErrors = 0;
  readonly #types = new BoundedCounterMap({ limit: rareTypesMax });
  readonly #zones = new BoundedCounterMap({ limit: zoneCountersMax });
  readonly #domains = new TopK({ capacity: topDomainsCapacity });
  readonly #latency = new LatencyHistogram();
  readonly #rate = new RateMeter({ seconds: rateSeconds });
  readonly #startedMs = performance.now();

  /** One query, seen when its handlers were done. */
  countQuery(domain: string, type: string, zone: string | undefined, seconds: number): void {
    this.#received++;
    this.#rate.add();
    this.#types.add(type);
    this.#domains.add(domain);
    this.#latency.observe(seconds);
    if (zone !== undefined) this.#zones.add(zone);
  }

  countHandlerError(): void {
    this.#handlerErrors++;
  }

  getTotalQueries(): number {
    return this.#received;
  }

  getQueriesPerSecond(): number {
    return this.#rate.perSecond(rateWindowSeconds);
  }

  getCacheStats(): IDnsCacheStats {
    return { hits: 0, misses: 0, hitRate: 0, evictions: 0 };
  }

  getTopDomains(limit: number): Array<{ domain: string; count: number; maxError: number }> {
    return this.#domains.top(limit).map(({ key, count, maxError }) => ({ domain: key, count, maxError }));
  }

  getTopClients(): Array<{ clientIp: string; count: number; maxError: number }> {
    return [];
  }

  getQueryTypeBreakdown(): Record<string, number> {
    return Object.fromEntries(this.#types);
  }

  getResponseCodeBreakdown(): Record<string, number> {
    return this.#received === 0 ? {} : { unknown: this.#received };
  }

  getTransportBreakdown(): Record<TWrappedDnsSource, number> {
    return { udp: 0, tcp: 0, tls: 0, https: 0, unknown: this.#received };
  }

  getLatency(): IDnsLatencyStats {
    return latencyStats(this.#latency);
  }

  getTotals(): IDnsTotals {
    return {
      received: this.#received,
      answered: this.#received,
      dropped: 0,
      bytesIn: 0,
      bytesOut: 0,
      truncated: 0,
    };
  }

  getErrors(): Record<string, number> {
    return { handler: this.#handlerErrors };
  }

  getZoneStats(): IDnsZoneStats[] {
    return [...this.#zones].map(([zone, queries]) => ({ zone, queries, rcodes: { unknown: queries } }));
  }

  snapshot(): ReturnType<IWrappedDnsStats['snapshot']> {
    const none = latencyStats(unseen);
    return {
      timestamp: Date.now(),
      uptimeSeconds: (performance.now() - this.#startedMs) / msPerSecond,
      totals: this.getTotals(),
      queriesPerSecond: this.getQueriesPerSecond(),
      types: this.getQueryTypeBreakdown(),
      rcodes: this.getResponseCodeBreakdown(),
      transports: this.getTransportBreakdown(),
      dropsByReason: {},
      errors: this.getErrors(),
      cache: this.getCacheStats(),
      latency: { udp: none, tcp: none, tls: none, https: none, unknown: this.getLatency() },
      zones: this.getZoneStats(),
      signatures: 0,
      tcpConnections: { active: 0, total: 0 },
    };
  }
}
