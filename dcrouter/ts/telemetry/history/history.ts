/**
 * The history: one timer, one reading per second, two resolutions in memory and one in the store.
 *
 * @module
 */
import type { IClock } from '../../control/clock.ts';
import type { IHistoryStore } from '../../store/types.ts';
import { COARSE_POINTS, COARSE_STEP_MS, FINE_POINTS, FINE_STEP_MS, STORED_STEP_MS } from '../limits.ts';
import type { IHistory, IHistoryAnswer, IHistoryQuery, IHistorySeriesInfo, IHistoryStats } from '../types.ts';
import { Columns } from './columns.ts';
import { Keeper } from './keeper.ts';
import { answer } from './query.ts';
import { Ring } from './ring.ts';
import { Roll } from './roll.ts';
import { SERIES, type IReading } from './series.ts';

export interface IHistoryOptions {
  readonly clock: IClock;
  readonly read: () => IReading;
  /** Null while there is none, or none is wanted. */
  readonly store: () => IHistoryStore | null;
  /** Routes with series of their own. */
  readonly routesMax: number;
}

export class History implements IHistory {
  readonly #options: IHistoryOptions;
  readonly #rings = [new Ring(FINE_STEP_MS, FINE_POINTS), new Ring(COARSE_STEP_MS, COARSE_POINTS)] as const;
  readonly #keeper: Keeper;
  readonly #columns: Columns;
  readonly #rolls: readonly Roll[];
  /** Counters at the last reading, by column; NaN before there was one. */
  #before: number[] = [];
  /** Second of the last sample, in seconds since 1970. */
  #second = -1;
  #cancel: () => void = () => {};
  #samples = 0;
  #gaps = 0;

  constructor(options: IHistoryOptions) {
    this.#options = options;
    this.#keeper = new Keeper(options.store);
    this.#columns = new Columns(
      options.routesMax,
      () => {
        for (const ring of this.#rings) ring.addColumn();
      },
      (column) => this.#clear(column),
    );
    const { series } = this.#columns;
    const rolls = this.#rings.map((ring) => {
      return new Roll({ stepMs: ring.stepMs, series, out: (atMs, values) => ring.put(atMs, values) });
    });
    const keep = (atMs: number, values: Float64Array): void => this.#keeper.add(atMs, values, series);
    this.#rolls = [...rolls, new Roll({ stepMs: STORED_STEP_MS, series, out: keep })];
  }

  /** Begins to sample at the next full second. */
  async start(): Promise<void> {
    const { clock, read } = this.#options;
    await this.#keeper.begin(clock.nowMs());
    const reading = read();
    this.#take(reading, null);
    for (const roll of this.#rolls) roll.begin(reading);
    this.#second = Math.floor(clock.nowMs() / FINE_STEP_MS) - 1;
    this.#arm();
  }

  /** Ends the sampling; the minute under way goes to the store. */
  async stop(): Promise<void> {
    this.#cancel();
    if (this.#second >= 0) this.#rolls.at(-1)!.flush();
    await this.#keeper.settled();
  }

  list(): readonly IHistorySeriesInfo[] {
    return this.#columns.series.map(({ name, kind, unit, help }) => ({ name, kind, unit, help }));
  }

  async range(query: IHistoryQuery): Promise<IHistoryAnswer> {
    return await answer(query, {
      rings: this.#rings,
      keeper: this.#keeper,
      series: this.#columns.series,
      nowMs: this.#options.clock.nowMs(),
    });
  }

  stats(): IHistoryStats {
    return {
      series: this.#columns.series.length,
      seriesMax: this.#columns.seriesMax,
      routesLeftOut: this.#columns.leftOut,
      samples: this.#samples,
      gaps: this.#gaps,
      stored: this.#keeper.stored,
      storeFailures: this.#keeper.failures,
      storeDropped: this.#keeper.dropped,
      bytes: this.#rings.reduce((sum, ring) => sum + ring.bytes, 0),
    };
  }

  #arm(): void {
    const { clock } = this.#options;
    const nowMs = clock.nowMs();
    const nextMs = (Math.floor(nowMs / FINE_STEP_MS) + 1) * FINE_STEP_MS;
    this.#cancel = clock.after(nextMs - nowMs, () => {
      this.#tick();
      this.#arm();
    });
  }

  /** Samples the second that is over. Where several are, all that was counted in them stands in the last. */
  #tick(): void {
    const second = Math.floor(this.#options.clock.nowMs() / FINE_STEP_MS) - 1;
    // A timer that came early: the second is not over, or was sampled already.
    if (second === this.#second) return;
    const missed = second - this.#second - 1;
    if (missed > 0) this.#gaps += missed;
    this.#second = second;
    const reading = this.#options.read();
    const values = new Float64Array(SERIES.length + this.#options.routesMax);
    this.#take(reading, values);
    const atMs = second * FINE_STEP_MS;
    const own = values.subarray(0, this.#columns.series.length);
    for (const roll of this.#rolls) roll.add(atMs, atMs + FINE_STEP_MS, own, reading);
    this.#samples += 1;
  }

  /** Reads counters and levels; with `values`, what was counted since the last time goes there. */
  #take(reading: IReading, values: Float64Array | null): void {
    for (const [column, { kind, read }] of SERIES.entries()) {
      const now = read?.(reading) ?? Number.NaN;
      if (values !== null) values[column] = kind === 'sum' ? this.#grown(column, now) : now;
      this.#before[column] = now;
    }
    const routes = reading.proxy?.routes ?? new Map<string, number>();
    this.#columns.follow(routes.keys());
    for (const [route, column] of this.#columns.routes) {
      const now = routes.get(route) ?? Number.NaN;
      // A route that came since the last reading was at zero then.
      if (values !== null) values[column] = this.#grown(column, now);
      this.#before[column] = now;
    }
  }

  /** What a counter has grown by. One that is new began at zero; one that fell began anew. */
  #grown(column: number, now: number): number {
    const before = this.#before[column];
    if (Number.isNaN(now)) return now;
    return before === undefined || Number.isNaN(before) || now < before ? now : now - before;
  }

  #clear(column: number): void {
    for (const ring of this.#rings) ring.clearColumn(column);
    for (const roll of this.#rolls) roll.clearColumn(column);
    this.#before[column] = Number.NaN;
  }
}
