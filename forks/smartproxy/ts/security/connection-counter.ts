/**
 * Open connections by key, with a limit. Keys without open connections are forgotten at once.
 *
 * @module
 */
import { securityLimits } from '../limits/security.ts';

/** Under this key connections are counted for which there was no room; addresses never look like it. */
const SHARED_KEY = '(others)';

export class ConnectionCounter {
  readonly #limit: number;
  readonly #keysMax: number;
  readonly #counts = new Map<string, number>();

  /** @param limit open connections per key. */
  constructor(limit: number, keysMax: number = securityLimits.trackedIpsMax) {
    this.#limit = limit;
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
    if ((count ?? 0) >= this.#limit) return null;
    this.#counts.set(counted, (count ?? 0) + 1);
    return counted;
  }

  release(token: string): void {
    const count = this.#counts.get(token);
    if (count === undefined) return;
    if (count > 1) this.#counts.set(token, count - 1);
    else this.#counts.delete(token);
  }
}
