/**
 * What a pool and its workers say to each other.
 *
 * @module
 */
import type { IDnsListenAddresses, IDnsServerOptions } from '../interfaces/options.ts';
import type { IDnsStatsData } from '../stats/dnsstats.ts';

/** Options that all servers of a pool have in common; put them behind your own: `{ ...mine, ...shared }`. */
export type TSharedOptions = Pick<
  IDnsServerOptions,
  'reusePort' | 'udpPort' | 'tcpPort' | 'tlsPort' | 'httpsPort' | 'cookies' | 'serialStart' | 'sharedLimits'
>;

/** Given to a worker as its data. */
export interface IWorkerStart {
  readonly dnsWorker: true;
  readonly shared: TSharedOptions;
  /** The pool's own `workerData`. */
  readonly data: unknown;
}

export type TPoolMessage = { readonly dns: 'collect'; readonly id: number } | { readonly dns: 'stop' };

export type TWorkerMessage =
  | { readonly dns: 'started'; readonly addresses: IDnsListenAddresses }
  | { readonly dns: 'failed'; readonly message: string; readonly code: string | undefined }
  | { readonly dns: 'counters'; readonly id: number; readonly counters: IDnsStatsData }
  | { readonly dns: 'stopped'; readonly counters: IDnsStatsData };
