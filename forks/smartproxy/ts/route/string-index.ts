/**
 * A hash table over parts of strings. A name is hashed once from its end, and at each dot the hash so far is the hash of
 * a suffix, so that all suffixes of a name are looked up without cutting one out of it.
 *
 * @module
 */
import { foldCase } from './domain.ts';

/** FNV-1a, 32 bits. The keys come from the configuration, so a client cannot make them collide. */
export const HASH_START = 0x811c9dc5 | 0;
const HASH_PRIME = 0x01000193;

export function hashStep(hash: number, code: number): number {
  return Math.imul(hash ^ code, HASH_PRIME);
}

export class StringIndex<T> {
  readonly size: number;
  readonly #fold: boolean;
  readonly #backward: boolean;
  readonly #mask: number;
  readonly #hashes: Int32Array;
  readonly #keys: Array<string | null>;
  readonly #values: Array<T | null>;

  /**
   * @param direction whether look-ups hash from the end (`backward`) or the start of a string.
   * @param fold whether case is ignored; keys must then be in lower case.
   */
  constructor(entries: ReadonlyMap<string, T>, direction: 'forward' | 'backward', fold: boolean) {
    let slots = 4;
    while (slots < entries.size * 2) slots *= 2;
    this.size = entries.size;
    this.#fold = fold;
    this.#backward = direction === 'backward';
    this.#mask = slots - 1;
    this.#hashes = new Int32Array(slots);
    this.#keys = Array.from({ length: slots }, () => null);
    this.#values = Array.from({ length: slots }, () => null);
    for (const [key, value] of entries) this.#insert(key, value);
  }

  #insert(key: string, value: T): void {
    let hash = HASH_START;
    for (let i = 0; i < key.length; i += 1) {
      hash = hashStep(hash, key.charCodeAt(this.#backward ? key.length - 1 - i : i));
    }
    let slot = hash & this.#mask;
    while (this.#keys[slot] !== null) slot = (slot + 1) & this.#mask;
    this.#hashes[slot] = hash;
    this.#keys[slot] = key;
    this.#values[slot] = value;
  }

  /** The value of the key that equals `text` between `start` and `end`, whose hash is `hash`; null without one. */
  get(hash: number, text: string, start: number, end: number): T | null {
    let slot = hash & this.#mask;
    for (;;) {
      const key = this.#keys[slot]!;
      if (key === null) return null;
      if (this.#hashes[slot] === hash && this.#equals(key, text, start, end)) return this.#values[slot]!;
      slot = (slot + 1) & this.#mask;
    }
  }

  #equals(key: string, text: string, start: number, end: number): boolean {
    if (key.length !== end - start) return false;
    if (!this.#fold) return text.startsWith(key, start);
    for (let i = 0; i < key.length; i += 1) {
      if (foldCase(text.charCodeAt(start + i)) !== key.charCodeAt(i)) return false;
    }
    return true;
  }
}
