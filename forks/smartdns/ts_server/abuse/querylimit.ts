/**
 * Queries per second that one client address may send, whatever it asks and over whatever transport.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { queryLimitEntries, queryLimitIpv6Bits } from '../limits/index.ts';
import { networkHash } from './addresses.ts';
import { CreditTable } from './credits.ts';
import type { ICreditShare } from './sharedlimits.ts';

export interface IQueryLimitOptions {
  queriesPerSecond: number;
  /** Queries at once after a pause; default twice `queriesPerSecond`. */
  burst?: number;
}

const ipv4Bits = 32;

export class QueryLimit {
  readonly #table: CreditTable;
  readonly #seed: number;
  readonly #perSecond: number;
  readonly #burst: number;

  /** @param share tables that the workers of a pool have in common */
  constructor(options: IQueryLimitOptions, share?: ICreditShare) {
    this.#table = new CreditTable(queryLimitEntries, share);
    this.#seed = share?.seed ?? randomBytes(4).readInt32LE();
    if (!(options.queriesPerSecond > 0)) {
      throw new RangeError('queryLimit.queriesPerSecond must be above 0; leave queryLimit out to turn it off');
    }
    this.#perSecond = options.queriesPerSecond;
    this.#burst = Math.max(1, options.burst ?? options.queriesPerSecond * 2);
  }

  /** Whether this query is within the client's rate. */
  allows(clientIp: string, nowMs: number): boolean {
    const key = networkHash(clientIp, ipv4Bits, queryLimitIpv6Bits, this.#seed);
    return this.#table.spend(key, this.#perSecond, this.#burst, 1, nowMs) >= 0;
  }
}
