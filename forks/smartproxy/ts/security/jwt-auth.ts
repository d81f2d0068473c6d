/**
 * Bearer tokens: JSON Web Tokens (RFC 7519) with a JWS signature (RFC 7515), sent as RFC 6750 says.
 *
 * @module
 */
import type { IRouteJwtAuth } from '../interfaces/security.ts';
import { securityLimits } from '../limits/security.ts';
import { JwtKey } from './jwt-key.ts';
import { parseDuration } from './jwt-config.ts';
import { VerifiedCache } from './verified-cache.ts';

/** Why a token is refused. */
export type TJwtFault =
  | 'malformed'
  | 'algorithm'
  | 'critical'
  | 'signature'
  | 'expired'
  | 'not-yet-valid'
  | 'too-old'
  | 'issuer'
  | 'audience';

export type TJwtResult =
  | { readonly ok: true; readonly claims: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly fault: TJwtFault | 'missing' };

const MISSING: TJwtResult = Object.freeze({ ok: false, fault: 'missing' });
const MS_PER_SECOND = 1_000;

export class JwtAuth {
  readonly #key: JwtKey;
  readonly #issuer: string | undefined;
  readonly #audience: string | undefined;
  readonly #ageMaxSeconds: number | null;
  readonly #tolerance: number;
  readonly #verified = new VerifiedCache<TJwtResult>();

  /** @throws SecurityConfigError when the key does not fit the algorithm. */
  constructor(config: Omit<IRouteJwtAuth, 'enabled' | 'excludePaths'>) {
    this.#key = new JwtKey(config.secret, config.algorithm);
    this.#issuer = config.issuer;
    this.#audience = config.audience;
    this.#ageMaxSeconds = config.expiresIn === undefined ? null : parseDuration(config.expiresIn);
    this.#tolerance = config.clockToleranceSeconds ?? 0;
  }

  /** The value of WWW-Authenticate for a refusal, RFC 6750 §3: what exactly was wrong is nobody's business. */
  challenge(fault: TJwtFault | 'missing'): string {
    return fault === 'missing' ? 'Bearer' : 'Bearer error="invalid_token"';
  }

  /**
   * @param header the Authorization value.
   * @param nowMs Unix time in milliseconds.
   */
  check(header: string | undefined, nowMs: number): TJwtResult {
    if (header === undefined) return MISSING;
    const token = readBearer(header);
    if (token === null) return MISSING;
    if (token.length > securityLimits.tokenCharsMax) return refuse('malformed');
    const key = this.#verified.keyOf(token);
    const known = this.#verified.get(key, nowMs);
    if (known !== undefined) return known;
    return this.#verify(token, key, nowMs);
  }

  #verify(token: string, cacheKey: string, nowMs: number): TJwtResult {
    const parts = token.split('.');
    if (parts.length !== 3) return refuse('malformed');
    const [head, payload, signature] = parts.map(decodeBase64Url);
    const header = parseObject(head);
    if (!header || !signature || !payload) return refuse('malformed');
    if (header.alg !== this.#key.algorithm) return refuse('algorithm');
    // RFC 7515 §4.1.11: extensions that must be understood, and none is.
    if (header.crit !== undefined || header.b64 !== undefined) return refuse('critical');
    if (!this.#key.verify(`${parts[0]}.${parts[1]}`, signature)) return refuse('signature');
    const claims = parseObject(payload);
    if (!claims) return refuse('malformed');
    const fault = this.#checkClaims(claims, nowMs / MS_PER_SECOND);
    if (fault) return refuse(fault);
    const result: TJwtResult = { ok: true, claims };
    this.#verified.set(cacheKey, result, this.#validUntilMs(claims));
    return result;
  }

  #checkClaims(claims: Record<string, unknown>, now: number): TJwtFault | null {
    const { exp, nbf, iat, iss, aud } = claims;
    for (const time of [exp, nbf, iat]) if (time !== undefined && !Number.isFinite(time)) return 'malformed';
    if (exp !== undefined && now >= (exp as number) + this.#tolerance) return 'expired';
    if (nbf !== undefined && now < (nbf as number) - this.#tolerance) return 'not-yet-valid';
    if (this.#ageMaxSeconds !== null) {
      if (iat === undefined) return 'too-old';
      if (now < (iat as number) - this.#tolerance) return 'not-yet-valid';
      if (now >= (iat as number) + this.#ageMaxSeconds + this.#tolerance) return 'too-old';
    }
    if (this.#issuer !== undefined && iss !== this.#issuer) return 'issuer';
    if (this.#audience === undefined) return null;
    const audiences = Array.isArray(aud) ? aud : [aud];
    return audiences.includes(this.#audience) ? null : 'audience';
  }

  /** Unix milliseconds until which the claims hold. */
  #validUntilMs(claims: Record<string, unknown>): number {
    const { exp, iat } = claims as { exp?: number; iat?: number };
    const byAge = this.#ageMaxSeconds === null || iat === undefined ? Infinity : iat + this.#ageMaxSeconds;
    return (Math.min(exp ?? Infinity, byAge) + this.#tolerance) * MS_PER_SECOND;
  }
}

function refuse(fault: TJwtFault): TJwtResult {
  return { ok: false, fault };
}

/** RFC 6750 §2.1; null when the header holds another scheme. */
function readBearer(header: string): string | null {
  return header.length > 7 && /^bearer /i.test(header.slice(0, 7)) ? header.slice(7).trim() : null;
}

/** RFC 7515 §2: no padding, no other characters, no bits left over that a second spelling could set. */
function decodeBase64Url(text: string): Buffer | null {
  if (text === '' || !/^[A-Za-z0-9_-]+$/.test(text)) return null;
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : null;
}

function parseObject(bytes: Buffer | null | undefined): Record<string, unknown> | null {
  if (!bytes) return null;
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}
