/**
 * The server's counters: plain numbers that the path of a query adds to, and the `IDnsStats` that reads them.
 *
 * @module
 */
import { LatencyHistogram, RateMeter, TopK, type ILatencyHistogramData } from '@dcrouter/metrics';
import { typeToName } from '#wire';
import type {
  IDnsCacheStats,
  IDnsLatencyStats,
  IDnsSnapshot,
  IDnsStats,
  IDnsTotals,
  IDnsZoneStats,
  TDnsSource,
} from '../interfaces/stats.ts';
import {
  rareTypesMax,
  rateSeconds,
  rateWindowSeconds,
  topClientsCapacity,
  topDomainsCapacity,
  topRowsTold,
} from '../limits/index.ts';
import { latencyStats, mergeLatency } from './latency.ts';
import { dropReasons, errorReasons, type TDropReason, type TErrorReason } from './reasons.ts';
import { rcodeRecord, rcodeSlots, ZoneCounterTable } from './zonecounters.ts';

/** Transports by index: what the path of a query carries instead of a string. */
export const sources: readonly TDnsSource[] = ['udp', 'tcp', 'tls', 'https'];

/** Types below this have a slot each: all that operators serve, and the meta types. */
const directTypes = 264;
/** Stands for the type of a message without a readable question; no type is above 65,535. */
export const typeNone = 65_536;

/** Everything that is counted, in a form that survives JSON and a message to another thread. */
export interface IDnsStatsData {
  scalars: Record<
    'received' | 'answered' | 'bytesIn' | 'bytesOut' | 'truncated' | 'cacheHits' | 'cacheMisses' | 'cacheEvictions',
    number
  >;
  streamsActive: number;
  streamsTotal: number;
  signatures: number;
  perSecond: number;
  types: number[];
  rareTypes: Array<[type: number, count: number]>;
  otherTypes: number;
  rcodes: number[];
  bySource: number[];
  drops: number[];
  errors: number[];
  latency: ILatencyHistogramData[];
  domains: Array<{ key: string; count: number }>;
  clients: Array<{ key: string; count: number }>;
  zones: Array<{ zone: string; queries: number; rcodes: number[] }>;
}

