/**
 * DNS cookies (RFC 7873) in the interoperable form (RFC 9018): 8 octets of the client, then version 1, 3 reserved, a
 * timestamp, and a SipHash over these and the client's address.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { cookieFutureSeconds, cookieRenewSeconds, cookieValidSeconds } from '../limits/index.ts';
import { addressOctets } from './addresses.ts';
import { sipHash24 } from './siphash.ts';

export interface ICookieOptions {
  /**
   * Secrets of 16 octets, newest first: the first makes cookies, all are accepted. Servers of one anycast address share
   * them. Default: a random one.
   */
  secrets?: readonly Uint8Array[];
  /** Answers UDP queries that carry a client cookie but no valid server cookie with BADCOOKIE (RFC 7873 §5.2.3). */
  enforce?: boolean;
}

const secretBytes = 16;
const clientBytes = 8;
/** Client cookie, version, reserved, timestamp. */
const headBytes = 16;
export const cookieBytes = 24;
/** RFC 7873 §4: 8 octets, or 8 and 8 to 32 more. */
const cookieBytesMin = 16;
const cookieBytesMax = 40;
const msPerSecond = 1_000;

/** What a COOKIE option says. */
export const cookieAbsent = 0;
export const cookieMalformed = 1;
/** A client cookie, without a server cookie that is ours. */
export const cookieClientOnly = 2;
export const cookieValid = 3;

export class Cookies {
  readonly enforce: boolean;
  readonly #secrets: readonly Uint8Array[];
  readonly #hashed = new Uint8Array(headBytes + 16);
  readonly #hash = new Uint8Array(8);
  readonly #nowMs: () => number;

  constructor(options: ICookieOptions = {}, nowMs: () => number = () => Date.now()) {
    this.#secrets = options.secrets ?? [randomBytes(secretBytes)];
    if (this.#secrets.length === 0 || this.#secrets.some((secret) => secret.length !== secretBytes)) {
      throw new RangeError(`cookie secrets have ${secretBytes} octets each, and there is at least one`);
    }
    this.enforce = options.enforce ?? false;
    this.#nowMs = nowMs;
  }

  /**
   * Judges the option data at `packet[start…start+length)` and writes the cookie to answer with to `out`.
   *
   * @returns one of the `cookie…` codes; `out` is filled for the last two
   */
  judge(packet: Uint8Array, start: number, length: number, clientIp: string, out: Uint8Array): number {
    if (length !== clientBytes && (length < cookieBytesMin || length > cookieBytesMax)) {
      return cookieMalformed;
    }
    const now = Math.floor(this.#nowMs() / msPerSecond);
    out.set(packet.subarray(start, start + Math.min(length, cookieBytes)));
    const age = length === cookieBytes ? this.#ageOf(out, clientIp, now) : undefined;
    if (age !== undefined && age < cookieRenewSeconds) {
      return cookieValid;
    }
    out[8] = 1;
    out.fill(0, 9, 12);
    out[12] = now >>> 24;
    out[13] = now >>> 16;
    out[14] = now >>> 8;
    out[15] = now;
    this.#hashInto(this.#secrets[0]!, out, clientIp, out, headBytes);
    return age === undefined ? cookieClientOnly : cookieValid;
  }

  /** Seconds since our own cookie was made; undefined for a cookie that is not ours or too old. */
  #ageOf(cookie: Uint8Array, clientIp: string, now: number): number | undefined {
    if (cookie[8] !== 1) {
      return undefined;
    }
    const made = ((cookie[12]! << 24) | (cookie[13]! << 16) | (cookie[14]! << 8) | cookie[15]!) >>> 0;
    // Serial number arithmetic (RFC 1982), as the timestamp wraps in 2106.
    const age = (now - made) | 0;
    if (age > cookieValidSeconds || age < -cookieFutureSeconds) {
      return undefined;
    }
    for (const secret of this.#secrets) {
      this.#hashInto(secret, cookie, clientIp, this.#hash, 0);
      let difference = 0;
      for (let index = 0; index < this.#hash.length; index++) {
        difference |= this.#hash[index]! ^ cookie[headBytes + index]!;
      }
      if (difference === 0) {
        return age;
      }
    }
    return undefined;
  }

  #hashInto(secret: Uint8Array, cookie: Uint8Array, clientIp: string, out: Uint8Array, at: number): void {
    this.#hashed.set(cookie.subarray(0, headBytes));
    const length = addressOctets(clientIp, this.#hashed.subarray(headBytes));
    sipHash24(secret, this.#hashed, headBytes + length, out, at);
  }
}
