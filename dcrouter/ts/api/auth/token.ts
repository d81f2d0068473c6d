/**
 * Tokens: 256 random bits behind a prefix that secret scanners can find. Kept is only their hash.
 *
 * @module
 */
import { createHash, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import { tokenBytes } from '../limits.ts';

const PREFIX = 'dcr_';
const SHAPE = /^dcr_[A-Za-z0-9_-]{43}$/;

export interface INewToken {
  readonly id: string;
  /** Shown once, to whoever asked for it. */
  readonly secret: string;
  readonly secretHash: string;
}

export function newToken(): INewToken {
  const secret = PREFIX + randomBytes(tokenBytes).toString('base64url');
  return { id: randomUUID(), secret, secretHash: hashToken(secret) };
}

/** Hex SHA-256: as secrets are random bits, a slow hash would add nothing. */
export function hashToken(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** The token of an `Authorization` field; null for anything that cannot be one of ours. */
export function bearerToken(authorization: string): string | null {
  const [scheme = '', secret = '', ...rest] = authorization.split(' ');
  return scheme.toLowerCase() === 'bearer' && rest.length === 0 && SHAPE.test(secret) ? secret : null;
}

/** Whether two hashes are the same, in a time that does not tell where they differ. */
export function sameHash(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
