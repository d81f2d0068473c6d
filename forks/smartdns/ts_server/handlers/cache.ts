/**
 * Answers of one handler, kept for a while: least recently used go first, concurrent misses call the handler once, and
 * an expired answer may still be given while a new one is fetched.
 *
 * @module
 */
import type { DnsAnswer, IDnsHandlerCacheOptions, TDnsHandlerResult } from '../interfaces/query.ts';
import {
  handlerCacheEntries,
  handlerTtlSeconds,
  negativeSeconds,
  negativeSecondsMax,
  staleSecondsMax,
  staleTtlSeconds,
} from '../limits/index.ts';
import { isPromise } from '../pipeline/after.ts';
import { HandlerFailure, isWholeAnswer, keepResults, type TOutcome } from './results.ts';

const msPerSecond = 1_000;

/** A result that came from a cache. */
export class CachedResult {
  readonly result: TDnsHandlerResult;
  /** Monotonic milliseconds until which the same answer may be given without a look-up. */
  readonly expiresMs: number;

  constructor(result: TDnsHandlerResult, expiresMs: number) {
    this.result = result;
    this.expiresMs = expiresMs;
  }
}

interface IKept {
  readonly result: TDnsHandlerResult;
  readonly storedMs: number;
  readonly expiresMs: number;
  refreshing: boolean;
}

/** What the cache tells about its work. */
export interface ICacheObserver {
  hit(name: string, type: string): void;
  miss(name: string, type: string): void;
  evict(name: string, type: string): void;
}

export class HandlerCache {
  readonly #options: IDnsHandlerCacheOptions;
  readonly #observer: ICacheObserver;
  readonly #nowMs: () => number;
  readonly #kept = new Map<string, IKept>();
  readonly #pending = new Map<string, Promise<TOutcome>>();

  constructor(
    options: IDnsHandlerCacheOptions,
    observer: ICacheObserver,
    nowMs: () => number = () => performance.now(),
  ) {
    this.#options = options;
    this.#observer = observer;
    this.#nowMs = nowMs;
  }

  get size(): number {
    return this.#kept.size;
  }

  /** The answer to a question, from here or from `call`. */
  get(
    name: string,
    type: string,
    call: () => TOutcome | Promise<TOutcome>,
  ): TOutcome | CachedResult | Promise<TOutcome | CachedResult> {
    const key = `${type} ${name}`;
    const now = this.#nowMs();
    const kept = this.#kept.get(key);
    if (kept !== undefined && now < kept.expiresMs) {
      // Used last: at the end of the map's order.
      this.#kept.delete(key);
      this.#kept.set(key, kept);
      this.#observer.hit(name, type);
      return this.#aged(kept, now);
    }
    if (kept !== undefined && now < kept.expiresMs + this.#staleMs) {
      return this.#refresh(key, kept, name, type, call);
    }
    this.#observer.miss(name, type);
    return this.#pending.get(key) ?? this.#fetch(key, call);
  }

  get #staleMs(): number {
    return Math.min(this.#options.staleSeconds ?? 0, staleSecondsMax) * msPerSecond;
  }

  #fetch(key: string, call: () => TOutcome | Promise<TOutcome>): TOutcome | Promise<TOutcome> {
    const outcome = call();
    if (!isPromise(outcome)) {
      this.#store(key, outcome);
      return outcome;
    }
    const pending = outcome.then((value) => {
      this.#pending.delete(key);
      this.#store(key, value);
      return value;
    });
    this.#pending.set(key, pending);
    return pending;
  }

  /** The expired answer now, the next one in the background; at once where the handler is synchronous. */
  #refresh(
    key: string,
    kept: IKept,
    name: string,
    type: string,
    call: () => TOutcome | Promise<TOutcome>,
  ): TOutcome | CachedResult {
    if (!kept.refreshing) {
      kept.refreshing = true;
      const outcome = this.#fetch(key, call);
      if (isPromise(outcome)) {
        void outcome.finally(() => {
          kept.refreshing = false;
        });
      } else {
        kept.refreshing = false;
        if (!(outcome instanceof HandlerFailure)) {
          this.#observer.miss(name, type);
          return outcome;
        }
      }
    }
    this.#observer.hit(name, type);
    return new CachedResult(
      withTtl(kept.result, () => staleTtlSeconds),
      0,
    );
  }

  /** With the handler's own TTLs counting down, as they would in any cache. */
  #aged(kept: IKept, now: number): CachedResult {
    if (this.#options.ttlSeconds !== undefined) {
      return new CachedResult(kept.result, kept.expiresMs);
    }
    const age = Math.floor((now - kept.storedMs) / msPerSecond);
    const nextSecondMs = kept.storedMs + (age + 1) * msPerSecond;
    const result = age === 0 ? kept.result : withTtl(kept.result, (ttl) => Math.max(ttl - age, 0));
    return new CachedResult(result, Math.min(kept.expiresMs, nextSecondMs));
  }

  #store(key: string, outcome: TOutcome): void {
    if (outcome instanceof HandlerFailure) {
      return;
    }
    const seconds = this.#secondsFor(outcome);
    const [result] = keepResults([outcome]) ?? [];
    if (!(seconds > 0) || (result === undefined && outcome !== undefined)) {
      return;
    }
    const storedMs = this.#nowMs();
    this.#kept.delete(key);
    this.#kept.set(key, { result, storedMs, expiresMs: storedMs + seconds * msPerSecond, refreshing: false });
    if (this.#kept.size > (this.#options.entriesMax ?? handlerCacheEntries)) {
      const [oldest] = this.#kept.keys();
      this.#kept.delete(oldest!);
      const space = oldest!.indexOf(' ');
      this.#observer.evict(oldest!.slice(space + 1), oldest!.slice(0, space));
    }
  }

  #secondsFor(result: TDnsHandlerResult): number {
    const records = recordsOf(result);
    if (records.length === 0) {
      return Math.min(this.#options.negativeTtlSeconds ?? negativeSeconds, negativeSecondsMax);
    }
    return this.#options.ttlSeconds ?? Math.min(...records.map(({ ttl }) => ttl ?? handlerTtlSeconds));
  }
}

function recordsOf(result: TDnsHandlerResult): readonly DnsAnswer[] {
  if (result === null || result === undefined) {
    return [];
  }
  if (Array.isArray(result)) {
    return result;
  }
  return isWholeAnswer(result) ? (result.answers ?? []) : [result];
}

/** A copy with other TTLs. */
function withTtl(result: TDnsHandlerResult, change: (ttl: number) => number): TDnsHandlerResult {
  const changed = (answer: DnsAnswer): DnsAnswer => ({ ...answer, ttl: change(answer.ttl ?? handlerTtlSeconds) });
  if (result === null || result === undefined) {
    return result;
  }
  if (Array.isArray(result)) {
    return result.map(changed);
  }
  if (!isWholeAnswer(result)) {
    return changed(result);
  }
  return {
    ...result,
    answers: result.answers?.map(changed),
    authorities: result.authorities?.map(changed),
    additionals: result.additionals?.map(changed),
  };
}
