/**
 * Signatures that were made, until they have to be made again.
 *
 * @module
 */
import type { IResourceRecord } from '#wire';

export interface ICachedSignatures {
  readonly records: readonly IResourceRecord[];
  /** Unix milliseconds from which they are replaced. */
  readonly refreshMs: number;
}

/** Bounded; the entry unused for longest goes first. */
export class SignatureCache {
  readonly #entriesMax: number;
  readonly #entries = new Map<string, ICachedSignatures>();
  hits = 0;
  misses = 0;
  evicted = 0;

  constructor(entriesMax: number) {
    this.#entriesMax = entriesMax;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string, nowMs: number): ICachedSignatures | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || entry.refreshMs <= nowMs) {
      this.misses++;
      return undefined;
    }
    this.hits++;
    // A Map keeps the order of insertion: taken out and put back, the entry is the youngest.
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry;
  }

  set(key: string, entry: ICachedSignatures): void {
    this.#entries.delete(key);
    if (this.#entries.size >= this.#entriesMax) {
      for (const oldest of this.#entries.keys()) {
        this.#entries.delete(oldest);
        this.evicted++;
        break;
      }
    }
    this.#entries.set(key, entry);
  }

  clear(): void {
    this.#entries.clear();
  }
}
