import { MetricsError } from '../errors.ts';
import { limits } from '../limits/limits.ts';
import { monotonicMs } from './clock.ts';
import type { TClockMs } from './clock.ts';
import { CountGroups } from './countgroups.ts';

/** Options of {@link TopK}. */
export interface ITopKOptions {
  /** Keys tracked at once; the over-count of any entry is at most (sum of the stream) / capacity. Default 1,000. */
  capacity?: number;
  /** Halve every count each time this many milliseconds have passed, so that old traffic fades. Default: never. */
  halfLifeMs?: number;
  /** Monotonic clock in milliseconds, used with `halfLifeMs`. Default `performance.now`. */
  nowMs?: TClockMs;
}

/** One entry of {@link TopK.top}: the true count lies between `count - maxError` and `count`. */
export interface ITopKEntry {
  key: string;
  count: number;
  maxError: number;
}

const HALF = 0.5;
/** Halvings after which a double has lost every digit of a count; more change nothing. */
const HALVINGS_MAX = 64;

/**
 * The heaviest keys of an unbounded stream in constant memory: the Space-Saving sketch of Metwally, Agrawal and
 * El Abbadi (2005) on its stream-summary structure, O(1) per unit `add` and free of allocation for known keys.
 *
 * Guarantees, with N the sum of all added counts: each entry's `count` is at least the true count and exceeds it by at
 * most its `maxError` ≤ N / capacity; every key whose true count is above N / capacity is present.
 */
export class TopK {
  /** Sum of everything added (and decayed since). */
  total = 0;
  readonly #capacity: number;
  readonly #halfLifeMs: number;
  readonly #nowMs: TClockMs;
  readonly #slotByKey = new Map<string, number>();
  readonly #keys: string[] = [];
  readonly #errors: Float64Array;
  readonly #groups: CountGroups;
  #halvedAtMs: number;

  constructor(options: ITopKOptions = {}) {
    const capacity = options.capacity ?? limits.topKCapacity;
    if (!Number.isInteger(capacity) || capacity < 1 || capacity > limits.topKCapacityMax) {
      throw new MetricsError(
        'METRICS_BAD_OPTION',
        `capacity is ${capacity}; give an integer from 1 to ${limits.topKCapacityMax}`,
      );
    }
    const halfLifeMs = options.halfLifeMs ?? Infinity;
    if (!(halfLifeMs > 0)) {
      throw new MetricsError('METRICS_BAD_OPTION', `halfLifeMs is ${halfLifeMs}; give a positive number`);
    }
    this.#capacity = capacity;
    this.#halfLifeMs = halfLifeMs;
    this.#nowMs = options.nowMs ?? monotonicMs;
    this.#halvedAtMs = halfLifeMs === Infinity ? 0 : this.#nowMs();
    this.#errors = new Float64Array(capacity);
    this.#groups = new CountGroups(capacity);
  }

  /** Keys tracked now, at most the capacity. */
  get size(): number {
    return this.#keys.length;
  }

  /** Counts `key`. Counts that are not above zero are ignored. */
  add(key: string, count = 1): void {
    if (!(count > 0)) return;
    if (this.#halfLifeMs !== Infinity) this.#fade();
    this.total += count;
    const slot = this.#slotByKey.get(key);
    if (slot !== undefined) this.#groups.raise(slot, count);
    else this.#admit(key, count);
  }

  /** The `limit` heaviest entries, heaviest first; among equals the order is unspecified but stable. */
  top(limit: number): ITopKEntry[] {
    if (this.#halfLifeMs !== Infinity) this.#fade();
    const entries: ITopKEntry[] = [];
    this.#groups.forEachHeaviest(limit, (slot, count) => {
      entries.push({ key: this.#keys[slot]!, count, maxError: this.#errors[slot]! });
    });
    return entries;
  }

  /** Multiplies every count by `factor` (above 0, at most 1); the guarantees then hold for the decayed stream. */
  decay(factor: number = HALF): void {
    if (!(factor > 0 && factor <= 1)) {
      throw new MetricsError('METRICS_BAD_OPTION', `decay factor is ${factor}; give a number above 0 and at most 1`);
    }
    this.total *= factor;
    this.#groups.scale(factor);
    for (let slot = 0; slot < this.#keys.length; slot += 1) this.#errors[slot]! *= factor;
  }

  /** Forgets everything. */
  clear(): void {
    this.total = 0;
    this.#slotByKey.clear();
    this.#keys.length = 0;
    this.#groups.clear();
  }

  #admit(givenKey: string, count: number): void {
    const key = givenKey.length <= limits.keyCharsMax ? givenKey : givenKey.slice(0, limits.keyCharsMax);
    const known = key === givenKey ? undefined : this.#slotByKey.get(key);
    if (known !== undefined) {
      this.#groups.raise(known, count);
      return;
    }
    if (this.#keys.length < this.#capacity) {
      const slot = this.#keys.push(key) - 1;
      this.#errors[slot] = 0;
      this.#slotByKey.set(key, slot);
      this.#groups.insert(slot, count);
      return;
    }
    // The lightest entry gives its place up; its count becomes the newcomer's possible over-count.
    const slot = this.#groups.lightest();
    this.#slotByKey.delete(this.#keys[slot]!);
    this.#keys[slot] = key;
    this.#errors[slot] = this.#groups.countOf(slot);
    this.#slotByKey.set(key, slot);
    this.#groups.raise(slot, count);
  }

  #fade(): void {
    const elapsedMs = this.#nowMs() - this.#halvedAtMs;
    if (elapsedMs < this.#halfLifeMs) return;
    const halvings = Math.floor(elapsedMs / this.#halfLifeMs);
    this.#halvedAtMs += halvings * this.#halfLifeMs;
    this.decay(HALF ** Math.min(halvings, HALVINGS_MAX));
  }
}
