/**
 * The answer cache: exact TTLs, negative answers and failures, least recently used goes first.
 *
 * @module
 */
import type { IDnsAnswer } from '../interfaces/answers.ts';
import type { DnsError } from '../errors/errors.ts';
import { clientLimits } from '../limits/limits.ts';
import { LinkHead, linkNewest, unlink } from './links.ts';
import type { ILink } from './links.ts';

export interface IDnsCacheOptions {
  /** Answers kept; 0 turns the cache off. Default 10,000. */
  readonly entriesMax?: number;
  /** Bytes kept, as wire size plus 512 per entry. Default 16 MiB. */
  readonly bytesMax?: number;
  /** Longest life of a positive answer in seconds. Default 86,400. */
  readonly ttlMaxSeconds?: number;
  /** Longest life of a negative answer in seconds (RFC 2308 §5). Default 3,600. */
  readonly negativeTtlMaxSeconds?: number;
  /** Milliseconds for which a failure to resolve is remembered (RFC 9520). Default 1,000; 0 turns it off. */
  readonly failureMs?: number;
  /** Seconds past its TTL for which an answer may be given when no resolver answers (RFC 8767). Default 0: never. */
  readonly staleSeconds?: number;
}

/** Why an entry left the cache. */
export type TEvictReason = 'capacity' | 'expired' | 'replaced' | 'flushed';

export interface IClientCacheStats {
  readonly hits: number;
  readonly misses: number;
  /** `hits / (hits + misses)`, 0 when nothing was looked up. */
  readonly hitRate: number;
  /** Hits that were remembered failures; part of `hits`. */
  readonly failureHits: number;
  /** Answers given past their TTL because no resolver answered. */
  readonly staleHits: number;
  readonly insertions: number;
  /** Entries that had to make room. */
  readonly evictions: number;
  /** Entries removed because their time was over. */
  readonly expirations: number;
  readonly entries: number;
  readonly bytes: number;
}

/** One kept answer or failure. `answer` and `failure`: exactly one is set. */
export class CacheEntry implements ILink {
  newer: ILink;
  older: ILink;
  readonly key: string;
  readonly domain: string;
  readonly type: string;
  readonly answer: IDnsAnswer | undefined;
  readonly failure: DnsError | undefined;
  readonly storedAtMs: number;
  readonly expiresAtMs: number;
  readonly bytes: number;
  /** Until then a stale answer is given at once instead of asking again (RFC 8767 §5, failure recheck timer). */
  recheckAtMs: number;

  constructor(
    key: string,
    domain: string,
    type: string,
    content: IDnsAnswer | DnsError,
    storedAtMs: number,
    lifeMs: number,
  ) {
    this.newer = this;
    this.older = this;
    this.key = key;
    this.domain = domain;
    this.type = type;
    const isFailure = content instanceof Error;
    this.answer = isFailure ? undefined : content;
    this.failure = isFailure ? content : undefined;
    this.storedAtMs = storedAtMs;
    this.expiresAtMs = storedAtMs + lifeMs;
    this.recheckAtMs = 0;
    this.bytes = (isFailure ? 0 : content.bytes) + clientLimits.cacheEntryOverheadBytes;
  }
}

/** Called when an entry leaves; must not throw. */
export type TEvictListener = (entry: CacheEntry, reason: TEvictReason) => void;

/**
 * Answers by key. Time comes from outside with every call, so that one reading of the clock serves a whole look-up.
 */
export class DnsCache {
  readonly #entries = new Map<string, CacheEntry>();
  readonly #order = new LinkHead();
  readonly #entriesMax: number;
  readonly #bytesMax: number;
  readonly #ttlMaxMs: number;
  readonly #negativeTtlMaxMs: number;
  readonly #failureMs: number;
  readonly #staleMs: number;
  readonly #onEvict: TEvictListener | undefined;
  #bytes = 0;
  #hits = 0;
  #misses = 0;
  #failureHits = 0;
  #staleHits = 0;
  #insertions = 0;
  #evictions = 0;
  #expirations = 0;

  constructor(options: IDnsCacheOptions = {}, onEvict?: TEvictListener) {
    this.#entriesMax = options.entriesMax ?? clientLimits.cacheEntriesMax;
    this.#bytesMax = options.bytesMax ?? clientLimits.cacheBytesMax;
    this.#ttlMaxMs = (options.ttlMaxSeconds ?? clientLimits.cacheTtlMaxSeconds) * 1000;
    this.#negativeTtlMaxMs = (options.negativeTtlMaxSeconds ?? clientLimits.cacheNegativeTtlMaxSeconds) * 1000;
    this.#failureMs = options.failureMs ?? clientLimits.cacheFailureMs;
    this.#staleMs = (options.staleSeconds ?? 0) * 1000;
    this.#onEvict = onEvict;
  }

