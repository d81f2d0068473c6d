/** Bounds of HTTP settings in routes, each with its unit and the reason for its value. */
export const httpConfigLimits = {
  /** Milliseconds of any timer: above, Node's timers fire at once (2^31 − 1). */
  timerMsMax: 2_147_483_647,
  /** Milliseconds between health checks: more often than ten a second is load, not a check. */
  healthIntervalMsMin: 100,
  /** Connections to a target, and requests waiting for one: more than a process has descriptors. */
  targetConnectionsMax: 1_000_000,
  /** Successes or failures in a row. */
  healthThresholdMax: 1_000,
  /** Origins, methods or header names of one list. */
  corsEntriesMax: 1_000,
  /** Seconds a preflight may be kept; browsers cut it at 86,400 or less. */
  corsMaxAgeSecondsMax: 31_536_000,
  /** Characters of one header value. */
  headerValueCharsMax: 8_192,
  /** Characters of a regular expression or its replacement. */
  patternCharsMax: 4_096,
  /** Characters of a redirect's location: as many as a request target may have. */
  redirectCharsMax: 8_190,
  /** Variables in a redirect's location: each may be as long as a head, and no URL needs more. */
  redirectVariablesMax: 16,
  /** Characters of a canned body. */
  cannedBodyCharsMax: 1_048_576,
} as const;
