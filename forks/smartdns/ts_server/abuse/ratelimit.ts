/**
 * Response rate limiting: how many like answers one network gets per second over UDP, so that forged queries cannot
 * turn the server on somebody else. Every `slip`-th answer over the rate leaves empty with TC set, by which a real
 * resolver comes back over TCP.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import {
  rateLimitEntries,
  rateLimitIpv4Bits,
  rateLimitIpv6Bits,
  rateLimitSlip,
  rateLimitWindowSeconds,
} from '../limits/index.ts';
import { networkHash } from './addresses.ts';
import { CreditTable } from './credits.ts';
import type { ICreditShare } from './sharedlimits.ts';

export interface IRateLimitOptions {
  /** Answers per second to one network for one question, or for one kind of failure in one zone. */
  responsesPerSecond: number;
  /** NXDOMAIN and NODATA answers per second; default `responsesPerSecond`. */
  nxdomainsPerSecond?: number;
  /** Answers with another error code per second; default `responsesPerSecond`. */
  errorsPerSecond?: number;
  /** Every n-th answer over the rate is sent cut short; 0 drops all, 1 none; default 2. */
  slip?: number;
  /** Seconds that a network stays limited at most after it behaves again; default 15. */
  windowSeconds?: number;
  /** Bits of an IPv4 address that make the network; default 24. */
  ipv4PrefixLength?: number;
  /** Bits of an IPv6 address that make the network; default 56. */
  ipv6PrefixLength?: number;
}

export const limitSend = 0;
export const limitDrop = 1;
export const limitSlip = 2;

/** Kinds of answers, counted apart. */
export const kindAnswer = 1;
export const kindNegative = 2;
export const kindError = 3;

export class RateLimit {
  readonly #table: CreditTable;
  readonly #seed: number;
  readonly #rates: readonly number[];
  readonly #slip: number;
  readonly #window: number;
  readonly #bits4: number;
  readonly #bits6: number;
  #limited = 0;

  /** @param share tables that the workers of a pool have in common */
  constructor(options: IRateLimitOptions, share?: ICreditShare) {
    this.#table = new CreditTable(rateLimitEntries, share);
    this.#seed = share?.seed ?? randomBytes(4).readInt32LE();
    const { responsesPerSecond } = options;
    if (!(responsesPerSecond > 0)) {
      throw new RangeError('rateLimit.responsesPerSecond must be above 0; leave rateLimit out to turn it off');
    }
    this.#rates = [
      0,
      responsesPerSecond,
      options.nxdomainsPerSecond ?? responsesPerSecond,
      options.errorsPerSecond ?? responsesPerSecond,
    ];
    this.#slip = options.slip ?? rateLimitSlip;
    this.#window = options.windowSeconds ?? rateLimitWindowSeconds;
    this.#bits4 = options.ipv4PrefixLength ?? rateLimitIpv4Bits;
    this.#bits6 = options.ipv6PrefixLength ?? rateLimitIpv6Bits;
  }

  /** What to do with an answer of `kind` about the name or zone hashed as `subject`. */
  judge(clientIp: string, kind: number, subject: number, nowMs: number): number {
    const network = networkHash(clientIp, this.#bits4, this.#bits6, this.#seed);
    const key = Math.imul(network ^ subject, 0x9e3779b1) ^ kind;
    const rate = this.#rates[kind]!;
    if (this.#table.spend(key, rate, rate, rate * this.#window, nowMs) >= 0) {
      return limitSend;
    }
    this.#limited++;
    return this.#slip > 0 && this.#limited % this.#slip === 0 ? limitSlip : limitDrop;
  }
}
