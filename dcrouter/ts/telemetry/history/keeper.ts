/**
 * Brings minutes into the store. A store that is away makes them wait, up to a bound; what is given up is counted.
 *
 * @module
 */
import type { IHistorySample, IHistoryStore } from '../../store/types.ts';
import { STORED_BATCH, STORED_KEEP_MS, STORED_PRUNE_MS, STORED_STEP_MS, STORED_WAITING_MAX } from '../limits.ts';
import type { IHistorySeriesInfo } from '../types.ts';
import { Combined } from './combine.ts';
import { seriesNamed } from './series.ts';

export class Keeper {
  readonly #store: () => IHistoryStore | null;
  readonly #waiting: IHistorySample[] = [];
  #writing: Promise<void> | null = null;
  #prunedAtMs = -Infinity;
  /** What a process before this one wrote of the minute in which we began. */
  #begun: IHistorySample | undefined;
  stored = 0;
  failures = 0;
  dropped = 0;

  /** @param store null while there is none, or none is wanted */
  constructor(store: () => IHistoryStore | null) {
    this.#store = store;
  }

  get enabled(): boolean {
    return this.#store() !== null;
  }

  /** Reads what is there of the minute in which we begin, so that writing it adds to it. */
  async begin(nowMs: number): Promise<void> {
    const atMs = Math.floor(nowMs / STORED_STEP_MS) * STORED_STEP_MS;
    try {
      [this.#begun] = (await this.#store()?.range(atMs, atMs)) ?? [];
    } catch {
      this.failures += 1;
    }
  }

  /** Takes a minute; writes it as soon as the store can. */
  add(atMs: number, values: Float64Array, series: readonly IHistorySeriesInfo[]): void {
    if (!this.enabled) return;
    const named: Record<string, number> = {};
    for (const [column, value] of values.entries()) if (!Number.isNaN(value)) named[series[column]!.name] = value;
    const sample = this.#begun?.atMs === atMs ? merged(this.#begun, { atMs, values: named }) : { atMs, values: named };
    this.#waiting.push(sample);
    if (this.#waiting.length > STORED_WAITING_MAX) {
      this.#waiting.shift();
      this.dropped += 1;
    }
    this.#writing ??= this.#write(atMs).finally(() => {
      this.#writing = null;
    });
  }

  /** Minutes from the store, and those that wait for it. @throws what the store throws */
  async range(fromMs: number, toMs: number): Promise<readonly IHistorySample[]> {
    const store = this.#store();
    const stored = store === null ? [] : await store.range(fromMs, toMs - 1);
    const byTime = new Map(stored.map((sample) => [sample.atMs, sample]));
    for (const sample of this.#waiting)
      if (sample.atMs >= fromMs && sample.atMs < toMs) byTime.set(sample.atMs, sample);
    return [...byTime.values()];
  }

  /** Resolves when nothing is being written. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  async #write(nowMs: number): Promise<void> {
    try {
      while (this.#waiting.length > 0) {
        const store = this.#store();
        if (store === null) return;
        const batch = this.#waiting.slice(0, STORED_BATCH);
        await store.append(batch);
        this.stored += batch.length;
        // Some may have been given up meanwhile.
        for (const sample of batch) if (this.#waiting[0] === sample) this.#waiting.shift();
      }
      if (nowMs - this.#prunedAtMs < STORED_PRUNE_MS) return;
      this.#prunedAtMs = nowMs;
      await this.#store()?.prune(nowMs - STORED_KEEP_MS);
    } catch {
      // Whatever it is, the next minute tries again; the store has told its own trouble.
      this.failures += 1;
    }
  }
}

/** Two parts of one minute as one. */
function merged(one: IHistorySample, other: IHistorySample): IHistorySample {
  const values: Record<string, number> = { ...one.values };
  for (const [name, value] of Object.entries(other.values)) {
    const before = values[name];
    const kind = seriesNamed(name)?.kind ?? 'sum';
    if (before === undefined) values[name] = value;
    else {
      const both = new Combined(kind);
      both.add(before);
      both.add(value);
      values[name] = both.take();
    }
  }
  return { atMs: other.atMs, values };
}
