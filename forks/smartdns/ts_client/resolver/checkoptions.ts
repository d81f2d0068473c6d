/**
 * Catches options that would only show as odd behaviour later.
 *
 * @module
 */
import { DnsError } from '../errors/errors.ts';
import type { IResolverOptions } from '../interfaces/options.ts';

/** The lowest sensible value of each numeric option. */
const lowest = {
  timeoutMs: 1,
  attemptTimeoutMs: 1,
  attemptsMax: 1,
  queriesPerSocket: 1,
  idleMs: 1,
  inFlightMax: 1,
  waitingMax: 0,
} as const;

const lowestInCache = {
  entriesMax: 0,
  bytesMax: 0,
  ttlMaxSeconds: 0,
  negativeTtlMaxSeconds: 0,
  failureMs: 0,
  staleSeconds: 0,
} as const;

/** @throws DnsError `EBADOPTION` that names the option */
export function checkOptions(options: IResolverOptions): void {
  checkNumbers('', options, lowest);
  if (options.cache !== false && options.cache !== undefined) checkNumbers('cache.', options.cache, lowestInCache);
}

/** @throws DnsError `EBADOPTION` */
export function checkTimeout(timeoutMs: number | undefined): void {
  checkNumbers('', { timeoutMs }, lowest);
}

function checkNumbers(prefix: string, given: object, bounds: Readonly<Record<string, number>>): void {
  for (const [name, least] of Object.entries(bounds)) {
    const value = (given as Readonly<Record<string, unknown>>)[name];
    if (value === undefined) continue;
    if (typeof value !== 'number' || !Number.isFinite(value) || value < least) {
      throw new DnsError('EBADOPTION', {
        note: `${prefix}${name} is ${String(value)}; give a number from ${least} up`,
      });
    }
  }
}
