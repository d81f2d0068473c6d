/**
 * Puts the samples of seconds together into the points of one resolution.
 *
 * @module
 */
import { Combined, quantileBetween } from './combine.ts';
import { BOUNDS } from './reader.ts';
import { SERIES, type IReading } from './series.ts';
import type { IHistorySeriesInfo } from '../types.ts';

type TLatency = 'proxy' | 'dns';

export interface IRollOptions {
  readonly stepMs: number;
  /** The series by column; shared, and growing. */
  readonly series: readonly IHistorySeriesInfo[];
  /** Takes the values of a step that is over, by column, NaN for unknown ones. */
  readonly out: (atMs: number, values: Float64Array) => void;
}

export class Roll {
  readonly #options: IRollOptions;
  readonly #combined: Combined[] = [];
  #stepAtMs = -1;
  /** Distributions when the step began, and as they are now. */
  #before: Record<TLatency, readonly number[]> = { proxy: [], dns: [] };
  #now: Record<TLatency, readonly number[]> = { proxy: [], dns: [] };

  constructor(options: IRollOptions) {
    this.#options = options;
  }

  /** The distributions from which the first step counts on. */
  begin(reading: IReading): void {
    this.#now = latenciesOf(reading, this.#now);
    this.#before = this.#now;
  }

  /** Adds the sample of a second: `values` by column; quantiles are made here, from the reading at its end. */
  add(atMs: number, endMs: number, values: Float64Array, reading: IReading): void {
    const { stepMs, series } = this.#options;
    const stepAtMs = Math.floor(atMs / stepMs) * stepMs;
    // Seconds were left out, and the end of the step with them.
    if (this.#stepAtMs >= 0 && stepAtMs !== this.#stepAtMs) this.flush();
    this.#stepAtMs = stepAtMs;
    this.#now = latenciesOf(reading, this.#now);
    for (const [column, value] of values.entries()) {
      const combined = (this.#combined[column] ??= new Combined(series[column]!.kind));
      combined.add(value);
    }
    if (endMs >= stepAtMs + stepMs) this.flush();
  }

  /** Hands over the step that is under way, if there is one. */
  flush(): void {
    if (this.#stepAtMs < 0) return;
    const values = Float64Array.from(this.#combined, (combined) => combined.take());
    for (const [column, { quantile }] of SERIES.entries()) {
      if (quantile === undefined) continue;
      const { of, share } = quantile;
      values[column] = quantileBetween(share, BOUNDS[of], this.#before[of], this.#now[of]);
    }
    this.#before = this.#now;
    const atMs = this.#stepAtMs;
    this.#stepAtMs = -1;
    this.#options.out(atMs, values);
  }

  /** A column is another series' from now on. */
  clearColumn(column: number): void {
    this.#combined[column]?.take();
  }
}

function latenciesOf(
  reading: IReading,
  before: Readonly<Record<TLatency, readonly number[]>>,
): Record<TLatency, readonly number[]> {
  return { proxy: reading.proxy?.latency ?? before.proxy, dns: reading.dns?.latency ?? before.dns };
}
