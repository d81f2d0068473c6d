/** Bounds of address lists, rates and authentication, each with its unit and the reason for its value. */
export const securityLimits = {
  /** Entries of one address list; public block lists have some 100,000. */
  listEntriesMax: 1_000_000,
  /** Domains of one domain-scoped list entry. */
  scopedDomainsMax: 1_000,
  /** Requests of one rate window. */
  rateRequestsMax: 1_000_000_000,
  /** Seconds of one rate window: a day. */
  rateWindowSecondsMax: 86_400,
  /** Keys that one rate limiter remembers; past it, idle keys go first, then new keys share one budget. */
  rateKeysMax: 100_000,
  /** Characters of a rate key that are kept; paths and headers are the client's to choose. */
  rateKeyCharsMax: 256,
  /** Characters of a 429's body. */
  errorMessageCharsMax: 65_536,
  /** Addresses whose open connections are tracked; past it, further addresses share one count. */
  trackedIpsMax: 1_000_000,
  /** Users of one route. */
  usersMax: 100_000,
  /** Characters of a password: longer ones only feed the hash. */
  passwordCharsMax: 1_024,
  /** Path patterns without authentication. */
  excludePathsMax: 1_000,
  /** Characters of a secret or PEM key. */
  keyCharsMax: 65_536,
  /** Characters of an issuer or audience. */
  claimCharsMax: 2_048,
  /** Seconds of a token's greatest age: ten years. */
  tokenAgeSecondsMax: 315_360_000,
  /** Seconds by which clocks may differ; more would make expiry meaningless. */
  clockToleranceSecondsMax: 300,
  /** Characters of a token that is looked at; real ones fit a header line. */
  tokenCharsMax: 16_384,
  /** Characters of an Authorization value with basic credentials. */
  basicHeaderCharsMax: 4_096,
  /** Verified passwords and tokens remembered per route, so that a keep-alive client pays for one check. */
  verifiedMax: 10_000,
  /** Seconds a verified password is remembered. */
  verifiedSeconds: 300,
  /** Password checks by scrypt at one time; each takes some 32 MB and a thread. */
  scryptParallelMax: 4,
  /** Password checks that wait; past it a request is answered 503 at once. */
  scryptQueueMax: 64,
  /** log2 of scrypt's cost: 2^15 with r = 8 takes 32 MB and some 60 ms. */
  scryptLogCost: 15,
  /** log2 of the highest cost that a configured hash may ask for: 1 GB. */
  scryptLogCostMax: 20,
} as const;
