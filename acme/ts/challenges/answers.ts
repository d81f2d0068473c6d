/**
 * What each challenge type wants to see (RFC 8555 §8, RFC 8737).
 *
 * @module
 */
import { createHash } from 'node:crypto';

import type { IIdentifier } from '../certificate/names.ts';

/** Challenge types that we can answer. */
export type TChallengeType = 'http-01' | 'dns-01' | 'tls-alpn-01';

/** ALPN protocol name of tls-alpn-01 (RFC 8737 §6.2). */
export const acmeTlsProtocol = 'acme-tls/1';
/** Where http-01 looks (RFC 8555 §8.3). */
export const challengePathPrefix = '/.well-known/acme-challenge/';

/** Everything a solver needs to know about one challenge. */
export interface IChallengeAnswer {
  readonly type: TChallengeType;
  /** The name under validation; of a wildcard, the name without `*.`. */
  readonly identifier: IIdentifier;
  readonly wildcard: boolean;
  readonly token: string;
  /** RFC 8555 §8.1. Public once presented, but not before. */
  readonly keyAuthorization: string;
}

/**
 * Puts the answer of a challenge where the CA looks, and takes it away again.
 *
 * `present` resolves when the answer can be seen by everybody; `cleanup` is called exactly once for each `present`,
 * whatever the outcome, and may be called when `present` failed half-way.
 */
export interface IChallengeSolver {
  readonly type: TChallengeType;
  /** Names this solver cannot serve go to the next solver; default: all. */
  canSolve?(identifier: IIdentifier, wildcard: boolean): boolean;
  present(answer: IChallengeAnswer, signal: AbortSignal): Promise<void> | void;
  cleanup(answer: IChallengeAnswer): Promise<void> | void;
}

/** RFC 8555 §8.1. */
export function keyAuthorization(token: string, thumbprint: string): string {
  return `${token}.${thumbprint}`;
}

/** SHA-256 of the key authorization, as tls-alpn-01 carries it (RFC 8737 §3). */
export function keyAuthorizationDigest(authorization: string): Buffer {
  return createHash('sha256').update(authorization, 'latin1').digest();
}

/** The TXT value of dns-01 (RFC 8555 §8.4). */
export function dnsChallengeValue(authorization: string): string {
  return keyAuthorizationDigest(authorization).toString('base64url');
}

/** The TXT owner of dns-01, without final dot. `*.` is cut off: both validate at the same name. */
export function dnsChallengeName(name: string): string {
  return `_acme-challenge.${name.startsWith('*.') ? name.slice(2) : name}`;
}
