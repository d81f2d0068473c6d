import { createHash, timingSafeEqual } from 'node:crypto';
import { BlockList, isIP } from 'node:net';
import { MetricsError } from '../errors.ts';
import { limits } from '../limits/limits.ts';
import { monotonicMs } from '../native/clock.ts';
import type { TClockMs } from '../native/clock.ts';

/** Who may read a metrics endpoint. */
export interface IAccessOptions {
  /**
   * Addresses and networks (`192.0.2.7`, `2001:db8::/32`) that may ask, or `any`. Default: loopback only.
   * The peer's address counts; forwarding header fields are not believed.
   */
  allow?: readonly string[] | 'any';
  /** Token that must come as `Authorization: Bearer …`. Default: none needed. */
  bearerToken?: string;
  /** Requests answered per minute, by all clients together. Default 120. */
  requestsPerMinute?: number;
  /** Monotonic clock in milliseconds. Default `performance.now`. */
  nowMs?: TClockMs;
}

/** Why a request is refused, or undefined when it is not. */
export type TRefusal = 'forbidden' | 'unauthorized' | 'rate_limited' | undefined;

const LOOPBACK: readonly string[] = ['127.0.0.0/8', '::1'];
const MS_PER_MINUTE = 60_000;
const MAPPED_PREFIX = '::ffff:';

/** Decides about requests by address, rate and token, in this order. */
export class Access {
  readonly #allowed: BlockList | undefined;
  readonly #tokenHash: Buffer | undefined;
  readonly #perMinute: number;
  readonly #nowMs: TClockMs;
  #left: number;
  #refilledMs: number;

  constructor(options: IAccessOptions = {}) {
    this.#allowed = options.allow === 'any' ? undefined : networks(options.allow ?? LOOPBACK);
    if (options.bearerToken === '') {
      throw new MetricsError('METRICS_BAD_OPTION', 'bearerToken is empty; leave it out or give a secret');
    }
    this.#tokenHash = options.bearerToken === undefined ? undefined : hashOf(options.bearerToken);
    this.#perMinute = options.requestsPerMinute ?? limits.requestsPerMinute;
    if (!(this.#perMinute >= 1)) {
      throw new MetricsError('METRICS_BAD_OPTION', `requestsPerMinute is ${this.#perMinute}; give 1 or more`);
    }
    this.#nowMs = options.nowMs ?? monotonicMs;
    this.#left = this.#perMinute;
    this.#refilledMs = this.#nowMs();
  }

  /**
   * @param address the peer's address; undefined for a Unix domain socket, which file permissions already guard
   * @param authorization the Authorization field
   */
  refusal(address: string | undefined, authorization: string | undefined): TRefusal {
    if (!this.#isAllowed(address)) return 'forbidden';
    if (!this.#takeTurn()) return 'rate_limited';
    return this.#tokenHash === undefined || this.#hasToken(authorization) ? undefined : 'unauthorized';
  }

  #isAllowed(address: string | undefined): boolean {
    if (this.#allowed === undefined || address === undefined) return true;
    const mapped = address.toLowerCase().startsWith(MAPPED_PREFIX) ? address.slice(MAPPED_PREFIX.length) : address;
    const plain = isIP(mapped) === 4 ? mapped : address;
    return this.#allowed.check(plain, isIP(plain) === 4 ? 'ipv4' : 'ipv6');
  }

  /** A bucket that holds one minute's requests and refills evenly. */
  #takeTurn(): boolean {
    const nowMs = this.#nowMs();
    const refill = ((nowMs - this.#refilledMs) * this.#perMinute) / MS_PER_MINUTE;
    this.#left = Math.min(this.#perMinute, this.#left + refill);
    this.#refilledMs = nowMs;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }

  #hasToken(authorization: string | undefined): boolean {
    // RFC 6750 §2.1; the scheme is case-insensitive (RFC 9110 §11.1).
    const given = /^bearer +([^ ]+) *$/i.exec(authorization ?? '')?.[1];
    // Hashes have one length, so the comparison tells nothing about the token.
    return given !== undefined && timingSafeEqual(hashOf(given), this.#tokenHash!);
  }
}

function networks(allow: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of allow) {
    const [address = '', prefix] = entry.split('/');
    const family = isIP(address);
    const bits = Number(prefix ?? (family === 4 ? 32 : 128));
    if (family === 0 || !/^\d*$/.test(prefix ?? '') || bits > (family === 4 ? 32 : 128)) {
      throw new MetricsError('METRICS_BAD_OPTION', `allow: '${entry}' is not an address or network such as 10.0.0.0/8`);
    }
    list.addSubnet(address, bits, family === 4 ? 'ipv4' : 'ipv6');
  }
  return list;
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
