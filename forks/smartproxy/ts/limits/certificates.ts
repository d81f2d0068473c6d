/**
 * Bounds and times of certificate handling, with unit and reason.
 *
 * @module
 */

/** Orders that run at the same time. CAs allow a few hundred per three hours; more at once only makes failures costlier. */
export const ordersMax = 4;
/** Shortest time between two successful orders of one certificate that nobody asked for by hand. */
export const orderSpacingMs = 3_600_000;
/** Challenge answers that stand at the same time: four orders of a hundred names. */
export const challengesMax = 400;
/** Upstream's default: renew this many days before expiry. */
export const renewThresholdDays = 30;
/** Upstream's default: look at every certificate at least this often. */
export const renewCheckIntervalHours = 24;
/** Longest sleep of the renewal timer. Suspended machines and corrected clocks are noticed within an hour. */
export const timerMsMax = 3_600_000;
/** Shortest sleep of the renewal timer: a clock that stands still must not become a busy loop. */
export const timerMsMin = 50;
/** A CA without renewal information is asked again after this time: it may offer it one day. */
export const adviceAbsentMs = 86_400_000;
/** Renewal information that could not be had is asked for again after this time. */
export const adviceRetryMs = 3_600_000;
/** Share of the renewal span that must be gone before an automatic certificate counts as expiring: renewal has failed for long. */
export const expiringShare = 0.5;
/** `certificate-expiring` is repeated for one certificate at most this often. */
export const expiringRepeatMs = 86_400_000;
/** Upstream's default folder. */
export const storeDirectory = './certs';
/** RFC 8555 §8.3: where CAs look for http-01. */
export const challengePort = 80;
/** Files larger than this are not read from the store: no chain is that long. */
export const storeFileBytesMax = 262_144;
/** Days a placeholder is valid; a new one is made when it ends. */
export const placeholderDays = 90;
/** One call of `certProvisionFunction`: it may run a DNS challenge of its own. */
export const provisionFunctionTimeoutMs = 600_000;
/** Readable part of a route's folder name. */
export const folderNameLengthMax = 100;
