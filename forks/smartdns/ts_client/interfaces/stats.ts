/**
 * What the client counts, and how it is read.
 *
 * Every `resolve()` is one query: queries = answered + failed + pending. Every answered or failed query was served
 * from exactly one of cache, another query's flight (coalesced), a special name, or its own flight.
 *
 * @module
 */
import type { IClientCacheStats } from '../cache/cache.ts';
import type { TClientSource } from './answers.ts';

/** A distribution of times, as in the server's statistics. */
export interface IClientLatencyStats {
  readonly count: number;
  readonly sumSeconds: number;
  /** Quantiles in milliseconds; 0 while nothing was observed. */
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** One resolver's share. */
export interface IUpstreamStats {
  /** As configured. */
  readonly upstream: string;
  readonly protocol: TClientSource;
  /** DNS messages sent and received; 0 for `system`, whose traffic is counted under its servers or not seen by us. */
  readonly sent: number;
  readonly received: number;
  readonly bytesOut: number;
  readonly bytesIn: number;
  /** Sockets and connections opened. */
  readonly opened: number;
  /** Attempts that brought an answer (NOERROR or NXDOMAIN), and those that did not. */
  readonly answers: number;
  readonly failures: number;
  /** Questions that went on over TCP after a truncated or doubtful UDP reply. */
  readonly tcpFallbacks: number;
  /** Received messages that belonged to no question, by what was wrong with them. */
  readonly bogusReplies: Readonly<Record<string, number>>;
  /** Smoothed time of an answered attempt in milliseconds. */
  readonly latencyMs: number;
  /** It has failed lately, so others are asked first. */
  readonly passedOver: boolean;
}

export interface IClientTotals {
  /** Calls of `resolve()`. */
  readonly queries: number;
  readonly answered: number;
  readonly failed: number;
  readonly pending: number;
  /** Queries answered from the cache. */
  readonly cached: number;
  /** Queries that joined an equal one under way. */
  readonly coalesced: number;
  /** Queries for names that never leave the machine. */
  readonly special: number;
  /** Attempts made, and those that failed. */
  readonly attempts: number;
  readonly attemptsFailed: number;
  /** CNAME steps that took a question of their own. */
  readonly cnameSteps: number;
  /** Questions refused because too many were waiting. */
  readonly busy: number;
}

/** Everything, read at one moment. Plain JSON. */
export interface IClientSnapshot {
  /** Unix time in milliseconds. */
  readonly timestamp: number;
  readonly totals: IClientTotals;
  readonly types: Readonly<Record<string, number>>;
  readonly rcodes: Readonly<Record<string, number>>;
  /** NOERROR answers without a record of the asked type; part of `rcodes.NOERROR`. */
  readonly nodata: number;
  /** Answers by the way they came in, cached ones not included. */
  readonly sources: Readonly<Record<TClientSource, number>>;
  /** Failed queries by error code. */
  readonly errors: Readonly<Record<string, number>>;
  readonly cache: IClientCacheStats;
  readonly latency: IClientLatencyStats;
  readonly upstreams: readonly IUpstreamStats[];
  readonly inFlight: number;
  readonly waiting: number;
}
