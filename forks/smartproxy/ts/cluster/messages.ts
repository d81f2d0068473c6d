/**
 * What the primary process and its workers say to each other. Messages go by structured clone and stay in order.
 *
 * @module
 */
import type { ILatencyHistogramData } from '@dcrouter/metrics';
import type { IChallengeChange } from '../certificates/challenge-board.ts';
import type { TCertificateSource } from '../certificates/types.ts';
import type { TInquiry } from '../connection/inspect.ts';
import type { TSlotAnswer, TSlotChange } from '../http/slots.ts';
import type { TShareChange } from './shares.ts';
import type { TProxyErrorCode } from '../errors.ts';
import type { IConnectionInfo } from '../interfaces/connections.ts';
import type { ISmartProxyEvents } from '../interfaces/events.ts';
import type { ISmartProxyOptions } from '../interfaces/options.ts';
import type { IRouteConfig } from '../interfaces/route.ts';
import type { IUpstreamState } from '../interfaces/upstreams.ts';

/** Events that workers tell; the others are the primary's own. */
export const WORKER_EVENTS = [
  'connection-open',
  'connection-upgrade',
  'connection-close',
  'connection-rejected',
  'request-completed',
  'request-refused',
  'upstream-error',
  'tls-error',
] as const satisfies ReadonlyArray<keyof ISmartProxyEvents>;

export type TWorkerEvent = (typeof WORKER_EVENTS)[number];

/** A certificate that the primary has for a route. */
export interface IRouteCertificate {
  readonly routeName: string;
  readonly cert: string;
  readonly key: string;
  readonly source: TCertificateSource;
}

/** A target of a route that fails its health check, by its place among the route's targets. */
export type TUnhealthyTarget = readonly [route: string, at: number];

/** What a worker is to do; each is answered once it is done. */
export type TOrder =
  | {
      readonly proxy: 'start';
      readonly options: ISmartProxyOptions;
      readonly ticketKeys: readonly Uint8Array[];
      readonly heard: readonly TWorkerEvent[];
      readonly certificates: readonly IRouteCertificate[];
      readonly challenges: readonly IChallengeChange[];
      readonly upstreams: readonly IUpstreamState[];
      readonly unhealthy: readonly TUnhealthyTarget[];
      /** How many workers there are, and which this is. */
      readonly workers: number;
      readonly turn: number;
    }
  | { readonly proxy: 'open'; readonly port: number; readonly bindPort: number }
  | { readonly proxy: 'close'; readonly port: number }
  /** New routes in two steps: all workers can use them, then all do. */
  | { readonly proxy: 'prepare'; readonly routes: IRouteConfig[] }
  | { readonly proxy: 'discard' }
  | { readonly proxy: 'commit'; readonly certificates: readonly IRouteCertificate[] }
  | { readonly proxy: 'heard'; readonly heard: readonly TWorkerEvent[] }
  | { readonly proxy: 'tickets'; readonly ticketKeys: readonly Uint8Array[] }
  | { readonly proxy: 'certificate'; readonly certificate: IRouteCertificate }
  | { readonly proxy: 'challenge'; readonly change: IChallengeChange }
  | { readonly proxy: 'inquire'; readonly inquiry: TInquiry }
  /** What the health checks of the primary say about all targets. */
  | { readonly proxy: 'health'; readonly unhealthy: readonly TUnhealthyTarget[] }
  | { readonly proxy: 'upstreams'; readonly upstreams: readonly IUpstreamState[] }
  | { readonly proxy: 'stop'; readonly drainMs: number; readonly idleGraceMs: number };

/** What workers hold against limits that all share: told to the primary, passed on to the others, never answered. */
export interface ISharesMessage {
  readonly proxy: 'shares';
  readonly changes: readonly TShareChange[];
}

/** The primary has passed on what a worker told. */
export interface ISharesHeard {
  readonly proxy: 'shares-heard';
}

/** What a worker says about connections to targets with a maximum. */
export interface ISlotsMessage {
  readonly proxy: 'slots';
  readonly changes: readonly TSlotChange[];
}

/** What the primary says to that. */
export interface ISlotAnswers {
  readonly proxy: 'slot-answers';
  readonly answers: readonly TSlotAnswer[];
}

/** Messages that nobody answers. */
export type TTold = ISharesMessage | ISharesHeard | ISlotAnswers;

export type TPrimaryMessage = (TOrder & { readonly id: number }) | TTold;

/** Added to counts by name. */
export type TChanges = ReadonlyArray<readonly [string, number]>;

/** Bytes in and out by name. */
export type TByteChanges = ReadonlyArray<readonly [name: string, bytesIn: number, bytesOut: number]>;

/** What one route has counted since the last report. */
export interface IRouteChanges {
  readonly name: string;
  /** In the order of `ROUTE_NUMBERS`, then the status classes. */
  readonly numbers: readonly number[];
  readonly latency: ILatencyHistogramData | null;
  readonly rejects: TChanges;
}

/** What one target has counted since the last report. */
export interface IUpstreamChanges {
  readonly target: string;
  /** In the order of `UPSTREAM_NUMBERS`. */
  readonly numbers: readonly number[];
  readonly connectLatency: ILatencyHistogramData | null;
  readonly tlsLatency: ILatencyHistogramData | null;
  readonly firstByteLatency: ILatencyHistogramData | null;
  readonly failures: TChanges;
}

/** How far an open connection has come. */
export interface IConnectionProgress {
  readonly connectionId: string;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly requests: number;
}

/** Everything a worker counted and told since its last report: numbers and events agree with each other. */
export interface IReport {
  /** In the order of `TOTAL_NUMBERS`. */
  readonly totals: readonly number[];
  readonly routes: readonly IRouteChanges[];
  readonly upstreams: readonly IUpstreamChanges[];
  readonly terminations: TChanges;
  readonly rejects: TChanges;
  readonly types: TChanges;
  /** In the order of `RING_NUMBERS`; empty without a ring. */
  readonly ring: readonly number[];
  readonly addresses: TChanges;
  readonly topClients: TChanges;
  /** Bytes in and out by client address. */
  readonly addressBytes: TByteChanges;
  /** Durations, bytes in and bytes out of connections that are over; null when none is. */
  readonly ended: readonly [ILatencyHistogramData | null, ILatencyHistogramData | null, ILatencyHistogramData | null];
  readonly tls: {
    readonly handshakes: number;
    readonly resumptions: number;
    readonly failures: TChanges;
    readonly versions: TChanges;
    readonly alpn: TChanges;
  };
  readonly events: ReadonlyArray<{ readonly name: TWorkerEvent; readonly payload: object }>;
  readonly progress: readonly IConnectionProgress[];
}

/** Why an order could not be carried out. */
export interface IFailure {
  readonly code: TProxyErrorCode | undefined;
  readonly message: string;
}

export type TWorkerMessage =
  | {
      readonly proxy: 'done';
      readonly id: number;
      readonly failure?: IFailure;
      readonly forced?: number;
      /** The answer to an inquiry. */
      readonly connections?: readonly IConnectionInfo[];
    }
  | { readonly proxy: 'report'; readonly report: IReport }
  | ISharesMessage
  | ISlotsMessage;
