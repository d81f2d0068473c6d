/**
 * Orders wait here: one per name set at a time, and a few at once.
 *
 * @module
 */
import { AcmeError } from '@dcrouter/acme';

/** Runs orders. */
export class OrderDesk<T> {
  readonly #ordersMax: number;
  readonly #running = new Map<string, Promise<T>>();
  readonly #waiting: (() => void)[] = [];
  #active = 0;

  constructor(ordersMax: number) {
    this.#ordersMax = ordersMax;
  }

  /** Runs `order`, or joins the one for the same `key` that is under way. */
  place(key: string, signal: AbortSignal, order: () => Promise<T>): Promise<T> {
    let run = this.#running.get(key);
    if (run === undefined) {
      run = this.#run(signal, order).finally(() => this.#running.delete(key));
      this.#running.set(key, run);
    }
    return run;
  }

  async #run(signal: AbortSignal, order: () => Promise<T>): Promise<T> {
    // The slot is handed over without being freed, so that a newcomer cannot take it in between.
    if (this.#active < this.#ordersMax) this.#active++;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      if (signal.aborted) throw new AcmeError('ACME_ABORTED', 'the order was aborted before it started');
      return await order();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#active--;
      else next();
    }
  }
}
