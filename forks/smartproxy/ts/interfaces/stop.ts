/**
 * How a proxy ends.
 *
 * @module
 */

/** Options of `SmartProxy.stop`. */
export interface IStopOptions {
  /** Milliseconds to wait for open connections, default `gracefulShutdownTimeout`; 0 cuts them at once. */
  drainTimeout?: number;
  /**
   * Milliseconds of the drain time in which idle connections may send one more request, which is answered with
   * `Connection: close`; default 0: they end at once, and a request that crosses is lost. For a process whose successor
   * serves already.
   */
  idleGrace?: number;
}
