/**
 * What the process offers to the router that runs in it.
 *
 * @module
 */
import type { ISocketSource } from './sockets.ts';

export interface IProcessHost extends ISocketSource {
  /**
   * Resolves once the process before has released the store; at once where there is none. To be awaited before the store
   * is opened.
   */
  storeFree(): Promise<void>;
  /**
   * Hands over to a new process with the same command line; resolves when that one serves. This one then finishes what
   * it began and ends.
   *
   * @throws RestartError why the new one does not serve; this one serves on
   */
  restart(): Promise<void>;
  /** Stops in order, as SIGTERM does. */
  stop(): void;
}
