/**
 * The bounds of telemetry, each with unit and reason.
 *
 * @module
 */

/** Label sets per metric: every route of a large configuration with every status class, before `other` takes the rest. */
export const SERIES_MAX = 50_000;

/** Routes with series of their own in the history: each costs 22 KB, and its name stands in every stored minute. */
export const HISTORY_ROUTES_MAX = 250;
export const HISTORY_ROUTES_DEFAULT = 50;

/** Resolutions kept in memory: one point per second for ten minutes, one per ten seconds for six hours. */
export const FINE_STEP_MS = 1_000;
export const FINE_POINTS = 600;
export const COARSE_STEP_MS = 10_000;
export const COARSE_POINTS = 2_160;
/** Resolution of the store, and how long it is kept: 30 days. */
export const STORED_STEP_MS = 60_000;
export const STORED_KEEP_MS = 30 * 24 * 60 * 60 * 1_000;
/** Between two prunings of the store, ms. */
export const STORED_PRUNE_MS = 60 * 60 * 1_000;
/** Minutes that wait for a store that is away; the oldest are given up: six hours, which memory has in finer steps. */
export const STORED_WAITING_MAX = 360;
/** Minutes written at once. */
export const STORED_BATCH = 60;

/** Points of all series of one answer: a page of a chart needs a thousandth of that. */
export const QUERY_POINTS_MAX = 500_000;
/** Series names or prefixes of one query. */
export const QUERY_NAMES_MAX = 200;
