/**
 * When to renew, and when to try again: pure functions of times, with the randomness passed in.
 *
 * @module
 */
import type { ICertificateInfo } from '../certificate/inspect.ts';
import { AcmeError } from '../errors/acme-error.ts';
import * as limits from '../limits/limits.ts';

const dayMs = 86_400_000;

/**
 * The moment to renew without advice from the CA, in milliseconds since the epoch.
 *
 * `thresholdDays` before expiry, but never before two thirds of the lifetime are over (certificates of six days exist),
 * moved later by up to a tenth of what is left so that a fleet does not come at once.
 *
 * @param random - In [0, 1).
 */
export function renewalTimeMs(info: ICertificateInfo, thresholdDays: number, random: number): number {
  const endMs = info.notAfter.getTime();
  const lifetimeMs = endMs - info.notBefore.getTime();
  const leftMs = Math.min(thresholdDays * dayMs, lifetimeMs * limits.renewalLifetimeShare);
  return endMs - leftMs + random * leftMs * limits.renewalJitterShare;
}

/**
 * A moment inside the CA's window (RFC 9773 §4.2), in milliseconds since the epoch; in the past when the window is.
 *
 * @param random - In [0, 1). Keep it with the certificate: a new one at each check would drift to the window's end.
 */
export function renewalWindowTimeMs(start: Date, end: Date, random: number): number {
  return start.getTime() + random * (end.getTime() - start.getTime());
}

/**
 * Milliseconds to wait after the `failures`-th failure in a row (1 is the first).
 *
 * Outages are retried soon (30 s, doubling to an hour), refusals slowly (5 min, doubling to a day), and never before
 * the CA's Retry-After.
 *
 * @param random - In [0, 1).
 */
export function retryDelayMs(failures: number, error: unknown, random: number): number {
  const outage = error instanceof AcmeError && (error.code === 'ACME_UNREACHABLE' || error.code === 'ACME_DEADLINE');
  const firstMs = outage ? limits.unreachableRetryMs : limits.refusedRetryMs;
  const lastMs = outage ? limits.unreachableRetryMsMax : limits.refusedRetryMsMax;
  const plainMs = Math.min(firstMs * 2 ** Math.min(failures - 1, 30), lastMs);
  const spreadMs = plainMs * (1 + (random * 2 - 1) * limits.retryJitterShare);
  const askedMs = error instanceof AcmeError ? (error.retryAfterMs ?? 0) : 0;
  return Math.max(spreadMs, askedMs);
}
