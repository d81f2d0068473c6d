/**
 * Locks by name within this process: first come, first served, and nobody waits without end.
 *
 * @module
 */
import { StoreLockTimeoutError } from './errors.ts';
import * as limits from './limits.ts';

export class KeyedLock {
  readonly #waiting = new Map<string, Array<() => void>>();
  #waiters = 0;

  /**
   * Resolves to the release when the name is free.
   *
   * @throws StoreLockTimeoutError when it is not free in time, or too many wait
   */
  async acquire(name: string, waitMs = limits.lockWaitMs): Promise<() => void> {
    const queue = this.#waiting.get(name);
    if (queue === undefined) this.#waiting.set(name, []);
    else await this.#turn(name, queue, waitMs);
    let held = true;
    return () => {
      if (held) this.#next(name);
      held = false;
    };
  }

  #next(name: string): void {
    const next = this.#waiting.get(name)?.shift();
    if (next === undefined) this.#waiting.delete(name);
    else next();
  }

  async #turn(name: string, queue: Array<() => void>, waitMs: number): Promise<void> {
    if (this.#waiters >= limits.lockWaitersMax)
      throw new StoreLockTimeoutError(`lock '${name}': ${this.#waiters} already wait for locks; try again later`);
    this.#waiters += 1;
    try {
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => {
          queue.splice(queue.indexOf(turn), 1);
          reject(new StoreLockTimeoutError(`lock '${name}' is still held after ${waitMs} ms; try again later`));
        }, waitMs);
        const turn = (): void => {
          clearTimeout(timer);
          resolve();
        };
        queue.push(turn);
      });
    } finally {
      this.#waiters -= 1;
    }
  }
}
