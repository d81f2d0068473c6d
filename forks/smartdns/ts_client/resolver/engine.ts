/**
 * The way of one question: special names, cache, an equal question under way, then the resolvers.
 *
 * The engine knows no configuration of resolvers: it is handed a pool with every question, so that several pools share
 * one cache, one set of counters and one bound.
 *
 * @module
 */
import { findTypeNumber, isMetaType, normalizeName, recordTypes, typeToName } from '#wire';
import { DnsCache } from '../cache/cache.ts';
import type { CacheEntry } from '../cache/cache.ts';
import { DnsError, asDnsError } from '../errors/errors.ts';
import type { IDnsAnswer, IResolution } from '../interfaces/answers.ts';
import type { IResolveOptions, IResolverOptions } from '../interfaces/options.ts';
import type { IClientSnapshot } from '../interfaces/stats.ts';
import { clientLimits } from '../limits/limits.ts';
import { askedName } from '../names/names.ts';
import type { IQuestion } from '../transports/transport.ts';
import type { UpstreamPool } from '../upstreams/pool.ts';
import { Admission } from './admission.ts';
import { checkOptions, checkTimeout } from './checkoptions.ts';
import { ClientCounters, latencyStats } from './clientstats.ts';
import { ClientEvents } from './clientevents.ts';
import type { TResolverEmitter } from './clientevents.ts';
import { Flight } from './flight.ts';
import { Flights, waitFor } from './flights.ts';
import type { ILanding } from './flights.ts';
import { cachedResolution, freshResolution, specialResolution } from './resolution.ts';

/** One `resolve()` on its way. */
class Query {
  readonly id: number;
  readonly pool: UpstreamPool;
  readonly question: IQuestion;
  /** Normal form. */
  readonly domain: string;
  /** Cache keys of the question and of "this name does not exist". */
  readonly key: string;
  readonly nameKey: string;
  readonly options: IResolveOptions;
  readonly startMs: number;
  readonly timeoutMs: number;

  constructor(id: number, pool: UpstreamPool, question: IQuestion, options: IResolveOptions, timeoutMs: number) {
    this.id = id;
    this.pool = pool;
    this.question = question;
    this.domain = normalizeName(question.name);
    const flags = (question.dnssec ? 1 : 0) + (question.checkingDisabled ? 2 : 0);
    this.key = `${pool.id}${flags}:${question.typeNumber}:${this.domain}`;
    this.nameKey = `${pool.id}${flags}:nx:${this.domain}`;
    this.options = options;
    this.startMs = performance.now();
    this.timeoutMs = timeoutMs;
  }
}

/** Resolves questions over pools of resolvers. */
export class ResolverEngine {
  readonly counters = new ClientCounters();
  readonly cache: DnsCache;
  readonly #options: IResolverOptions;
  readonly #events: ClientEvents;
  readonly #admission: Admission;
  readonly #flights = new Flights();
  readonly #pools = new Set<UpstreamPool>();
  #lastQueryId = 0;
  #destroyed = false;

  /** @throws DnsError `EBADOPTION` */
  constructor(options: IResolverOptions, emitter: TResolverEmitter) {
    checkOptions(options);
    this.#options = options;
    this.#events = new ClientEvents(emitter);
    const { inFlightMax, waitingMax, cache } = options;
    this.#admission = new Admission(inFlightMax ?? clientLimits.inFlightMax, waitingMax ?? clientLimits.waitingMax);
    this.cache = new DnsCache(cache === false ? { entriesMax: 0 } : cache, (entry, reason) => {
      this.#events.cacheEvict(entry.domain, entry.type, reason);
    });
  }

  /** Makes a pool's statistics part of the engine's, and lets `destroy()` close it. */
  addPool(pool: UpstreamPool): UpstreamPool {
    this.#pools.add(pool);
    return pool;
  }

  removePool(pool: UpstreamPool): void {
    pool.close();
    this.#pools.delete(pool);
  }

