/**
 * Decisions of somebody else about queries, asked before any answer is looked up, prebuilt ones too.
 *
 * @module
 */
import type { TDnsSource } from './stats.ts';

/** A query as a policy sees it: one object for all queries, valid during the call. Texts are made when asked for. */
export interface IPolicyQuery {
  readonly clientIp: string;
  readonly clientPort: number;
  readonly source: TDnsSource;
  /** Asked name in lower case without final dot; `.` for the root. */
  readonly domain: string;
  /** Mnemonic, `A`, or `TYPE65280`. */
  readonly type: string;
  readonly class: string;
  /** DO (RFC 3225). */
  readonly dnssecOk: boolean;
  /** RD. */
  readonly recursionDesired: boolean;
}

/** Reasons under which a policy's refusals are counted. */
export type TDnsPolicyReason = 'rule-denied' | 'rule-rate-limited' | 'rule-tarpit';

/** A refusal. */
export interface IDnsVerdict {
  /** What is answered, such as 5 for REFUSED (RFC 6895 §2.3); `drop` for nothing at all. */
  readonly rcode: number | 'drop';
  readonly reason: TDnsPolicyReason;
}

/** Asked about each readable query within the limits; null answers it as without a policy. Must not throw. */
export interface IDnsPolicy {
  query(query: IPolicyQuery): IDnsVerdict | null;
}
