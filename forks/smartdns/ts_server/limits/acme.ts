/**
 * Bounds of certificate retrieval, with unit and reason.
 *
 * @module
 */

/** Names with a challenge record at once: ten orders of a hundred names. */
export const challengeNamesMax = 1_000;
/** TTL in seconds of challenge records: long enough for one validation, gone before the next. */
export const challengeTtlSeconds = 5;
/** A stored certificate with more days left is used instead of a new one. */
export const certificateDaysLeftMin = 30;
