/**
 * Open connections by key, with a limit. Keys without open connections are forgotten at once.
 *
 * @module
 */
import { securityLimits } from '../limits/security.ts';
import type { Tally } from './tally.ts';

/** Under this key connections are counted for which there was no room; addresses never look like it. */
const SHARED_KEY = '(others)';

export class ConnectionCounter {
  readonly #limit: number;
  readonly #keysMax: number;
  readonly #tally: Tally | null;
  readonly #counts = new Map<string, number>();

  /**
   * @param limit open connections per key.
   * @param tally what other processes hold against the limit; null where there are none
   */
  constructor(limit: number, keysMax: number = securityLimits.trackedIpsMax, tally: Tally | null = null) {
    this.#limit = limit;
    this.#tally = tally;
    this.#keysMax = keysMax;
  }

  /** Keys with open connections. */
  get size(): number {
    return this.#counts.size;
  }

  count(key: string): number {
    return this.#counts.get(key) ?? 0;
  }

  /**
   * Counts a connection.
   *
   * @returns what {@link release} must be given when it closes, or null when the key is at its limit.
   */
  acquire(key: string): string | null {
    let counted = key;
    let count = this.#counts.get(counted);
    if (count === undefined && this.#counts.size >= this.#keysMax) {
      counted = SHARED_KEY;
      count = this.#counts.get(counted);
    }
    if ((count ?? 0) >= this.#limit || this.#tally?.hasRoom(counted, this.#limit) === false) return null;
    this.#tally?.add(counted, 1);
    this.#counts.set(counted, (count ?? 0) + 1);
    return counted;
  }

  release(token: string): void {
    const count = this.#counts.get(token);
    if (count === undefined) return;
    this.#tally?.add(token, -1);
    if (count > 1) this.#counts.set(token, count - 1);
    else this.#counts.delete(token);
  }
}
