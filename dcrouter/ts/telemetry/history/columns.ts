/**
 * Which series has which column: the fixed ones first, then those of routes, of which there are only so many.
 *
 * @module
 */
import type { IHistorySeriesInfo } from '../types.ts';
import { routeSeries, SERIES } from './series.ts';

export class Columns {
  readonly series: IHistorySeriesInfo[] = [...SERIES];
  readonly #routes = new Map<string, number>();
  readonly #routesMax: number;
  readonly #onAdded: () => void;
  readonly #onCleared: (column: number) => void;
  #leftOut = 0;

  /**
   * @param onAdded a column was put at the end
   * @param onCleared a column belongs to another series from now on
   */
  constructor(routesMax: number, onAdded: () => void, onCleared: (column: number) => void) {
    this.#routesMax = routesMax;
    this.#onAdded = onAdded;
    this.#onCleared = onCleared;
    for (const _ of SERIES) onAdded();
  }

  /** Columns of the routes that have one. */
  get routes(): ReadonlyMap<string, number> {
    return this.#routes;
  }

  /** Routes of the last reading that have none. */
  get leftOut(): number {
    return this.#leftOut;
  }

  get seriesMax(): number {
    return SERIES.length + this.#routesMax;
  }

  /** Gives each route a column while there are some; those of routes that are gone are given away last. */
  follow(routes: Iterable<string>): void {
    const present = new Set(routes);
    this.#leftOut = 0;
    for (const route of present) {
      if (this.#routes.has(route)) continue;
      const column = this.#free(present);
      if (column === undefined) {
        this.#leftOut += 1;
        continue;
      }
      this.#routes.set(route, column);
      this.series[column] = routeSeries(route);
    }
  }

  #free(present: ReadonlySet<string>): number | undefined {
    if (this.#routes.size < this.#routesMax) {
      this.#onAdded();
      return this.series.length;
    }
    for (const [route, column] of this.#routes) {
      if (present.has(route)) continue;
      this.#routes.delete(route);
      this.#onCleared(column);
      return column;
    }
    return undefined;
  }
}
