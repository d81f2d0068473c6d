import type { IClock } from '../../ts/control/clock.ts';

/** Time that passes only when a test says so. */
export class HandClock implements IClock {
  #nowMs = 1_000_000;
  readonly #timers = new Map<number, { readonly atMs: number; readonly work: () => void }>();
  #last = 0;

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, work: () => void): () => void {
    this.#last += 1;
    const id = this.#last;
    this.#timers.set(id, { atMs: this.#nowMs + delayMs, work });
    return () => this.#timers.delete(id);
  }

  /** Timers that wait. */
  get waiting(): number {
    return this.#timers.size;
  }

  /** Lets time pass and calls what is due, in its order. */
  advance(ms: number): void {
    this.#nowMs += ms;
    const due = [...this.#timers].filter(([, { atMs }]) => atMs <= this.#nowMs);
    due.sort(([, left], [, right]) => left.atMs - right.atMs);
    for (const [id, { work }] of due) if (this.#timers.delete(id)) work();
  }
}
