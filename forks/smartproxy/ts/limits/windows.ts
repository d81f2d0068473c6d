/**
 * Windows and bucket bounds of what the statistics report.
 *
 * @module
 */

/** Full seconds over which rates and throughput are averaged. */
export const RATE_WINDOW_SECONDS = 10;

/** Upper bounds of reported latency buckets, seconds: Prometheus' own defaults, widened at both ends. */
export const LATENCY_BOUNDS_SECONDS: readonly number[] = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
];

/** Full seconds of the long average. */
export const AVERAGE_WINDOW_SECONDS = 60;
