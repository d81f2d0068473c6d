// A clock and a reading that a test holds in its hands.
import type { IClock } from '../../ts/control/clock.ts';
import { BOUNDS } from '../../ts/telemetry/history/reader.ts';
import { History } from '../../ts/telemetry/history/history.ts';
import type { IReading } from '../../ts/telemetry/history/series.ts';
import type { IHistorySample, IHistoryStore } from '../../ts/store/types.ts';

export class FakeClock implements IClock {
  #nowMs: number;
  #timer: { readonly atMs: number; readonly work: () => void } | null = null;

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, work: () => void): () => void {
    if (this.#timer !== null) throw new Error('there is one timer already');
    const timer = { atMs: this.#nowMs + delayMs, work };
    this.#timer = timer;
    return () => {
      if (this.#timer === timer) this.#timer = null;
    };
  }

  get idle(): boolean {
    return this.#timer === null;
  }

  /** Lets time pass; timers fire at their time, each `lateMs` later. */
  pass(ms: number, lateMs = 0): void {
    const endMs = this.#nowMs + ms;
    while (this.#timer !== null && this.#timer.atMs + lateMs <= endMs) {
      const { atMs, work } = this.#timer;
      this.#timer = null;
      this.#nowMs = atMs + lateMs;
      work();
    }
    this.#nowMs = endMs;
  }

  /** The machine's time is set; no timer fires. */
  set(nowMs: number): void {
    this.#nowMs = nowMs;
  }

  /** Fires what waits at once. */
  fire(): void {
    const timer = this.#timer;
    this.#timer = null;
    timer?.work();
  }
}

/** Counters that a test adds to. */
export class Counts {
  requests = 0;
  connectionsActive = 0;
  bytesIn = 0;
  queries = 0;
  rcodes: Record<string, number> = {};
  lagSeconds = 0;
  readonly routes = new Map<string, number>();
  readonly #durations: number[] = [];
  hasDns = true;

  /** An exchange of a route that took so long. */
  request(route: string, seconds: number): void {
    this.requests += 1;
    this.routes.set(route, (this.routes.get(route) ?? 0) + 1);
    this.#durations.push(seconds);
  }

  read(): IReading {
    const cumulative = BOUNDS.proxy.map((bound) => this.#durations.filter((each) => each <= bound).length);
    return {
      proxy: {
        requests: this.requests,
        connections: 0,
        connectionsActive: this.connectionsActive,
        bytesIn: this.bytesIn,
        bytesOut: 0,
        rejected: 0,
        errors: 0,
        upstreamFailures: 0,
        statusClasses: [0, this.requests, 0, 0, 0],
        latency: [...cumulative, this.#durations.length],
        routes: new Map(this.routes),
      },
      dns: this.hasDns
        ? {
            queries: this.queries,
            dropped: 0,
            rcodes: { ...this.rcodes },
            cacheHits: 0,
            cacheMisses: 0,
            latency: BOUNDS.dns.map(() => 0).concat(0),
          }
        : null,
      process: { cpuSeconds: 0, residentBytes: 1_000, eventLoopLagSeconds: this.lagSeconds },
    };
  }
}

/** A store that can be away. */
export class FakeStore implements IHistoryStore {
  readonly samples = new Map<number, IHistorySample>();
  away = false;
  pruned: number[] = [];

  async append(samples: readonly IHistorySample[]): Promise<void> {
    if (this.away) throw new Error('away');
    for (const sample of samples) this.samples.set(sample.atMs, sample);
  }

  async range(fromMs: number, toMs: number): Promise<readonly IHistorySample[]> {
    if (this.away) throw new Error('away');
    return [...this.samples.values()].filter(({ atMs }) => atMs >= fromMs && atMs <= toMs);
  }

  async prune(beforeMs: number): Promise<number> {
    this.pruned.push(beforeMs);
    return 0;
  }
}

/** 2026-01-01T00:00:00Z */
export const START_MS = Date.UTC(2026, 0, 1);

export function world(options: { routesMax?: number; store?: IHistoryStore | null; nowMs?: number } = {}) {
  const clock = new FakeClock(options.nowMs ?? START_MS);
  const counts = new Counts();
  const { store = null, routesMax = 3 } = options;
  const history = new History({ clock, read: () => counts.read(), store: () => store, routesMax });
  /** Points of one series. */
  const points = async (name: string, fromMs: number, toMs: number, stepMs?: number): Promise<Array<number | null>> => {
    const { series } = await history.range({ series: [name], fromMs, toMs, stepMs });
    return [...series[0]!.points];
  };
  return { clock, counts, history, points };
}

export function sum(points: ReadonlyArray<number | null>): number {
  return points.reduce<number>((total, point) => total + (point ?? 0), 0);
}
