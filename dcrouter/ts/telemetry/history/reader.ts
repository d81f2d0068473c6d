/**
 * Reads what the history samples: only counters and levels that the parts keep anyway.
 *
 * @module
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { latencyBoundsSeconds, type DnsServer } from '@dcrouter/smartdns/server';
import { LATENCY_BOUNDS_SECONDS, type SmartProxy } from '@dcrouter/smartproxy';
import type { IReading } from './series.ts';

const MICROS_PER_SECOND = 1e6;
const NANOS_PER_SECOND = 1e9;
/** How often the delay of the event loop is looked at, ms; as the metrics do. */
const LAG_RESOLUTION_MS = 20;

/** Bounds of the distributions in a reading. */
export const BOUNDS = { proxy: LATENCY_BOUNDS_SECONDS, dns: latencyBoundsSeconds } as const;

export interface IReaderSources {
  proxy(): Pick<SmartProxy, 'stats'> | null;
  dns(): Pick<DnsServer, 'stats'> | null;
}

export class Reader {
  readonly #sources: IReaderSources;
  readonly #delay = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS });

  constructor(sources: IReaderSources) {
    this.#sources = sources;
  }

  open(): void {
    this.#delay.enable();
  }

  close(): void {
    this.#delay.disable();
  }

  read(): IReading {
    return { proxy: this.#proxy(), dns: this.#dns(), process: this.#process() };
  }

  #proxy(): IReading['proxy'] {
    const stats = this.#sources.proxy()?.stats;
    if (stats === undefined) return null;
    const { requestsByRoute, statusClasses, latencyBuckets } = stats.getHttpTotals();
    let upstreamFailures = 0;
    for (const { failures } of stats.getUpstreamStats())
      for (const count of Object.values(failures)) upstreamFailures += count;
    const connectionsActive = stats.getActiveConnections();
    return {
      ...stats.getTotals(),
      connectionsActive,
      upstreamFailures,
      statusClasses: Object.values(statusClasses),
      latency: latencyBuckets.map(({ count }) => count),
      routes: requestsByRoute,
    };
  }

  #dns(): IReading['dns'] {
    const stats = this.#sources.dns()?.stats;
    if (stats === undefined) return null;
    const { received, dropped } = stats.getTotals();
    const { hits, misses } = stats.getCacheStats();
    return {
      queries: received,
      dropped,
      rcodes: stats.getResponseCodeBreakdown(),
      cacheHits: hits,
      cacheMisses: misses,
      latency: stats.getLatency().buckets.map(({ count }) => count),
    };
  }

  #process(): IReading['process'] {
    const { user, system } = process.cpuUsage();
    // Without a sample the maximum is no number that means anything.
    const lagNanos = this.#delay.count === 0 ? 0 : this.#delay.max;
    this.#delay.reset();
    return {
      cpuSeconds: (user + system) / MICROS_PER_SECOND,
      residentBytes: process.memoryUsage.rss(),
      eventLoopLagSeconds: lagNanos / NANOS_PER_SECOND,
    };
  }
}
