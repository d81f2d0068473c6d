/**
 * What all routes counted of HTTP together. Made to be read every second over thousands of routes: distributions are read
 * anew only of routes that counted something since the last time.
 *
 * @module
 */
import type { IHttpTotals } from '../interfaces/stats.ts';
import { LATENCY_BOUNDS_SECONDS } from '../limits/windows.ts';
import type { RouteCounters } from './counters.ts';

/** Cumulative counts of one route, and how much it had counted when they were read. */
interface IKnown {
  count: number;
  readonly buckets: Float64Array;
}

export class HttpTotals {
  /** Routes that are gone take what is known of them along. */
  readonly #known = new WeakMap<RouteCounters, IKnown>();

  read(routes: readonly RouteCounters[]): IHttpTotals {
    const classes = [0, 0, 0, 0, 0, 0];
    const counts = new Float64Array(LATENCY_BOUNDS_SECONDS.length + 1);
    const requestsByRoute = new Map<string, number>();
    for (const route of routes) {
      requestsByRoute.set(route.name, route.requests);
      for (let at = 1; at < classes.length; at += 1) classes[at]! += route.statusClasses[at]!;
      if (route.latency.count === 0) continue;
      const { buckets } = this.#read(route);
      for (let at = 0; at < counts.length; at += 1) counts[at]! += buckets[at]!;
    }
    const [, c1 = 0, c2 = 0, c3 = 0, c4 = 0, c5 = 0] = classes;
    return {
      requestsByRoute,
      statusClasses: { '1xx': c1, '2xx': c2, '3xx': c3, '4xx': c4, '5xx': c5 },
      latencyBuckets: Array.from(counts, (count, at) => ({ le: LATENCY_BOUNDS_SECONDS[at] ?? Infinity, count })),
    };
  }

  #read(route: RouteCounters): IKnown {
    const { latency } = route;
    let known = this.#known.get(route);
    if (known === undefined) {
      known = { count: 0, buckets: new Float64Array(LATENCY_BOUNDS_SECONDS.length + 1) };
      this.#known.set(route, known);
    }
    if (known.count !== latency.count) {
      known.count = latency.count;
      for (const [at, { count }] of latency.cumulative(LATENCY_BOUNDS_SECONDS).entries()) known.buckets[at] = count;
    }
    return known;
  }
}
