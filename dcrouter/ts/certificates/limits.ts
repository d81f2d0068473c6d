/** Bounds of what nodes share about certificates and keys, with unit and reason. */
export const sharedLimits = {
  /**
   * Certificates kept under one route name: nodes may have routes of the same name with different domains, and the one
   * before a change of the domains serves until the next is there.
   */
  perRouteMax: 4,
  /** Milliseconds between two looks at what other nodes have put into the store; as often as at the revision. */
  lookMs: 1_000,
  /** Milliseconds that a challenge waits for the DNS server: it starts after the proxy. */
  dnsStartMs: 30_000,
  /** Milliseconds that other nodes get to publish a challenge record: two looks. */
  spreadMs: 2_000,
  /** Milliseconds that a shared challenge record stands at most; an order takes minutes. */
  challengeMs: 3_600_000,
  /** Seconds that a challenge record may be cached; CAs ask anew for each order. */
  challengeTtlSeconds: 1,
} as const;
