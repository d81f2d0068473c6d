/**
 * How a request that security turns away is answered.
 *
 * @module
 */

/** Reasons under which refusals by security are counted. */
export type TDenialReason =
  | 'ip-blocked'
  | 'ip-not-allowed'
  | 'route-connections'
  | 'route-connections-per-ip'
  | 'rate-limited'
  | 'auth-missing'
  | 'auth-failed'
  | 'auth-busy';

/** A ready answer. Shared between requests: never changed. */
export interface IDenial {
  readonly reason: TDenialReason;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

const FORBIDDEN = 403;
const UNAUTHORIZED = 401;
const TOO_MANY_REQUESTS = 429;
const UNAVAILABLE = 503;
const MS_PER_SECOND = 1_000;

export function denyAddress(reason: 'ip-blocked' | 'ip-not-allowed'): IDenial {
  return { reason, status: FORBIDDEN, headers: {} };
}

export function denyConnections(reason: 'route-connections' | 'route-connections-per-ip'): IDenial {
  return { reason, status: UNAVAILABLE, headers: {} };
}

/** RFC 6585 §4; Retry-After in whole seconds (RFC 9110 §10.2.3). */
export function denyRate(retryMs: number, body: string | undefined): IDenial {
  const headers = { 'Retry-After': String(Math.max(1, Math.ceil(retryMs / MS_PER_SECOND))) };
  return { reason: 'rate-limited', status: TOO_MANY_REQUESTS, headers, body };
}

/** RFC 9110 §15.5.2: a 401 names the scheme. */
export function denyAuth(reason: 'auth-missing' | 'auth-failed', challenge: string): IDenial {
  return { reason, status: UNAUTHORIZED, headers: { 'WWW-Authenticate': challenge } };
}

export function denyBusy(): IDenial {
  return { reason: 'auth-busy', status: UNAVAILABLE, headers: { 'Retry-After': '1' } };
}
