/**
 * Rates that several workers spend from together: the tables of one server's limits in shared memory.
 *
 * Nothing is locked. Two workers that spend a credit of one client at the very same moment may count one for two, so a
 * pool lets at most one more through per worker and such coincidence; without sharing it would be the whole rate per
 * worker.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { queryLimitEntries, rateLimitEntries } from '../limits/index.ts';
import { creditBytes } from './credits.ts';

/** Where the credits of one limit are. */
export interface ICreditShare {
  readonly buffer: SharedArrayBuffer;
  /** Unix milliseconds that times in the table count from: clocks of workers begin with each of them. */
  readonly originMs: number;
  /** What addresses are hashed with: every worker has to find the same place. */
  readonly seed: number;
}

/** What the servers of a pool share of their limits; goes to a worker as it is. */
export interface ISharedLimits {
  readonly rateLimit: ICreditShare;
  readonly queryLimit: ICreditShare;
}

function makeShare(entries: number): ICreditShare {
  const buffer = new SharedArrayBuffer(creditBytes(entries));
  return { buffer, originMs: performance.timeOrigin, seed: randomBytes(4).readInt32LE() };
}

/** Tables of their full size, 2.6 MB together, whether or not the servers turn their limits on. */
export function makeSharedLimits(): ISharedLimits {
  return { rateLimit: makeShare(rateLimitEntries), queryLimit: makeShare(queryLimitEntries) };
}
