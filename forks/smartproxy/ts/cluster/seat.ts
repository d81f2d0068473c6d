/**
 * What makes a proxy a worker's: it opens the ports that it is told to, not those of its routes, and orders nothing.
 *
 * @module
 */
import type { IEngine, IOtherProcesses } from '../connection/engine.ts';
import type { RouteSwap } from '../routeswap.ts';

export interface IWorkerSeat extends IOtherProcesses {
  /** The port to bind for a port that the routes name. */
  bindPort(port: number): number;
  /** Called once, with the engine behind the proxy and what replaces its routes. */
  take(engine: IEngine, routes: RouteSwap): void;
}
