/** Bounds and times of health checks, each with its unit and the reason for its value. */
export const healthLimits = {
  /** Between two looks at which checks are due, ms: a tenth of the shortest sensible interval. */
  tickMs: 100,
  /** How far an interval is shortened or lengthened at random, as a share: checks must not run in step. */
  jitterShare: 0.1,
  /** Addresses of one check; a name may lead to more, which are not looked at. */
  probesMax: 64,
  /** Bytes of a body that are searched for the expected text. */
  bodyBytesMax: 65_536,
  /** Checks that are made of the routes' targets; further targets are not checked. */
  targetChecksMax: 10_000,
} as const;
