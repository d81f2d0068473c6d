/**
 * Waiting for the last connections to end.
 *
 * @module
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Recorder } from '../stats/recorder.ts';

export class Drain {
  readonly #connections: ReadonlySet<unknown>;
  readonly #recorder: Recorder;
  #drained: (() => void) | null = null;

  constructor(connections: ReadonlySet<unknown>, recorder: Recorder) {
    this.#connections = connections;
    this.#recorder = recorder;
  }

  /** Called when a connection is gone. */
  onGone(): void {
    if (this.#drained !== null && this.#connections.size === 0) this.#drained();
  }

  /** Resolves when no connection is open any more, or when the time is over. */
  async wait(timeoutMs: number): Promise<void> {
    if (this.#connections.size === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#drained = resolve;
    const timer = setTimeout(resolve, timeoutMs);
    await promise;
    clearTimeout(timer);
    this.#drained = null;
  }

  /** Sockets to targets close a moment after they are destroyed: until then they are counted, and hold a descriptor. */
  async upstreamsGone(timeoutMs: number): Promise<void> {
    const endsAtMs = performance.now() + timeoutMs;
    const remain = (): boolean =>
      [...this.#recorder.upstreams.values()].some(({ active, idle }) => active > 0 || idle > 0);
    while (remain() && performance.now() < endsAtMs) await nextTurn();
  }
}
