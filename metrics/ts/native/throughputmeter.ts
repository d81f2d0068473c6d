import { limits } from '../limits/limits.ts';
import { monotonicMs } from './clock.ts';
import type { TClockMs } from './clock.ts';
import type { IRateMeterOptions } from './ratemeter.ts';
import { SecondRing } from './secondring.ts';

/** Bytes per second in both directions. */
export interface IThroughput {
  /** Bytes received per second. */
  bytesIn: number;
  /** Bytes sent per second. */
  bytesOut: number;
}

/** Bytes per second in two directions over recent full seconds; otherwise like {@link RateMeter}. */
export class ThroughputMeter {
  /** Bytes received since construction. */
  totalIn = 0;
  /** Bytes sent since construction. */
  totalOut = 0;
  readonly #nowMs: TClockMs;
  readonly #ring: SecondRing;
  readonly #in: Float64Array;
  readonly #out: Float64Array;

  constructor(options: IRateMeterOptions = {}) {
    this.#nowMs = options.nowMs ?? monotonicMs;
    this.#ring = new SecondRing(options.seconds ?? limits.rateMeterSeconds, this.#nowMs());
    this.#in = new Float64Array(this.#ring.slots);
    this.#out = new Float64Array(this.#ring.slots);
  }

  /**
   * Counts bytes moved now.
   * @param nowMs the time, when the caller already read the same clock
   */
  add(bytesIn: number, bytesOut: number, nowMs: number = this.#nowMs()): void {
    const ring = this.#ring;
    if (ring.isPast(nowMs)) ring.advance(nowMs, this.#in, this.#out);
    this.#in[ring.index]! += bytesIn;
    this.#out[ring.index]! += bytesOut;
    this.totalIn += bytesIn;
    this.totalOut += bytesOut;
  }

  /** Mean bytes per second over the last `windowSeconds` full seconds, clamped to 1…`seconds`. */
  perSecond(windowSeconds: number): IThroughput {
    const nowMs = this.#nowMs();
    const ring = this.#ring;
    if (ring.isPast(nowMs)) ring.advance(nowMs, this.#in, this.#out);
    return { bytesIn: ring.mean(this.#in, windowSeconds), bytesOut: ring.mean(this.#out, windowSeconds) };
  }
}
