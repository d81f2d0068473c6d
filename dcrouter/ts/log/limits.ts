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

/** Characters that wait for a slow destination before lines are dropped: seconds of a busy log, not the heap. */
export const OUTPUT_CHARS_MAX = 8 * 1024 * 1024;
/** Characters per write: few system calls, and no write that holds the others up for long. */
export const OUTPUT_WRITE_CHARS = 128 * 1024;
/** Pause before the next try at a destination that takes nothing now (EAGAIN), ms. */
export const OUTPUT_RETRY_MS = 50;
/** Tries to write what waits when the process ends: a reader that has stopped must not keep it alive. */
export const OUTPUT_EXIT_TRIES = 20;

/** Fields that can be left out of lines; each costs a look at every line. */
export const REDACTED_FIELDS_MAX = 64;

/** Equal warnings written per window; what comes after is counted. */
export const WARNINGS_PER_WINDOW = 10;
/** Window of equal warnings, ms. */
export const WARNING_WINDOW_MS = 10_000;
/** Kinds of warnings told apart; those past it share one window. */
export const WARNING_KINDS_MAX = 256;
