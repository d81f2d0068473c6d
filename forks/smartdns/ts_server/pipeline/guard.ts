/**
 * What keeps the server from being flooded or used against others: query limits, cookies, response rates.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { ednsOptions, type QuestionReader } from '#wire';
import {
  cookieAbsent,
  cookieBytes,
  cookieClientOnly,
  cookieMalformed,
  Cookies,
  cookieValid,
  type ICookieOptions,
} from '../abuse/cookies.ts';
import { QueryLimit, type IQueryLimitOptions } from '../abuse/querylimit.ts';
import {
  kindAnswer,
  kindError,
  kindNegative,
  limitSend,
  RateLimit,
  type IRateLimitOptions,
} from '../abuse/ratelimit.ts';
import type { ISharedLimits } from '../abuse/sharedlimits.ts';
import type { ZoneCounters } from '../stats/zonecounters.ts';
import { sourceUdp } from '../transports/types.ts';

export interface IGuardOptions {
  readonly rateLimit: IRateLimitOptions | undefined;
  readonly queryLimit: IQueryLimitOptions | undefined;
  /** Tables that other workers use too. */
  readonly sharedLimits: ISharedLimits | undefined;
  /** `false` ignores cookies. */
  readonly cookies: ICookieOptions | false;
}

/** Verdicts on a query. */
export const guardPass = 0;
export const guardOverLimit = 1;
export const guardMalformed = 2;
export const guardBadCookie = 3;

/** Code and length in front of the cookie. */
const optionHeadBytes = 4;
/** Octets that a cookie adds to an answer. */
export const cookieOptionBytes = optionHeadBytes + cookieBytes;

export class Guard {
  /** The cookie to answer with; holds for the query last judged, when `cookieState` is above malformed. */
  readonly cookie = new Uint8Array(cookieBytes);
  cookieState = cookieAbsent;
  /** What questions are hashed with: workers that limit answers together have to mean the same one. */
  readonly questionSeed: number;
  readonly #rateLimit: RateLimit | undefined;
  readonly #queryLimit: QueryLimit | undefined;
  readonly #cookies: Cookies | undefined;

  constructor(options: IGuardOptions) {
    const { rateLimit, queryLimit, sharedLimits } = options;
    this.#rateLimit = rateLimit && new RateLimit(rateLimit, sharedLimits?.rateLimit);
    this.#queryLimit = queryLimit && new QueryLimit(queryLimit, sharedLimits?.queryLimit);
    this.questionSeed = sharedLimits?.rateLimit.seed ?? randomBytes(4).readInt32LE();
    this.#cookies = options.cookies === false ? undefined : new Cookies(options.cookies);
  }

  /** Whether the query just read may be answered. */
  admit(reader: QuestionReader, source: number, clientIp: string, nowMs: number): number {
    this.cookieState = cookieAbsent;
    if (this.#queryLimit !== undefined && !this.#queryLimit.allows(clientIp, nowMs)) {
      return guardOverLimit;
    }
    const cookies = this.#cookies;
    if (cookies === undefined || reader.cookieOffset === 0) {
      return guardPass;
    }
    this.cookieState = cookies.judge(reader.packet, reader.cookieOffset, reader.cookieLength, clientIp, this.cookie);
    if (this.cookieState === cookieMalformed) {
      // RFC 7873 §5.2.2.
      return guardMalformed;
    }
    return cookies.enforce && this.cookieState === cookieClientOnly && source === sourceUdp
      ? guardBadCookie
      : guardPass;
  }

  /** The cookie for the answer to the query last judged; undefined without one. */
  takeCookie(): Buffer | undefined {
    return this.cookieState >= cookieClientOnly ? Buffer.from(this.cookie) : undefined;
  }

  /** Whether answers have rates at all. */
  get limitsAnswers(): boolean {
    return this.#rateLimit !== undefined;
  }

  get hasCookie(): boolean {
    return this.cookieState >= cookieClientOnly;
  }

  /** Whether the client proved its address (RFC 7873 §5.2.4). */
  get isTrusted(): boolean {
    return this.cookieState === cookieValid;
  }

  /** Appends the cookie to an answer that ends with an OPT record without options. */
  appendCookie(out: Uint8Array, end: number): number {
    out[end - 1] = cookieOptionBytes;
    out[end] = 0;
    out[end + 1] = ednsOptions.COOKIE;
    out[end + 2] = 0;
    out[end + 3] = cookieBytes;
    out.set(this.cookie, end + optionHeadBytes);
    return end + cookieOptionBytes;
  }

  /** What to do with an answer: `limitSend`, `limitDrop` or `limitSlip`. */
  judgeAnswer(
    source: number,
    trusted: boolean,
    clientIp: string,
    rcode: number,
    answers: number,
    counters: ZoneCounters | undefined,
    questionHash: number,
    nowMs: number,
  ): number {
    if (this.#rateLimit === undefined || trusted || source !== sourceUdp) {
      return limitSend;
    }
    if (rcode === 0 && answers > 0) {
      return this.#rateLimit.judge(clientIp, kindAnswer, questionHash, nowMs);
    }
    // Negative answers and errors are counted by zone: a flood asks for a new name each time.
    const kind = rcode === 0 || rcode === 3 ? kindNegative : kindError;
    return this.#rateLimit.judge(clientIp, kind, counters?.id ?? 0, nowMs);
  }
}
