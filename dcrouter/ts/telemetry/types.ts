/**
 * The router's history: what was counted, second by second, without a Prometheus server.
 *
 * @module
 */

/**
 * What a point of a series holds, and so how points are put together over a longer step: `sum` what was counted within
 * the step (added up, so nothing is lost), `mean` a level (averaged), `max` a worst case (the largest).
 */
export type TSeriesKind = 'sum' | 'mean' | 'max';

export interface IHistorySeriesInfo {
  /** `proxy.requests`, `dns.queries`, `process.cpu_seconds`, `proxy.route.requests:<route>`, … */
  readonly name: string;
  readonly kind: TSeriesKind;
  /** `requests`, `connections`, `bytes`, `seconds`, `queries`, `ratio`, … */
  readonly unit: string;
  readonly help: string;
}

export interface IHistoryQuery {
  /** Names, or prefixes that end with `*`; every series unless given. */
  readonly series?: readonly string[];
  /** Unix time in milliseconds; inclusive, rounded down to the step. */
  readonly fromMs: number;
  /** Exclusive, rounded up to the step; now when later. */
  readonly toMs: number;
  /** At least this much per point; a resolution that is kept or a multiple of one is chosen. */
  readonly stepMs?: number;
}

export interface IHistorySeries extends IHistorySeriesInfo {
  /** One per step; null where nothing is known: not running, or not kept that finely. */
  readonly points: ReadonlyArray<number | null>;
}

export interface IHistoryAnswer {
  /** Begin of the first point, Unix time in milliseconds. */
  readonly fromMs: number;
  /** End of the last point. */
  readonly toMs: number;
  /** Milliseconds per point. */
  readonly stepMs: number;
  readonly series: readonly IHistorySeries[];
}

export interface IHistoryStats {
  /** Series kept now, and the most there can be. */
  readonly series: number;
  readonly seriesMax: number;
  /** Routes that got no series of their own as there were too many. */
  readonly routesLeftOut: number;
  /** Samples taken, and ticks that came so late that seconds had to be left empty. */
  readonly samples: number;
  readonly gaps: number;
  /** Minutes written to the store; writes that failed; minutes given up as too many waited. */
  readonly stored: number;
  readonly storeFailures: number;
  readonly storeDropped: number;
  /** Bytes of the rings. */
  readonly bytes: number;
}

export interface IHistory {
  /** Every series there is now. */
  list(): readonly IHistorySeriesInfo[];
  /**
   * @throws HistoryQueryError when the range is empty, asks for too many points, or names no series
   */
  range(query: IHistoryQuery): Promise<IHistoryAnswer>;
  stats(): IHistoryStats;
}
