/**
 * The DNS server's events. Payloads are frozen plain objects and are built only when somebody listens.
 *
 * @module
 */
import type { TDnsSource } from './stats.ts';

/** A query was read and understood far enough to have a question. */
export interface IQueryReceivedEvent {
  readonly queryId: number;
  readonly type: string;
  readonly domain: string;
  readonly class: string;
  readonly source: TDnsSource;
  readonly clientIp: string;
  readonly clientPort: number;
  readonly timestamp: Date;
}

export interface IQueryAnsweredEvent {
  readonly queryId: number;
  readonly domain: string;
  readonly type: string;
  readonly source: TDnsSource;
  readonly clientIp: string;
  readonly cached: boolean;
  /** Milliseconds from receipt to hand-over to the transport. */
  readonly responseTime: number;
  /** Mnemonic of the rcode: `NOERROR`, `NXDOMAIN`, … */
  readonly responseCode: string;
  /** Records in the answer section. */
  readonly answers: number;
  /** Size of the answer on the wire, without transport framing. */
  readonly bytes: number;
  readonly truncated: boolean;
  /** Whether signatures were included. */
  readonly dnssec: boolean;
}

export interface ICacheEvent {
  readonly domain: string;
  readonly type: string;
}

export interface IQueryErrorEvent {
  readonly queryId?: number;
  readonly clientIp: string;
  readonly source: TDnsSource;
  /** `malformed`, `handler`, `timeout`, `rate-limited`, `refused`, `send`, … */
  readonly reason: string;
  readonly error?: string;
}

/** Upstream 7.9's own event, kept. */
export interface IDnsQueryCompletedEvent {
  readonly questions: Array<{ name: string; type: string; class: string }>;
  readonly answered: boolean;
  readonly responseTimeMs: number;
  readonly timestamp: number;
}

/** Event names and their arguments, as `EventEmitter<IDnsServerEvents>` wants them. */
export interface IDnsServerEvents {
  'query-received': [IQueryReceivedEvent];
  'query-answered': [IQueryAnsweredEvent];
  'query-error': [IQueryErrorEvent];
  'cache-hit': [ICacheEvent];
  'cache-miss': [ICacheEvent];
  'cache-evict': [ICacheEvent];
  'query': [IDnsQueryCompletedEvent];
}
