import { LatencyHistogram } from './latencyhistogram.ts';
import type { ILatencyHistogramData } from './latencyhistogram.ts';

/** What a window holds, in a form that survives JSON and a process boundary. */
export interface ISlidingQuantilesData {
  positive: ILatencyHistogramData;
  /** Magnitudes of the values below zero. */
  negative: ILatencyHistogramData;
}

interface IBothSigns {
  positive: LatencyHistogram;
  negative: LatencyHistogram;
}

/** Quantiles of what a window held. */
export function quantilesOfData(data: ISlidingQuantilesData, shares: readonly number[]): number[] {
  const both = { positive: new LatencyHistogram(), negative: new LatencyHistogram() };
  both.positive.mergeData(data.positive);
  both.negative.mergeData(data.negative);
  return signedQuantiles(both, shares);
}

function signedQuantiles({ positive, negative }: IBothSigns, shares: readonly number[]): number[] {
  const total = positive.count + negative.count;
  return shares.map((share) => {
    if (total === 0) return NaN;
    const rank = Math.min(total, Math.max(1, Math.ceil(share * total)));
    // The smallest values are the negative ones of the largest magnitude.
    if (rank <= negative.count) return -negative.valueAt(negative.count - rank + 1);
    return positive.valueAt(rank - negative.count);
  });
}

/**
 * Quantiles of the values of the last `windowMs`, in bounded memory: the window moves in parts, each part one
 * log-linear sketch per sign, and a part is reused when it has left the window. Errors are those of
 * {@link LatencyHistogram}: 3.2 % of the value.
 */
export class SlidingQuantiles {
  readonly #partMs: number;
  readonly #positive: LatencyHistogram[];
  readonly #negative: Array<LatencyHistogram | undefined>;
  #index = 0;
  #partEndMs: number;

  constructor(windowMs: number, parts: number, nowMs: number) {
    this.#partMs = windowMs / parts;
    this.#positive = Array.from({ length: parts }, () => new LatencyHistogram());
    this.#negative = Array.from({ length: parts }, () => undefined);
    this.#partEndMs = nowMs + this.#partMs;
  }

  observe(value: number, nowMs: number): void {
    if (nowMs >= this.#partEndMs) this.#move(nowMs);
    if (value >= 0) this.#positive[this.#index]!.observe(value);
    else (this.#negative[this.#index] ??= new LatencyHistogram()).observe(-value);
  }

  /** The values below which the given shares (0…1) of the window's values lie; NaN when the window is empty. */
  quantiles(shares: readonly number[], nowMs: number): number[] {
    if (nowMs >= this.#partEndMs) this.#move(nowMs);
    return signedQuantiles(this.#whole(), shares);
  }

  /** Adds what another window held; it leaves this window with the values of now. */
  mergeData(data: ISlidingQuantilesData): void {
    this.#positive[this.#index]!.mergeData(data.positive);
    if (data.negative.count > 0) (this.#negative[this.#index] ??= new LatencyHistogram()).mergeData(data.negative);
  }

  /** A plain copy of what the window holds. */
  toData(nowMs: number): ISlidingQuantilesData {
    if (nowMs >= this.#partEndMs) this.#move(nowMs);
    const { positive, negative } = this.#whole();
    return { positive: positive.toData(), negative: negative.toData() };
  }

  reset(): void {
    for (const part of this.#positive) part.reset();
    this.#negative.fill(undefined);
  }

  #whole(): IBothSigns {
    const positive = new LatencyHistogram();
    const negative = new LatencyHistogram();
    for (const part of this.#positive) positive.merge(part);
    for (const part of this.#negative) if (part !== undefined) negative.merge(part);
    return { positive, negative };
  }

  #move(nowMs: number): void {
    const parts = this.#positive.length;
    const passed = Math.floor((nowMs - this.#partEndMs) / this.#partMs) + 1;
    for (let step = 0; step < Math.min(passed, parts); step += 1) {
      this.#index = (this.#index + 1) % parts;
      this.#positive[this.#index]!.reset();
      this.#negative[this.#index] = undefined;
    }
    this.#partEndMs += passed * this.#partMs;
  }
}
