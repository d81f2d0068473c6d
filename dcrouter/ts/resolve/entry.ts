/**
 * What is known about one name.
 *
 * @module
 */
import type { ITargetEndpoint } from '@dcrouter/smartproxy';
import { resolveLimits } from './limits.ts';
import { NameNotFound } from './lookup.ts';
import type { INameStatus } from './types.ts';

const MS_PER_SECOND = 1_000;

/** How long answers hold. */
export interface ITtlBounds {
  readonly minTtlSeconds: number;
  readonly maxTtlSeconds: number;
  /** How long past its TTL an answer serves while no resolver answers. */
  readonly staleSeconds: number;
}

export class NameEntry {
  readonly name: string;
  readonly isService: boolean;
  /** The question under way. */
  flight: Promise<void> | null = null;
  lookups = 0;
  queries = 0;
  failures = 0;
  staleUses = 0;
  error: Error | null = null;
  /** When the answer ends; it serves until just before. */
  expiresAtMs = 0;
  #endpoints: readonly ITargetEndpoint[] | null = null;
  #refreshAtMs = 0;
  #staleMs = 0;
  /** Until then a failure is not tried again. */
  #failedUntilMs = Number.NEGATIVE_INFINITY;

  constructor(name: string, isService: boolean) {
    this.name = name;
    this.isService = isService;
  }

  /** The answer within its TTL. */
  fresh(nowMs: number): readonly ITargetEndpoint[] | null {
    return nowMs < this.expiresAtMs ? this.#endpoints : null;
  }

  /** The answer past its TTL, once asking again has failed (RFC 8767). */
  stale(nowMs: number): readonly ITargetEndpoint[] | null {
    return this.error !== null && nowMs < this.expiresAtMs + this.#staleMs ? this.#endpoints : null;
  }

  /** The failure to be repeated, as it is too early to ask again. */
  remembered(nowMs: number): Error | null {
    return nowMs < this.#failedUntilMs ? this.error : null;
  }

  /** It is time to ask again, though there is an answer. */
  isDue(nowMs: number): boolean {
    return this.flight === null && nowMs >= this.#refreshAtMs && nowMs >= this.#failedUntilMs;
  }

  /** Returns whether the addresses are others than before. */
  found(endpoints: readonly ITargetEndpoint[], expiresAtMs: number, nowMs: number, bounds: ITtlBounds): boolean {
    const before = this.#endpoints;
    const same = before !== null && JSON.stringify(before) === JSON.stringify(endpoints);
    // The same list while nothing has changed: that is how pools see that.
    if (!same) this.#endpoints = endpoints;
    this.error = null;
    this.#failedUntilMs = Number.NEGATIVE_INFINITY;
    this.expiresAtMs = expiresAtMs;
    this.#refreshAtMs = nowMs + (expiresAtMs - nowMs) * resolveLimits.refreshShare;
    this.#staleMs = bounds.staleSeconds * MS_PER_SECOND;
    return before !== null && !same;
  }

  failed(error: Error, nowMs: number): void {
    this.failures += 1;
    this.error = error;
    let keepMs: number = resolveLimits.failureMs;
    if (error instanceof NameNotFound) {
      // That is an answer: what was known before is wrong now.
      this.#endpoints = null;
      const ttlSeconds = Math.min(error.ttlSeconds, resolveLimits.negativeTtlMaxSeconds);
      keepMs = Math.max(keepMs, ttlSeconds * MS_PER_SECOND);
    }
    this.#failedUntilMs = nowMs + keepMs;
  }

  status(nowMs: number): INameStatus {
    const endpoints = this.fresh(nowMs) ?? this.stale(nowMs);
    return {
      name: this.name,
      type: this.isService ? 'srv' : 'address',
      endpoints: endpoints ?? [],
      expiresInMs: this.expiresAtMs - nowMs,
      stale: endpoints !== null && nowMs >= this.expiresAtMs,
      lookups: this.lookups,
      queries: this.queries,
      failures: this.failures,
      staleUses: this.staleUses,
      lastError: this.error?.message ?? null,
    };
  }
}

/** When an answer with this TTL ends. */
export function endOf(ttlSeconds: number, nowMs: number, bounds: ITtlBounds): number {
  const { minTtlSeconds, maxTtlSeconds } = bounds;
  return nowMs + Math.min(Math.max(ttlSeconds, minTtlSeconds), maxTtlSeconds) * MS_PER_SECOND;
}
