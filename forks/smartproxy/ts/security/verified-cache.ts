/**
 * Credentials that were found right, by a keyed hash of them, so that neither they nor anything that helps to guess
 * them stays in memory. Bounded: the oldest go first.
 *
 * @module
 */
import { createHmac, randomBytes } from 'node:crypto';
import { securityLimits } from '../limits/security.ts';

const KEY_BYTES = 32;

export class VerifiedCache<T> {
  readonly #key = randomBytes(KEY_BYTES);
  readonly #entries = new Map<string, { readonly value: T; readonly untilMs: number }>();

  /** The key under which credentials stand. */
  keyOf(credentials: string): string {
    return createHmac('sha256', this.#key).update(credentials).digest('base64');
  }

  get(key: string, nowMs: number): T | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (nowMs < entry.untilMs) return entry.value;
    this.#entries.delete(key);
    return undefined;
  }

  set(key: string, value: T, untilMs: number): void {
    this.#entries.delete(key);
    if (this.#entries.size >= securityLimits.verifiedMax) {
      for (const oldest of this.#entries.keys()) {
        this.#entries.delete(oldest);
        break;
      }
    }
    this.#entries.set(key, { value, untilMs });
  }
}
