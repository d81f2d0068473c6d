/** Bounds and times of resolving targets, each with its unit and the reason for its value. */
export const resolveLimits = {
  /** Names kept; functions and rules could name without end. Past it the one unused for longest makes room. */
  namesMax: 4_096,
  /** Servers of one service that are used: the best by priority; nobody spreads one service over more. */
  servicesMax: 64,
  /** Addresses of one name that are used. */
  addressesMax: 32,
  /** Share of the TTL after which a name that is used is asked for again, so that nobody waits for the answer. */
  refreshShare: 0.8,
  /** How long the system's own answers, which tell no TTL, are kept, seconds. */
  systemTtlSeconds: 10,
  /** How long the answer that there is no such name is kept at most, seconds: a name that comes is soon found. */
  negativeTtlMaxSeconds: 60,
  /** How long a failure to resolve is remembered before it is tried again, ms (RFC 9520 §3.2: at least 1 s). */
  failureMs: 1_000,
} as const;
