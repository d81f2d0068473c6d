/**
 * Looking again until the CA has decided.
 *
 * @module
 */
import { AcmeError } from '../errors/acme-error.ts';
import * as limits from '../limits/limits.ts';
import type { IPolled } from './acme-client.ts';
import type { IAcmeClock } from './clock.ts';

export interface IPollOptions {
  readonly clock: IAcmeClock;
  /** Moment, on the clock, after which no further look is worth it. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
  /** What is waited for, for the error message. */
  readonly what: string;
}

/**
 * Calls `look` until `decided` says so.
 *
 * The CA's Retry-After decides the pause (RFC 8555 §8.2); without one it grows from 0.4 s to 15 s. A look that fails for
 * a passing reason is repeated.
 *
 * @throws AcmeError `ACME_DEADLINE`.
 */
export async function pollUntil<T>(
  look: () => Promise<IPolled<T>>,
  decided: (resource: T) => boolean,
  options: IPollOptions,
): Promise<T> {
  let pauseMs = limits.pollIntervalMs;
  for (;;) {
    let askedMs: number | undefined;
    try {
      const { resource, retryAfterMs } = await look();
      if (decided(resource)) return resource;
      askedMs = retryAfterMs;
    } catch (error) {
      if (!(error instanceof AcmeError) || !error.retry) throw error;
      askedMs = error.retryAfterMs;
    }
    const waitMs = Math.max(askedMs ?? pauseMs, limits.pollIntervalMsMin);
    if (options.clock.now() + waitMs > options.deadlineMs) {
      throw new AcmeError('ACME_DEADLINE', `the CA did not decide on ${options.what} in time`, { retry: true });
    }
    await options.clock.sleep(waitMs, options.signal);
    pauseMs = Math.min(pauseMs * limits.pollIntervalGrowth, limits.pollIntervalMsMax);
  }
}
