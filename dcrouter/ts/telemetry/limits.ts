/** Label sets per metric: every route of a large configuration with every status class, before `other` takes the rest. */
export const SERIES_MAX = 50_000;
