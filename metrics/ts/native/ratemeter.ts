import { limits } from '../limits/limits.ts';
import { monotonicMs } from './clock.ts';
import type { TClockMs } from './clock.ts';
import { SecondRing } from './secondring.ts';

/** Options of {@link RateMeter} and {@link ThroughputMeter}. */
export interface IRateMeterOptions {
  /** Full seconds remembered: the largest window that can be asked for. Default 60, at most 3,600. */
  seconds?: number;
  /** Monotonic clock in milliseconds. Default `performance.now`. */
  nowMs?: TClockMs;
}

/**
 * Events per second over recent full seconds. One ring of counters, no timer, no allocation per event.
 *
 * @example
 * const requests = new RateMeter();
 * requests.add();
 * requests.perSecond(10); // mean of the last 10 full seconds
 */
export class RateMeter {
  /** Events added since construction. */
  total = 0;
  readonly #nowMs: TClockMs;
  readonly #ring: SecondRing;
  readonly #counts: Float64Array;

  constructor(options: IRateMeterOptions = {}) {
    this.#nowMs = options.nowMs ?? monotonicMs;
    this.#ring = new SecondRing(options.seconds ?? limits.rateMeterSeconds, this.#nowMs());
    this.#counts = new Float64Array(this.#ring.slots);
  }

  /**
   * Counts `count` events now.
   * @param count events, default 1
   * @param nowMs the time, when the caller already read the same clock; saves reading it again
   */
  add(count = 1, nowMs: number = this.#nowMs()): void {
    const ring = this.#ring;
    if (ring.isPast(nowMs)) ring.advance(nowMs, this.#counts);
    this.#counts[ring.index]! += count;
    this.total += count;
  }

  /**
   * Mean events per second over the last `windowSeconds` full seconds; the second in progress is left out.
   * Seconds before construction count as empty. The window is clamped to 1…`seconds`.
   */
  perSecond(windowSeconds: number): number {
    const nowMs = this.#nowMs();
    if (this.#ring.isPast(nowMs)) this.#ring.advance(nowMs, this.#counts);
    return this.#ring.mean(this.#counts, windowSeconds);
  }
}
