/**
 * What makes a proxy a worker's: it opens the ports that it is told to, not those of its routes, and orders nothing.
 *
 * @module
 */
import type { IEngine } from '../connection/engine.ts';

export interface IWorkerSeat {
  /** The port to bind for a port that the routes name. */
  bindPort(port: number): number;
  /** Called once, with the engine behind the proxy. */
  take(engine: IEngine): void;
}
