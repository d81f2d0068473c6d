/**
 * Names of token algorithms and durations, as a configuration spells them.
 *
 * @module
 */
import type { TJwtAlgorithm } from '../interfaces/security.ts';
import { securityLimits } from '../limits/security.ts';

/** RFC 7518 §3.1 without `none`. */
export const JWT_ALGORITHMS: readonly TJwtAlgorithm[] = [
  'HS256',
  'HS384',
  'HS512',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
];

const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 };

/** Seconds of `90`, `30s`, `15m`, `1h`, `7d`, `2w`; null for anything else and for durations out of range. */
export function parseDuration(value: string | number): number | null {
  const found = /^(\d{1,9})\s*([smhdw]?)$/.exec(String(value).trim());
  if (!found) return null;
  const seconds = Number(found[1]) * UNIT_SECONDS[found[2]! || 's']!;
  return seconds >= 1 && seconds <= securityLimits.tokenAgeSecondsMax ? seconds : null;
}