  get enabled(): boolean {
    return this.#entriesMax > 0;
  }

  /**
   * The entry to answer from, under the first of the two keys that has one: a fresh one, or a stale one whose
   * resolvers have just failed. Counts one hit or one miss.
   */
  find(key: string, nameKey: string, nowMs: number): CacheEntry | undefined {
    const entry = this.#fresh(key, nowMs) ?? this.#fresh(nameKey, nowMs);
    if (entry === undefined) {
      this.#misses += 1;
      return undefined;
    }
    this.#hits += 1;
    if (entry.failure !== undefined) this.#failureHits += 1;
    if (nowMs >= entry.expiresAtMs) this.#staleHits += 1;
    unlink(entry);
    linkNewest(this.#order, entry);
    return entry;
  }

  /** An answer past its TTL but within the stale window (RFC 8767 §5). */
  findStale(key: string, nameKey: string, nowMs: number): CacheEntry | undefined {
    if (this.#staleMs === 0) return undefined;
    const entry = this.#stale(key, nowMs) ?? this.#stale(nameKey, nowMs);
    if (entry === undefined) return undefined;
    this.#staleHits += 1;
    entry.recheckAtMs = nowMs + clientLimits.staleRecheckMs;
    return entry;
  }

  /** Keeps an answer for its TTL, within the configured bounds. An answer with TTL 0 is not kept (RFC 1035 §3.2.1). */
  storeAnswer(key: string, domain: string, type: string, answer: IDnsAnswer, nowMs: number): void {
    const lifeMs = Math.min(answer.ttl * 1000, answer.negative ? this.#negativeTtlMaxMs : this.#ttlMaxMs);
    if (lifeMs > 0) this.#store(new CacheEntry(key, domain, type, answer, nowMs, lifeMs), nowMs);
  }

  /** Remembers a failure for a moment (RFC 9520 §3.2), unless an answer that may be given stale stands there. */
  storeFailure(key: string, domain: string, type: string, error: DnsError, nowMs: number): void {
    if (this.#failureMs <= 0 || this.#stale(key, nowMs) !== undefined) return;
    this.#store(new CacheEntry(key, domain, type, error, nowMs, this.#failureMs), nowMs);
  }

  /** Forgets everything, or everything under one domain name (lower case, without final dot). */
  flush(domain?: string): void {
    for (const entry of this.#entries.values()) {
      if (domain === undefined || entry.domain === domain) this.#remove(entry, 'flushed');
    }
  }

  stats(): IClientCacheStats {
    const lookups = this.#hits + this.#misses;
    return {
      hits: this.#hits,
      misses: this.#misses,
      hitRate: lookups === 0 ? 0 : this.#hits / lookups,
      failureHits: this.#failureHits,
      staleHits: this.#staleHits,
      insertions: this.#insertions,
      evictions: this.#evictions,
      expirations: this.#expirations,
      entries: this.#entries.size,
      bytes: this.#bytes,
    };
  }

  #fresh(key: string, nowMs: number): CacheEntry | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (nowMs < entry.expiresAtMs || nowMs < entry.recheckAtMs) return entry;
    if (entry.failure !== undefined || nowMs >= entry.expiresAtMs + this.#staleMs) {
      this.#expirations += 1;
      this.#remove(entry, 'expired');
    }
    return undefined;
  }

  #stale(key: string, nowMs: number): CacheEntry | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || entry.answer === undefined) return undefined;
    return nowMs < entry.expiresAtMs + this.#staleMs ? entry : undefined;
  }

  #store(entry: CacheEntry, nowMs: number): void {
    if (!this.enabled || entry.bytes > this.#bytesMax) return;
    const previous = this.#entries.get(entry.key);
    if (previous !== undefined) this.#remove(previous, 'replaced');
    this.#entries.set(entry.key, entry);
    linkNewest(this.#order, entry);
    this.#bytes += entry.bytes;
    this.#insertions += 1;
    while (this.#entries.size > this.#entriesMax || this.#bytes > this.#bytesMax) {
      const oldest = this.#order.newer as CacheEntry;
      const over = nowMs >= oldest.expiresAtMs + this.#staleMs;
      if (over) this.#expirations += 1;
      else this.#evictions += 1;
      this.#remove(oldest, over ? 'expired' : 'capacity');
    }
  }

  #remove(entry: CacheEntry, reason: TEvictReason): void {
    this.#entries.delete(entry.key);
    unlink(entry);
    this.#bytes -= entry.bytes;
    this.#onEvict?.(entry, reason);
  }
}
