/**
 * What the wrapper needs of a stock proxy, and what it tells.
 *
 * @module
 */
import type { IConnectionCloseEvent, IConnectionOpenEvent } from '../interfaces/events.ts';

/** Upstream's `TPortRange`, and the single forms that it accepts. */
export type TStockPorts = number | { from: number; to: number } | ReadonlyArray<number | { from: number; to: number }>;

/** The part of upstream's route that the wrapper reads. */
export interface IStockRoute {
  name?: string;
  enabled?: boolean;
  match: { ports: TStockPorts; domains?: string | string[]; path?: string; clientIp?: string[] };
  action: { type: string; socketHandler?: (...args: never[]) => unknown };
}

/** The part of upstream's grouped metrics (19.6.7 and later) that the wrapper reads. */
export interface IStockMetrics {
  connections: {
    active(): number;
    total(): number;
    byRoute(): Map<string, number>;
    byIP(): Map<string, number>;
  };
  throughput: { recent(): { in: number; out: number } };
  requests?: { perSecond(): number; total(): number };
  totals?: { bytesIn(): number; bytesOut(): number };
}

/** The part of upstream's `SmartProxy` that the wrapper stands on. */
export interface IStockSmartProxy {
  settings: { routes: IStockRoute[] };
  updateRoutes(routes: IStockRoute[]): Promise<void>;
  getMetrics?(): IStockMetrics;
}

export interface IWrappedProxyEvents {
  'connection-open': [IConnectionOpenEvent];
  'connection-close': [IConnectionCloseEvent];
}
