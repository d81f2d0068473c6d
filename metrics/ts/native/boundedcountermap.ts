import { MetricsError } from '../errors.ts';
import { limits } from '../limits/limits.ts';

/** Options of {@link BoundedCounterMap}. */
export interface IBoundedCounterMapOptions {
  /** Distinct keys held at once; further keys share the overflow entry. Default 10,000. */
  limit?: number;
  /** Name under which the overflow entry is iterated. Default `other`. */
  overflowKey?: string;
}

/** Slot that all keys beyond the limit share. */
const OVERFLOW_SLOT = 0;

/**
 * Counts per key with a hard bound on the number of keys. A key whose count returns to zero gives its place back,
 * so the map serves "how many are active per key" for an unbounded population of keys.
 *
 * Two ways to count:
 * - `acquire(key)` returns a slot and `release(slot)` gives it back. Exact: a unit that was counted as overflow is
 *   released from the overflow, whatever happened to its key since. Release each slot exactly once.
 * - `add(key, n)` looks the key up each time. The sum over all entries is always right. If a key overflowed and got
 *   a place of its own later, its earlier units are taken from that place first, so while both are open its own
 *   count may read low and the overflow high by as many units.
 */
export class BoundedCounterMap {
  /** How many times a unit was counted as overflow because the map was full. */
  overflowed = 0;
  /** Decrements that had no unit to take, which is a mistake of the caller; they change nothing. */
  unmatched = 0;
  readonly #limit: number;
  readonly #overflowKey: string;
  readonly #slotByKey = new Map<string, number>();
  readonly #keys: string[] = [''];
  readonly #counts: number[] = [0];
  readonly #free: number[] = [];

  constructor(options: IBoundedCounterMapOptions = {}) {
    const limit = options.limit ?? limits.counterMapKeys;
    if (!Number.isInteger(limit) || limit < 1) {
      throw new MetricsError('METRICS_BAD_OPTION', `limit is ${limit}; give a positive integer`);
    }
    this.#limit = limit;
    this.#overflowKey = options.overflowKey ?? 'other';
  }

  /** Distinct keys with a place of their own; the overflow entry is not counted. */
  get size(): number {
    return this.#slotByKey.size;
  }

  /** Units counted under the overflow entry now. */
  get overflow(): number {
    return this.#counts[OVERFLOW_SLOT]!;
  }

  /** Adds `n` (default 1, may be negative) to `key`; a key that reaches zero is dropped. */
  add(key: string, n = 1): void {
    const slot = this.#slotByKey.get(boundKey(key));
    if (slot !== undefined) this.#change(slot, n);
    else if (n > 0) this.#change(this.#take(boundKey(key)), n);
    else if (n < 0) this.#change(OVERFLOW_SLOT, n);
  }

  /** Counts one unit of `key` and returns the slot to hand to {@link release}. */
  acquire(key: string): number {
    const slot = this.#slotByKey.get(boundKey(key)) ?? this.#take(boundKey(key));
    this.#counts[slot]! += 1;
    return slot;
  }

  /** Takes back one unit counted by {@link acquire}. Call it exactly once per acquired slot. */
  release(slot: number): void {
    this.#change(slot, -1);
  }

  /** The count of `key`, 0 when it has no place of its own. */
  get(key: string): number {
    const slot = this.#slotByKey.get(boundKey(key));
    return slot === undefined ? 0 : this.#counts[slot]!;
  }

  /** Forgets `key` and its count. Do not mix with open {@link acquire} slots of the same key. */
  delete(key: string): boolean {
    const slot = this.#slotByKey.get(boundKey(key));
    if (slot === undefined) return false;
    this.#drop(slot);
    return true;
  }

  /** Forgets every key and the overflow count. */
  clear(): void {
    this.#slotByKey.clear();
    this.#keys.length = 1;
    this.#counts.length = 1;
    this.#counts[OVERFLOW_SLOT] = 0;
    this.#free.length = 0;
  }

  /** Each key with its count, in order of arrival; the overflow entry last, if it holds anything. */
  *[Symbol.iterator](): IterableIterator<[string, number]> {
    for (const [key, slot] of this.#slotByKey) yield [key, this.#counts[slot]!];
    if (this.overflow > 0) yield [this.#overflowKey, this.overflow];
  }

  #take(key: string): number {
    if (this.#slotByKey.size >= this.#limit) {
      this.overflowed += 1;
      return OVERFLOW_SLOT;
    }
    const slot = this.#free.pop() ?? this.#keys.length;
    this.#keys[slot] = key;
    this.#counts[slot] = 0;
    this.#slotByKey.set(key, slot);
    return slot;
  }

  #change(slot: number, n: number): void {
    const count = this.#counts[slot] ?? 0;
    if (count + n < 0) this.unmatched += 1;
    const next = Math.max(0, count + n);
    if (next > 0 || slot === OVERFLOW_SLOT) this.#counts[slot] = next;
    else if (count > 0) this.#drop(slot);
  }

  #drop(slot: number): void {
    this.#slotByKey.delete(this.#keys[slot]!);
    this.#keys[slot] = '';
    this.#counts[slot] = 0;
    this.#free.push(slot);
  }
}

function boundKey(key: string): string {
  return key.length <= limits.keyCharsMax ? key : key.slice(0, limits.keyCharsMax);
}
