import { MetricsError } from '../errors.ts';
import { limits } from '../limits/limits.ts';

const MS_PER_SECOND = 1_000;

/**
 * The bookkeeping of a ring with one slot per second: which slot is now, and which slots lie in a window.
 * The newest slot is the second in progress; windows cover full seconds only, so that a reading does not
 * depend on where in the current second it is taken.
 */
export class SecondRing {
  /** Slots of the ring: the remembered full seconds and the one in progress. */
  readonly slots: number;
  /** Index of the slot of the second in progress. */
  index = 0;
  #second: number;

  constructor(seconds: number, nowMs: number) {
    if (!Number.isInteger(seconds) || seconds < 1 || seconds > limits.rateMeterSecondsMax) {
      throw new MetricsError(
        'METRICS_BAD_OPTION',
        `seconds is ${seconds}; give an integer from 1 to ${limits.rateMeterSecondsMax}`,
      );
    }
    this.slots = seconds + 1;
    this.#second = Math.floor(nowMs / MS_PER_SECOND);
  }

  /** True when `nowMs` lies in a later second than the newest slot; a clock that steps back stays in it. */
  isPast(nowMs: number): boolean {
    return nowMs >= (this.#second + 1) * MS_PER_SECOND;
  }

  /** Moves to the second of `nowMs`, zeroing every slot passed in `values` (and in `others`, if given). */
  advance(nowMs: number, values: Float64Array, others?: Float64Array): void {
    const second = Math.floor(nowMs / MS_PER_SECOND);
    const steps = Math.min(second - this.#second, this.slots);
    for (let step = 0; step < steps; step += 1) {
      this.index = this.index + 1 === this.slots ? 0 : this.index + 1;
      values[this.index] = 0;
      if (others !== undefined) others[this.index] = 0;
    }
    this.#second = second;
  }

  /** Mean per second over the last `windowSeconds` full seconds, clamped to what the ring remembers. */
  mean(values: Float64Array, windowSeconds: number): number {
    const window = Math.max(1, Math.min(Math.floor(windowSeconds), this.slots - 1));
    let sum = 0;
    let at = this.index;
    for (let step = 0; step < window; step += 1) {
      at = at === 0 ? this.slots - 1 : at - 1;
      sum += values[at]!;
    }
    return sum / window;
  }
}
