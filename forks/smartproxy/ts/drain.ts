/**
 * Waiting for what is open when the proxy stops.
 *
 * @module
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Connection } from './connection/connection.ts';
import type { UpstreamCounters } from './stats/counters.ts';

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

/** Waits until no connection is left, for a time. */
export class Drain {
  readonly #connections: ReadonlySet<Connection>;
  #done: (() => void) | null = null;

  constructor(connections: ReadonlySet<Connection>) {
    this.#connections = connections;
  }

  async wait(timeoutMs: number): Promise<void> {
    if (this.#connections.size === 0) return;
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#done = resolve;
      timer = setTimeout(resolve, timeoutMs);
    });
    clearTimeout(timer);
    this.#done = null;
  }

  onConnectionGone(): void {
    if (this.#done !== null && this.#connections.size === 0) this.#done();
  }
}

/** Sockets to targets close a moment after they are destroyed: until then they are counted, and hold a descriptor. */
export async function upstreamsGone(
  upstreams: ReadonlyMap<string, UpstreamCounters>,
  timeoutMs: number,
): Promise<void> {
  const endsAtMs = performance.now() + timeoutMs;
  const remain = (): boolean => [...upstreams.values()].some(({ active, idle }) => active > 0 || idle > 0);
  while (remain() && performance.now() < endsAtMs) await nextTurn();
}
