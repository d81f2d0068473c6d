/**
 * Follows the revisions that other nodes make, one reading at a time.
 *
 * @module
 */
import type { IClock } from './clock.ts';
import { RETRY_FIRST_MS, RETRY_LONGEST_MS } from './limits.ts';

/** Calls `adopt` once for any number of revisions told meanwhile; when it rejects, again after a growing time. */
export class Follower {
  readonly #clock: IClock;
  readonly #adopt: () => Promise<void>;
  #pending: Promise<void> | null = null;
  #toldMeanwhile = false;
  #retryMs = RETRY_FIRST_MS;
  #callOff: () => void = () => {};
  #stopped = false;

  constructor(clock: IClock, adopt: () => Promise<void>) {
    this.#clock = clock;
    this.#adopt = adopt;
  }

  /** There is something new; or there may be. */
  tell(): void {
    if (this.#stopped) return;
    if (this.#pending !== null) {
      this.#toldMeanwhile = true;
      return;
    }
    this.#callOff();
    this.#toldMeanwhile = false;
    this.#pending = this.#adopt().then(
      () => this.#ended(true),
      () => this.#ended(false),
    );
  }

  stop(): void {
    this.#stopped = true;
    this.#callOff();
  }

  #ended(done: boolean): void {
    this.#pending = null;
    if (done) this.#retryMs = RETRY_FIRST_MS;
    if (this.#toldMeanwhile) return this.tell();
    if (done || this.#stopped) return;
    this.#callOff = this.#clock.after(this.#retryMs, () => this.tell());
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_LONGEST_MS);
  }
}
