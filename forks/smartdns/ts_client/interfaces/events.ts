/**
 * The client's events, shaped like the server's. Payloads are frozen plain objects and are built only when somebody
 * listens.
 *
 * @module
 */
import type { TEvictReason } from '../cache/cache.ts';
import type { TClientSource } from './answers.ts';

/** A question goes to a resolver: once per attempt. */
export interface IClientQuerySentEvent {
  readonly queryId: number;
  readonly type: string;
  readonly domain: string;
  readonly class: 'IN';
  /** The protocol that it is sent with first. */
  readonly source: TClientSource;
  readonly upstream: string;
  /** 1 for the first. */
  readonly attempt: number;
  readonly timestamp: Date;
}

/** An attempt failed; another may follow. */
export interface IClientQueryRetryEvent {
  readonly queryId: number;
  readonly domain: string;
  readonly type: string;
  readonly source: TClientSource;
  readonly upstream: string;
  readonly attempt: number;
  /** The error's code. */
  readonly reason: string;
  readonly error: string;
}

/** A `resolve()` has its answer, whatever it was served from. */
export interface IClientQueryAnsweredEvent {
  readonly queryId: number;
  readonly domain: string;
  readonly type: string;
  readonly source: TClientSource;
  readonly upstream: string;
  readonly cached: boolean;
  /** Milliseconds from the call to the answer. */
  readonly responseTime: number;
  readonly responseCode: string;
  /** Records in the answer section. */
  readonly answers: number;
  readonly bytes: number;
  /** The answer needed TCP. */
  readonly truncated: boolean;
  /** AD. */
  readonly dnssec: boolean;
}

/** A `resolve()` failed. */
export interface IClientQueryErrorEvent {
  readonly queryId: number;
  readonly domain: string;
  readonly type: string;
  readonly upstream: string | undefined;
  /** The error's code. */
  readonly reason: string;
  readonly error: string;
}

export interface IClientCacheEvent {
  readonly domain: string;
  readonly type: string;
}

export interface IClientCacheEvictEvent extends IClientCacheEvent {
  readonly reason: TEvictReason;
}

/** Event names and their arguments, as `EventEmitter<IResolverEvents>` wants them. */
export interface IResolverEvents {
  'query-sent': [IClientQuerySentEvent];
  'query-retry': [IClientQueryRetryEvent];
  'query-answered': [IClientQueryAnsweredEvent];
  'query-error': [IClientQueryErrorEvent];
  'cache-hit': [IClientCacheEvent];
  'cache-miss': [IClientCacheEvent];
  'cache-evict': [IClientCacheEvictEvent];
}