export class DnsStats implements IDnsStats {
  /** Messages that reached a transport. */
  received = 0;
  answered = 0;
  bytesIn = 0;
  bytesOut = 0;
  truncated = 0;
  cacheHits = 0;
  cacheMisses = 0;
  cacheEvictions = 0;
  /** Asks the signers; they count what they make. */
  readSignatures: () => number = () => 0;
  streamsActive = 0;
  streamsTotal = 0;
  readonly zones = new ZoneCounterTable();
  readonly rate: RateMeter;
  readonly domains = new TopK({ capacity: topDomainsCapacity });
  readonly clients = new TopK({ capacity: topClientsCapacity });
  readonly latency = sources.map(() => new LatencyHistogram());
  readonly #types = new Float64Array(directTypes + 1);
  readonly #rareTypes = new Map<number, number>();
  #otherTypes = 0;
  readonly #rcodes = new Float64Array(rcodeSlots);
  readonly #bySource = [0, 0, 0, 0];
  readonly #drops = dropReasons.map(() => 0);
  readonly #errors = errorReasons.map(() => 0);
  #mergedPerSecond = 0;
  readonly #startedMs: number;
  readonly #nowMs: () => number;

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
    this.#startedMs = nowMs();
    this.rate = new RateMeter({ seconds: rateSeconds, nowMs });
  }

  /** A message of `bytes` octets reached transport `source`. Every message passes here exactly once. */
  countReceived(source: number, bytes: number, nowMs: number): void {
    this.received++;
    this.bytesIn += bytes;
    this.#bySource[source]!++;
    this.rate.add(1, nowMs);
  }

  /** Every received message is counted under one type: its question's, or `typeNone`. */
  countType(type: number): void {
    if (type < directTypes) {
      this.#types[type]!++;
    } else if (type === typeNone) {
      this.#types[directTypes]!++;
    } else {
      this.#countRareType(type);
    }
  }

  /** An answer went to transport `source`. */
  countAnswered(source: number, rcode: number, bytes: number, truncated: boolean, seconds: number): void {
    this.answered++;
    this.bytesOut += bytes;
    if (truncated) {
      this.truncated++;
    }
    this.#rcodes[rcode < rcodeSlots ? rcode : rcodeSlots - 1]!++;
    this.latency[source]!.observe(seconds);
  }

  countDropped(reason: TDropReason): void {
    this.#drops[dropReasons.indexOf(reason)]!++;
  }

  countError(reason: TErrorReason): void {
    this.#errors[errorReasons.indexOf(reason)]!++;
  }

  #countRareType(type: number, by = 1): void {
    const count = this.#rareTypes.get(type);
    if (count !== undefined) {
      this.#rareTypes.set(type, count + by);
    } else if (this.#rareTypes.size < rareTypesMax) {
      this.#rareTypes.set(type, by);
    } else {
      this.#otherTypes += by;
    }
  }

  /** A plain copy of everything counted, for `merge` and other processes. */
  toData(): IDnsStatsData {
    const { received, answered, bytesIn, bytesOut, truncated, cacheHits, cacheMisses, cacheEvictions } = this;
    return {
      scalars: { received, answered, bytesIn, bytesOut, truncated, cacheHits, cacheMisses, cacheEvictions },
      streamsActive: this.streamsActive,
      streamsTotal: this.streamsTotal,
      signatures: this.readSignatures(),
      perSecond: this.getQueriesPerSecond(),
      types: [...this.#types],
      rareTypes: [...this.#rareTypes],
      otherTypes: this.#otherTypes,
      rcodes: [...this.#rcodes],
      bySource: [...this.#bySource],
      drops: [...this.#drops],
      errors: [...this.#errors],
      latency: this.latency.map((histogram) => histogram.toData()),
      domains: this.domains.top(topRowsTold),
      clients: this.clients.top(topRowsTold),
      zones: this.zones.toData(),
    };
  }

  /** Adds what another one counted. Its rate and signatures come on top of our own. */
  merge(data: IDnsStatsData): void {
    for (const key of Object.keys(data.scalars) as Array<keyof IDnsStatsData['scalars']>) {
      this[key] += data.scalars[key];
    }
    this.streamsActive += data.streamsActive;
    this.streamsTotal += data.streamsTotal;
    this.#mergedPerSecond += data.perSecond;
    const readOwn = this.readSignatures;
    this.readSignatures = () => readOwn() + data.signatures;
    addAll(this.#types, data.types);
    for (const [type, count] of data.rareTypes) {
      this.#countRareType(type, count);
    }
    this.#otherTypes += data.otherTypes;
    addAll(this.#rcodes, data.rcodes);
    addAll(this.#bySource, data.bySource);
    addAll(this.#drops, data.drops);
    addAll(this.#errors, data.errors);
    for (const [index, histogram] of this.latency.entries()) {
      histogram.mergeData(data.latency[index]!);
    }
    for (const { key, count } of data.domains) {
      this.domains.add(key, count);
    }
    for (const { key, count } of data.clients) {
      this.clients.add(key, count);
    }
    this.zones.merge(data.zones);
  }

  getTotalQueries(): number {
    return this.received;
  }

  getQueriesPerSecond(): number {
    return this.rate.perSecond(rateWindowSeconds) + this.#mergedPerSecond;
  }

  getCacheStats(): IDnsCacheStats {
    const lookups = this.cacheHits + this.cacheMisses;
    return {
      hits: this.cacheHits,
      misses: this.cacheMisses,
      hitRate: lookups === 0 ? 0 : this.cacheHits / lookups,
      evictions: this.cacheEvictions,
    };
  }

  getTopDomains(limit: number): Array<{ domain: string; count: number; maxError: number }> {
    return this.domains.top(limit).map(({ key, count, maxError }) => ({ domain: key, count, maxError }));
  }

  getTopClients(limit: number): Array<{ clientIp: string; count: number; maxError: number }> {
    return this.clients.top(limit).map(({ key, count, maxError }) => ({ clientIp: key, count, maxError }));
  }

  getQueryTypeBreakdown(): Record<string, number> {
    const record: Record<string, number> = {};
    for (const [type, count] of this.#types.entries()) {
      if (count > 0) {
        record[type === directTypes ? '(none)' : typeToName(type)] = count;
      }
    }
    for (const [type, count] of this.#rareTypes) {
      record[typeToName(type)] = count;
    }
    if (this.#otherTypes > 0) {
      record['other'] = this.#otherTypes;
    }
    return record;
  }

  getResponseCodeBreakdown(): Record<string, number> {
    return rcodeRecord(this.#rcodes);
  }

  getTransportBreakdown(): Record<TDnsSource, number> {
    const [udp = 0, tcp = 0, tls = 0, https = 0] = this.#bySource;
    return { udp, tcp, tls, https };
  }

  getLatency(): IDnsLatencyStats {
    return mergeLatency(this.latency);
  }

  getTotals(): IDnsTotals {
    return {
      received: this.received,
      answered: this.answered,
      dropped: this.#drops.reduce((sum, count) => sum + count, 0),
      bytesIn: this.bytesIn,
      bytesOut: this.bytesOut,
      truncated: this.truncated,
    };
  }

  /** Drops by reason, every reason present: a series exists before its first increment. */
  getDrops(): Record<string, number> {
    return Object.fromEntries(dropReasons.map((reason, index) => [reason, this.#drops[index] ?? 0]));
  }

  getFailures(): Record<string, number> {
    return Object.fromEntries(errorReasons.map((reason, index) => [reason, this.#errors[index] ?? 0]));
  }

  getErrors(): Record<string, number> {
    return { ...this.getDrops(), ...this.getFailures() };
  }

  getZoneStats(): IDnsZoneStats[] {
    return this.zones.read();
  }

  snapshot(): IDnsSnapshot {
    const [udp, tcp, tls, https] = this.latency;
    return {
      timestamp: Date.now(),
      uptimeSeconds: (this.#nowMs() - this.#startedMs) / 1_000,
      totals: this.getTotals(),
      queriesPerSecond: this.getQueriesPerSecond(),
      types: this.getQueryTypeBreakdown(),
      rcodes: this.getResponseCodeBreakdown(),
      transports: this.getTransportBreakdown(),
      dropsByReason: this.getDrops(),
      errors: this.getFailures(),
      cache: this.getCacheStats(),
      latency: {
        udp: latencyStats(udp!),
        tcp: latencyStats(tcp!),
        tls: latencyStats(tls!),
        https: latencyStats(https!),
      },
      zones: this.getZoneStats(),
      signatures: this.readSignatures(),
      tcpConnections: { active: this.streamsActive, total: this.streamsTotal },
    };
  }
}

function addAll(to: Float64Array | number[], from: readonly number[]): void {
  for (const [index, count] of from.entries()) {
    to[index] = (to[index] ?? 0) + count;
  }
}