  /**
   * Resolves a name.
   *
   * @throws DnsError (as a rejection) with any code but `ENOTFOUND` and `ENODATA`: those are answers here
   */
  async resolve(
    pool: UpstreamPool,
    name: string,
    type: string | number,
    options: IResolveOptions,
  ): Promise<IResolution> {
    const { counters } = this;
    const id = (this.#lastQueryId += 1);
    const startMs = performance.now();
    counters.queries += 1;
    let shownType = String(type);
    try {
      if (this.#destroyed) throw new DnsError('EDESTROYED');
      checkTimeout(options.timeoutMs);
      const question = this.#question(name, type, options);
      shownType = question.type;
      counters.types.add(shownType);
      const timeoutMs = options.timeoutMs ?? this.#options.timeoutMs ?? clientLimits.timeoutMs;
      const query = new Query(id, pool, question, options, timeoutMs);
      const result = await this.#serve(query);
      this.#countAnswer(result, startMs);
      return result;
    } catch (error) {
      const failure = asDnsError(error, 'ECONNECT').withQuestion(String(name), shownType);
      counters.failed += 1;
      counters.errors[failure.code] = (counters.errors[failure.code] ?? 0) + 1;
      if (failure.code === 'EBUSY') counters.busy += 1;
      counters.latency.observe((performance.now() - startMs) / 1000);
      this.#events.failed(id, String(name), shownType, failure);
      throw failure;
    }
  }

  snapshot(): IClientSnapshot {
    const { counters } = this;
    const nowMs = performance.now();
    return {
      timestamp: Date.now(),
      totals: counters.totals(),
      types: Object.fromEntries(counters.types),
      rcodes: { NOERROR: counters.noerror, NXDOMAIN: counters.nxdomain },
      nodata: counters.nodata,
      sources: { ...counters.sources },
      errors: { ...counters.errors },
      cache: this.cache.stats(),
      latency: latencyStats(counters.latency),
      upstreams: [...this.#pools].flatMap((pool) => pool.upstreams.map((upstream) => upstream.stats(nowMs))),
      inFlight: this.#admission.taken,
      waiting: this.#admission.waiting,
    };
  }

  flushCache(name: string | undefined): void {
    this.cache.flush(name === undefined ? undefined : normalizeName(askedName(name)));
  }

  /** Closes every socket; whatever is under way rejects with `EDESTROYED`. */
  destroy(): void {
    this.#destroyed = true;
    this.release();
  }

  /** Closes every socket and forgets all answers, but lets further questions come with new pools. */
  release(): void {
    this.#admission.close();
    for (const pool of this.#pools) pool.close();
    this.#pools.clear();
    this.cache.flush();
  }

  #question(name: string, type: string | number, options: IResolveOptions): IQuestion {
    const typeNumber = typeof type === 'number' ? type : findTypeNumber(type);
    const askable = typeNumber === recordTypes.ANY || (typeNumber > 0 && typeNumber <= 0xffff);
    if (!askable || (isMetaType(typeNumber) && typeNumber !== recordTypes.ANY)) {
      throw new DnsError('EBADTYPE', { note: String(type) });
    }
    return {
      name: askedName(name),
      type: typeToName(typeNumber),
      typeNumber,
      recursionDesired: this.#options.recursionDesired ?? true,
      dnssec: options.dnssec ?? this.#options.dnssec ?? false,
      checkingDisabled: options.checkingDisabled ?? false,
    };
  }

  async #serve(query: Query): Promise<IResolution> {
    const { question, options } = query;
    if (options.signal?.aborted === true) throw new DnsError('EABORTED', { cause: options.signal.reason });
    if (this.#options.specialNames !== false) {
      const special = specialResolution(question, query.domain);
      if (special !== undefined) {
        this.counters.special += 1;
        this.#events.answered(query.id, special, 0, false);
        return special;
      }
    }
    const cacheable = this.cache.enabled && question.typeNumber !== recordTypes.ANY;
    if (cacheable && (options.cache ?? 'use') === 'use') {
      const entry = this.cache.find(query.key, query.nameKey, query.startMs);
      this.#events.cacheLookup(entry !== undefined, question.name, question.type);
      if (entry !== undefined) return this.#fromCache(query, entry);
    }
    const landing = await this.#fly(query, cacheable);
    const result = freshResolution(question, landing, performance.now() - query.startMs);
    this.#events.answered(query.id, result, landing.answer.bytes, result.fromTcp);
    return result;
  }

  #fromCache(query: Query, entry: CacheEntry): IResolution {
    if (entry.failure !== undefined) throw entry.failure;
    const result = cachedResolution(query.question, entry.answer as IDnsAnswer, entry, query.startMs);
    this.counters.cached += 1;
    this.#events.answered(query.id, result, (entry.answer as IDnsAnswer).bytes, false);
    return result;
  }

  /** Joins the flight of an equal question, or starts one. */
  #fly(query: Query, cacheable: boolean): Promise<ILanding> {
    const { options, key } = query;
    const alone = options.cache === 'bypass';
    const underWay = alone ? undefined : this.#flights.find(key);
    if (underWay !== undefined) {
      this.counters.coalesced += 1;
      return waitFor(underWay, query.timeoutMs, options.signal);
    }
    const flight = this.#launch(query, cacheable && !alone);
    if (!alone) this.#flights.add(key, flight);
    return options.signal === undefined ? flight : waitFor(flight, query.timeoutMs, options.signal);
  }

  async #launch(query: Query, store: boolean): Promise<ILanding> {
    const { question, timeoutMs } = query;
    const line = this.#admission.enter(timeoutMs);
    if (line !== undefined) await line;
    try {
      const flight = new Flight(query.pool, query.startMs + timeoutMs, query.id, this.counters, this.#events);
      const answer = await flight.run(question);
      if (store) {
        // A name that does not exist has no records of any type (RFC 2308 §5); behind an alias that is another name.
        const wholeName = answer.rcode === 'NXDOMAIN' && answer.answers.length === 0;
        const key = wholeName ? query.nameKey : query.key;
        this.cache.storeAnswer(key, query.domain, question.type, answer, performance.now());
      }
      return { answer, stale: false };
    } catch (error) {
      if (!store) throw error;
      return this.#afterFailure(query, asDnsError(error, 'ECONNECT'));
    } finally {
      this.#admission.leave();
    }
  }

  /** A stale answer where one may be given (RFC 8767), else the failure is remembered and thrown. */
  #afterFailure(query: Query, error: DnsError): ILanding {
    const { question } = query;
    const nowMs = performance.now();
    if (!error.retry) throw error;
    const entry = this.cache.findStale(query.key, query.nameKey, nowMs);
    if (entry?.answer !== undefined) return { answer: entry.answer, stale: true };
    const failure = error.withQuestion(question.name, question.type);
    this.cache.storeFailure(query.key, query.domain, question.type, failure, nowMs);
    throw failure;
  }

  #countAnswer(result: IResolution, startMs: number): void {
    const { counters } = this;
    counters.answered += 1;
    if (result.rcode === 'NXDOMAIN') counters.nxdomain += 1;
    else {
      counters.noerror += 1;
      if (result.records.length === 0) counters.nodata += 1;
    }
    if (!result.cached) counters.sources[result.source] += 1;
    counters.latency.observe((performance.now() - startMs) / 1000);
  }
}
