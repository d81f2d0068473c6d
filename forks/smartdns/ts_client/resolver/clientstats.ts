/**
 * The client's counters.
 *
 * @module
 */
import { BoundedCounterMap, LatencyHistogram } from '@dcrouter/metrics';
import type { IClientCacheStats } from '../cache/cache.ts';
import type { TClientSource } from '../interfaces/answers.ts';
import type { IClientLatencyStats, IClientSnapshot, IClientTotals } from '../interfaces/stats.ts';
import { clientLimits } from '../limits/limits.ts';

/** Plain fields that the resolver adds to; read through `Resolver.stats`. */
export class ClientCounters {
  queries = 0;
  answered = 0;
  failed = 0;
  cached = 0;
  coalesced = 0;
  special = 0;
  attempts = 0;
  attemptsFailed = 0;
  cnameSteps = 0;
  busy = 0;
  noerror = 0;
  nodata = 0;
  nxdomain = 0;
  readonly sources: Record<TClientSource, number> = { udp: 0, tcp: 0, tls: 0, https: 0, system: 0 };
  readonly types = new BoundedCounterMap({ limit: clientLimits.statsTypesMax });
  /** By error code: a closed set. */
  readonly errors: Record<string, number> = {};
  readonly latency = new LatencyHistogram();

  totals(): IClientTotals {
    const { queries, answered, failed, cached, coalesced, special, attempts, attemptsFailed, cnameSteps, busy } = this;
    const pending = queries - answered - failed;
    return {
      queries,
      answered,
      failed,
      pending,
      cached,
      coalesced,
      special,
      attempts,
      attemptsFailed,
      cnameSteps,
      busy,
    };
  }
}

/** A histogram as the statistics show it. */
export function latencyStats(histogram: LatencyHistogram): IClientLatencyStats {
  const quantileMs = (share: number): number => histogram.quantile(share) * 1000;
  return {
    count: histogram.count,
    sumSeconds: histogram.sum,
    p50Ms: quantileMs(0.5),
    p90Ms: quantileMs(0.9),
    p95Ms: quantileMs(0.95),
    p99Ms: quantileMs(0.99),
    maxMs: histogram.max * 1000,
  };
}

/** Where the numbers are kept. */
export interface IStatsSource {
  readonly counters: ClientCounters;
  readonly cache: { stats(): IClientCacheStats };
  snapshot(): IClientSnapshot;
}

/** Reads a client's numbers. */
export class ClientStats {
  readonly #engine: IStatsSource;

  constructor(engine: IStatsSource) {
    this.#engine = engine;
  }

  getTotalQueries(): number {
    return this.#engine.counters.queries;
  }

  getTotals(): IClientTotals {
    return this.#engine.counters.totals();
  }

  getCacheStats(): IClientCacheStats {
    return this.#engine.cache.stats();
  }

  getQueryTypeBreakdown(): Record<string, number> {
    return { ...this.snapshot().types };
  }

  getResponseCodeBreakdown(): Record<string, number> {
    return { ...this.snapshot().rcodes };
  }

  /** Failed queries by error code. */
  getErrors(): Record<string, number> {
    return { ...this.#engine.counters.errors };
  }

  /** Everything at one moment. */
  snapshot(): IClientSnapshot {
    return this.#engine.snapshot();
  }
}
