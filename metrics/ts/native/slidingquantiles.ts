import { LatencyHistogram } from './latencyhistogram.ts';
import type { ILatencyHistogramData } from './latencyhistogram.ts';

/** Quantiles (for shares 0…1) of what a window held; NaN when it was empty. */
export function quantilesOfData(data: ILatencyHistogramData, shares: readonly number[]): number[] {
  const whole = new LatencyHistogram();
  whole.mergeData(data);
  return shares.map((share) => (whole.count === 0 ? NaN : whole.quantile(share)));
}

/**
 * Quantiles of the values of the last `windowMs`, in bounded memory: the window moves in parts, each part one
 * log-linear sketch, and a part is reused when it has left the window. Errors are those of {@link LatencyHistogram}:
 * 3.2 % of the value. Values must not be negative.
 */
export class SlidingQuantiles {
  readonly #partMs: number;
  readonly #parts: LatencyHistogram[];
  #index = 0;
  #partEndMs: number;

  constructor(windowMs: number, parts: number, nowMs: number) {
    this.#partMs = windowMs / parts;
    this.#parts = Array.from({ length: parts }, () => new LatencyHistogram());
    this.#partEndMs = nowMs + this.#partMs;
  }

  observe(value: number, nowMs: number): void {
    if (nowMs >= this.#partEndMs) this.#move(nowMs);
    this.#parts[this.#index]!.observe(value);
  }

  /** Adds what another window held; it leaves this window with the values of now. */
  mergeData(data: ILatencyHistogramData): void {
    this.#parts[this.#index]!.mergeData(data);
  }

  /** A plain copy of what the window holds. */
  toData(nowMs: number): ILatencyHistogramData {
    if (nowMs >= this.#partEndMs) this.#move(nowMs);
    const whole = new LatencyHistogram();
    for (const part of this.#parts) whole.merge(part);
    return whole.toData();
  }

  reset(): void {
    for (const part of this.#parts) part.reset();
  }

  #move(nowMs: number): void {
    const passed = Math.floor((nowMs - this.#partEndMs) / this.#partMs) + 1;
    for (let step = 0; step < Math.min(passed, this.#parts.length); step += 1) {
      this.#index = (this.#index + 1) % this.#parts.length;
      this.#parts[this.#index]!.reset();
    }
    this.#partEndMs += passed * this.#partMs;
  }
}
