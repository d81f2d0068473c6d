/**
 * A query and its answer as middlewares and handlers see them.
 *
 * @module
 */
import type { IResourceRecord } from '#wire';
import type { TDnsSource } from './stats.ts';

/** Upstream's question: name in lower case without final dot, mnemonic type and class. */
export interface IDnsQuestion {
  name: string;
  type: string;
  class?: string;
}

/** Upstream declares record data without a type; code written for it reads fields without asking. */
export type TRecordData = ReturnType<JSON['parse']>;

/**
 * Upstream's record, as handlers return it.
 *
 * `data` is a string for A, AAAA, NS, CNAME, PTR; `{preference, exchange}` for MX; a string or strings for TXT;
 * `{priority, weight, port, target}` for SRV; seven fields for SOA; for every other type the codec's own form, or its
 * presentation text.
 */
export interface DnsAnswer {
  name: string;
  type: string;
  class: string | number;
  ttl: number;
  data: TRecordData;
}

/** What a handler may return beyond upstream's record or null: a whole answer with its own rcode. */
export interface IDnsHandlerResponse {
  /** Mnemonic; default `NOERROR`. */
  rcode?: string;
  answers?: DnsAnswer[];
  authorities?: DnsAnswer[];
  additionals?: DnsAnswer[];
}

/** Who asked, and how. Given to handlers as their second argument. */
export interface IDnsQueryContext {
  readonly source: TDnsSource;
  readonly clientIp: string;
  readonly clientPort: number;
  /** Whether the client set DO (RFC 3225). */
  readonly dnssecOk: boolean;
}

/** A query on its way through the middlewares. */
export interface IDnsQuery extends IDnsQueryContext {
  /** Counts from 1 since the server was made. */
  readonly queryId: number;
  /** Asked name in lower case without final dot; `.` for the root. */
  readonly domain: string;
  /** Mnemonic, `A`, or `TYPE65280`. */
  readonly type: string;
  readonly class: string;
  /** The id of the message. */
  readonly id: number;
  readonly recursionDesired: boolean;
  readonly checkingDisabled: boolean;
  readonly timestamp: Date;
  /** Ends the query without an answer, counted as dropped by `middleware`. */
  drop(): void;
}

/** An answer on its way out through the middlewares. Changes made to it are sent. */
export interface IDnsResponse {
  /** Mnemonic of the response code. */
  rcode: string;
  /** Authoritative answer bit. */
  authoritative: boolean;
  answers: IResourceRecord[];
  authorities: IResourceRecord[];
  additionals: IResourceRecord[];
  /** Whether the answer came from a cache. */
  readonly cached: boolean;
}

/**
 * Runs the rest of the chain.
 *
 * With a callback: called with the answer on its way out; the answer leaves when the callback (or its promise) is done.
 * Without: the promise resolves with the answer, and the middleware's own promise holds it back.
 */
export interface IDnsNext {
  (callback: (response: IDnsResponse) => void | Promise<void>): void;
  (): Promise<IDnsResponse>;
}

/** `return` of a response answers with it; `next` runs the rest. */
export type TDnsMiddleware = (
  query: IDnsQuery,
  next: IDnsNext,
) => void | IDnsHandlerResponse | Promise<void | IDnsHandlerResponse>;

/** Everything a handler may give back: nothing, one record, several, a whole answer, or a promise of these. */
export type TDnsHandlerResult = DnsAnswer | DnsAnswer[] | IDnsHandlerResponse | null | undefined;

export type TDnsHandler = (
  question: IDnsQuestion,
  context: IDnsQueryContext,
) => TDnsHandlerResult | Promise<TDnsHandlerResult>;

/** Cache of one handler's answers. Off unless given. */
export interface IDnsHandlerCacheOptions {
  /** Seconds to keep an answer; default its records' smallest TTL. */
  ttlSeconds?: number;
  /** Seconds to keep "no answer"; default 60. */
  negativeTtlSeconds?: number;
  /** Answers kept; default 10,000. */
  entriesMax?: number;
  /** Serve an expired answer for up to this many seconds while a new one is fetched; default 0, off. */
  staleSeconds?: number;
}

export interface IDnsHandlerOptions {
  /** Milliseconds before a pending promise is answered SERVFAIL; default the server's `handlerTimeoutMs`. */
  timeoutMs?: number;
  cache?: IDnsHandlerCacheOptions;
}

/** Upstream's handler entry. */
export interface IDnsHandler {
  domainPattern: string;
  recordTypes: string[];
  handler: TDnsHandler;
}
