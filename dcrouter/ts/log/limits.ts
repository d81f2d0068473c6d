/**
 * The bounds of the log, each with unit and reason.
 *
 * @module
 */

/** Lines that the tail keeps: what fits a few screens of `dcrouter logs` and a page of the API. */
export const TAIL_LINES_MAX = 2_000;
/** Bytes (UTF-16 code units) that the tail keeps; long lines push out more than one short one. */
export const TAIL_CHARS_MAX = 2 * 1024 * 1024;
/** Followers of the tail: each costs a call per line. */
export const TAIL_FOLLOWERS_MAX = 64;
/** Characters of a `match`; it is searched in every line. */
export const TAIL_MATCH_CHARS_MAX = 256;
