/**
 * What the management API shows and changes, as it sees it. Null: that part is not configured, or does not run.
 *
 * @module
 */
import type { Registry } from '@dcrouter/metrics';
import type { DnsServer, IDnsSnapshot } from '@dcrouter/smartdns/server';
import type { IProxySnapshot, SmartProxy } from '@dcrouter/smartproxy';
import type { TConfig } from '../config/schema/index.ts';
import type { IControl } from '../control/types.ts';
import type { IEventBus } from '../events/types.ts';
import type { IHealth } from '../health/types.ts';
import type { TLogger } from '../log/logger.ts';
import type { ILogTail } from '../log/tail.ts';
import type { IResolve } from '../resolve/types.ts';
import type { IRuleEngine } from '../rules/types.ts';
import type { IStore } from '../store/types.ts';
import type { IHistory } from '../telemetry/types.ts';
import type { IStreamStats } from './streams/streams.ts';

/** What `GET /api/v1/stats` answers: one snapshot of each part that is configured. */
export interface IRouterStats {
  readonly proxy: IProxySnapshot | null;
  readonly dns: IDnsSnapshot | null;
}

/** The parts of the proxy that the API uses. */
export type TProxySource = Pick<
  SmartProxy,
  | 'stats'
  | 'listConnections'
  | 'getConnection'
  | 'closeConnection'
  | 'getCertificateStatus'
  | 'renewCertificate'
  | 'getUpstreamStates'
>;

/** The part of the DNS server that the API uses. */
export type TDnsSource = { readonly zones: Pick<DnsServer['zones'], 'get' | 'list' | 'ds' | 'signer'> };

/** What the management API counts of its own. */
export interface IApiStats {
  readonly streams: IStreamStats;
  /** Requests whose token was wrong, expired or revoked. */
  readonly failedTokens: number;
  readonly rateLimited: number;
}

/** Handing the sockets over, and taking the router out of service. */
export interface ILifeCycle {
  /** Starts a new process that takes the sockets; resolves when it serves. Rejects with why it does not. */
  restart(): Promise<void>;
  /** From now on `/readyz` says no; what is open goes on. */
  drain(): void;
  /** Whether the event loop turns in time. */
  live(): Promise<boolean>;
}

export interface IApiSources {
  readonly registry: Registry;
  readonly logger: TLogger;
  readonly events: IEventBus;
  readonly tail: ILogTail;
  /** Unix time of the router's start, ms. */
  readonly startedAtMs: number;
  /** Whether every configured listener is up and none is draining. */
  ready(): boolean;
  stats(): IRouterStats;
  addresses(): object;
  /** What serves, also without a control plane. */
  config(): TConfig;
  control(): IControl | null;
  store(): IStore | null;
  proxy(): TProxySource | null;
  dns(): TDnsSource | null;
  rules(): IRuleEngine | null;
  health(): IHealth | null;
  resolve(): IResolve | null;
  history(): IHistory | null;
  lifeCycle(): ILifeCycle | null;
}
