/**
 * How many questions are asked at one time: a bounded number of places, and a bounded line for them.
 *
 * @module
 */
import { DnsError } from '../errors/errors.ts';

class Waiter {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
  gone = false;

  constructor(resolve: () => void, reject: (error: Error) => void, timeoutMs: number, onTimeout: () => void) {
    this.resolve = resolve;
    this.reject = reject;
    this.timer = setTimeout(onTimeout, Math.max(1, timeoutMs));
  }
}

/** A line for a limited number of places, first come, first served. */
export class Admission {
  readonly #placesMax: number;
  readonly #waitingMax: number;
  #taken = 0;
  #waiting = 0;
  #line: Waiter[] = [];
  /** Index of the first in line; the array is cut when half of it is spent. */
  #first = 0;

  constructor(placesMax: number, waitingMax: number) {
    this.#placesMax = placesMax;
    this.#waitingMax = waitingMax;
  }

  get taken(): number {
    return this.#taken;
  }

  get waiting(): number {
    return this.#waiting;
  }

  /**
   * Takes a place.
   *
   * @returns `undefined` when a place was free, else a promise of one
   * @throws DnsError `EBUSY` when the line is full; the promise rejects with `ETIMEOUT` or `EDESTROYED`
   */
  enter(timeoutMs: number): Promise<void> | undefined {
    if (this.#taken < this.#placesMax) {
      this.#taken += 1;
      return undefined;
    }
    if (this.#waiting >= this.#waitingMax) throw new DnsError('EBUSY');
    return new Promise((resolve, reject) => {
      const waiter = new Waiter(resolve, reject, timeoutMs, () => {
        this.#dismiss(waiter);
        reject(new DnsError('ETIMEOUT', { note: 'waiting for its turn', reason: 'queue' }));
      });
      this.#line.push(waiter);
      this.#waiting += 1;
    });
  }

  /** Gives a place back; the first in line takes it over. */
  leave(): void {
    for (;;) {
      const next = this.#line[this.#first];
      if (next === undefined) break;
      this.#first += 1;
      if (next.gone) continue;
      this.#dismiss(next);
      this.#cut();
      next.resolve();
      return;
    }
    this.#cut();
    this.#taken -= 1;
  }

  /** Turns everybody in line away. */
  close(): void {
    const line = this.#line.slice(this.#first);
    this.#line = [];
    this.#first = 0;
    for (const waiter of line) {
      if (waiter.gone) continue;
      this.#dismiss(waiter);
      waiter.reject(new DnsError('EDESTROYED'));
    }
  }

  #dismiss(waiter: Waiter): void {
    waiter.gone = true;
    clearTimeout(waiter.timer);
    this.#waiting -= 1;
  }

  #cut(): void {
    if (this.#first * 2 <= this.#line.length) return;
    this.#line = this.#line.slice(this.#first);
    this.#first = 0;
  }
}
