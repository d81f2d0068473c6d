/**
 * Deadlines of queries that wait for something: one timer for all of them.
 *
 * @module
 */

export interface IDeadlineOwner {
  /** Monotonic milliseconds. */
  deadlineMs: number;
  expire(): void;
}

/** How late a deadline may be noticed, in milliseconds; far below any that is set. */
const sweepMs = 50;

export class Deadlines {
  readonly #owners = new Set<IDeadlineOwner>();
  #emptied: Array<() => void> = [];
  #timer: NodeJS.Timeout | undefined;

  get size(): number {
    return this.#owners.size;
  }

  add(owner: IDeadlineOwner): void {
    this.#owners.add(owner);
    this.#timer ??= setInterval(() => this.#sweep(), sweepMs).unref();
  }

  delete(owner: IDeadlineOwner): void {
    this.#owners.delete(owner);
    if (this.#owners.size === 0 && this.#emptied.length > 0) {
      const emptied = this.#emptied;
      this.#emptied = [];
      for (const tell of emptied) {
        tell();
      }
    }
  }

  /** Resolves when nothing waits any more. */
  async empty(): Promise<void> {
    if (this.#owners.size > 0) {
      await new Promise<void>((resolve) => {
        this.#emptied.push(resolve);
      });
    }
  }

  /** Expires everything that still waits. */
  close(): void {
    const owners = Array.from(this.#owners);
    this.#owners.clear();
    this.#stop();
    for (const owner of owners) {
      owner.expire();
    }
  }

  #sweep(): void {
    const now = performance.now();
    for (const owner of this.#owners) {
      if (owner.deadlineMs <= now) {
        this.#owners.delete(owner);
        owner.expire();
      }
    }
    if (this.#owners.size === 0) {
      this.#stop();
    }
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
