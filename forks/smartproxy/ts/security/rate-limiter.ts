/**
 * Token buckets by key. A key starts with a full bucket of `maxRequests`, which refills over the window.
 *
 * Keys live in two generations that change places once per window. A key that was not asked for during a whole window
 * has a full bucket again, so forgetting it changes nothing: no timer, no sweep, and memory for no more keys than the
 * bound. Past the bound new keys share one bucket.
 *
 * @module
 */
import { securityLimits } from '../limits/security.ts';
import type { ISpender, Tally } from './tally.ts';

const MS_PER_SECOND = 1_000;

class TokenBucket {
  tokens: number;
  updatedMs: number;

  constructor(tokens: number, updatedMs: number) {
    this.tokens = tokens;
    this.updatedMs = updatedMs;
  }
}

export class RateLimiter implements ISpender {
  readonly #capacity: number;
  readonly #tokensPerMs: number;
  readonly #windowMs: number;
  readonly #keysMax: number;
  readonly #tally: Tally | null;
  #young = new Map<string, TokenBucket>();
  #old = new Map<string, TokenBucket>();
  #turnedMs: number;
  readonly #shared: TokenBucket;
  /** Requests that found no room for a bucket of their own. */
  overflows = 0;

  /**
   * @param maxRequests requests per window, and the burst of a fresh key.
   * @param windowSeconds seconds.
   * @param nowMs monotonic milliseconds, as in {@link take}.
   * @param tally what other processes spend; null where there are none
   */
  constructor(
    maxRequests: number,
    windowSeconds: number,
    nowMs: number,
    keysMax: number = securityLimits.rateKeysMax,
    tally: Tally | null = null,
  ) {
    this.#tally = tally;
    if (tally !== null) tally.spender = this;
    this.#capacity = maxRequests;
    this.#windowMs = windowSeconds * MS_PER_SECOND;
    this.#tokensPerMs = maxRequests / this.#windowMs;
    this.#keysMax = keysMax;
    this.#turnedMs = nowMs;
    this.#shared = new TokenBucket(maxRequests, nowMs);
  }

  /** Keys that have a bucket now. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /**
   * Takes one token.
   *
   * @returns 0 when there was one, else the milliseconds until the next.
   */
  take(key: string, nowMs: number): number {
    const bucket = this.#refilled(key, nowMs);
    const tally = this.#tally;
    // After a swap of the routes that came to nothing the limiter in use is the one to tell.
    if (tally !== null) tally.spender = this;
    if (bucket.tokens >= 1 && (tally === null || mayTake(tally, key, bucket.tokens))) {
      bucket.tokens -= 1;
      tally?.add(key, 1);
      return 0;
    }
    // With tokens left it is the others that have to be told first.
    return Math.max(1, Math.ceil((1 - bucket.tokens) / this.#tokensPerMs));
  }

  /** Takes what other processes took. Together they may have taken more than there was: that is paid back by waiting. */
  spend(key: string, count: number, nowMs: number = performance.now()): void {
    const bucket = this.#refilled(key, nowMs);
    bucket.tokens = Math.max(-this.#capacity, bucket.tokens - count);
  }

  #refilled(key: string, nowMs: number): TokenBucket {
    if (nowMs - this.#turnedMs >= this.#windowMs) this.#turn(nowMs);
    const bucket = this.#bucketOf(key, nowMs);
    const elapsed = nowMs - bucket.updatedMs;
    if (elapsed > 0) {
      bucket.tokens = Math.min(this.#capacity, bucket.tokens + elapsed * this.#tokensPerMs);
      bucket.updatedMs = nowMs;
    }
    return bucket;
  }

  #bucketOf(key: string, nowMs: number): TokenBucket {
    const kept = key.length > securityLimits.rateKeyCharsMax ? key.slice(0, securityLimits.rateKeyCharsMax) : key;
    const young = this.#young.get(kept);
    if (young !== undefined) return young;
    let bucket = this.#old.get(kept);
    if (bucket !== undefined) this.#old.delete(kept);
    else if (this.size >= this.#keysMax) {
      this.overflows += 1;
      return this.#shared;
    } else bucket = new TokenBucket(this.#capacity, nowMs);
    this.#young.set(kept, bucket);
    return bucket;
  }

  /** After two windows without a question both generations are full buckets. */
  #turn(nowMs: number): void {
    this.#old = nowMs - this.#turnedMs >= 2 * this.#windowMs ? new Map() : this.#young;
    this.#young = new Map();
    this.#turnedMs = nowMs;
  }
}

/** In the time until the others know, no process takes more than its share of what was left. */
function mayTake(tally: Tally, key: string, tokens: number): boolean {
  const untold = tally.untold(key);
  return untold < tally.shareOf(tokens + untold);
}
