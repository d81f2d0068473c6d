/** A monotonic clock in milliseconds. Injectable wherever time matters, so that tests own it. */
export type TClockMs = () => number;

/** The default clock: monotonic, unaffected by changes of the system time. */
export const monotonicMs: TClockMs = () => performance.now();
