/**
 * Every bound and time of the control plane, with unit and reason.
 *
 * @module
 */

/** Changes that may wait for the one under way; more are answered "busy" at once. One operator needs one. */
export const QUEUED_CHANGES_MAX = 64;

/** How long a change waits for its turn before it is answered "busy". Longer than the slowest honest change. */
export const QUEUE_WAIT_MS = 30_000;

/** How often a change of shared objects is tried again because another node was faster. */
export const CONFLICT_TRIES_MAX = 8;

/** First and longest wait before something that failed is tried again: the store's objects, a revert, a reload. */
export const RETRY_FIRST_MS = 250;
export const RETRY_LONGEST_MS = 15_000;

/** Longest time that a change may wait for its confirmation: a day. */
export const CONFIRM_LONGEST_MS = 86_400_000;

/** Versions looked at when a start decides what serves: one page, more than a store keeps. */
export const START_VERSIONS_MAX = 1_000;

/** Quiet time after a change of a watched folder before the file is read: an editor writes several times. */
export const WATCH_QUIET_MS = 100;

/** Longest time that changes which do not end may put off the reading. */
export const WATCH_LONGEST_MS = 2_000;

/** Folders watched at most; a document's includes lie in few. */
export const WATCH_FOLDERS_MAX = 64;

/** Paths named in an audit entry and in an event; the count is always exact. */
export const NAMED_PATHS_MAX = 50;

/** Upper bounds of the buckets of a change's duration, in seconds. */
export const DURATION_BOUNDS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
