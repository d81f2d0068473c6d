/**
 * Every bound and time-out of the client, with unit, default and reason.
 *
 * @module
 */

export const clientLimits = {
  /** ms for one `resolve()`, all attempts and CNAME steps together. glibc's own default is 5 s per server. */
  timeoutMs: 5_000,
  /** ms for the first attempt over UDP; doubles with every round over the resolvers. Unbound's initial value is near it. */
  attemptTimeoutMs: 1_000,
  /** ms for an attempt over TCP, TLS or HTTPS, where a connection and a handshake may come first. */
  streamAttemptTimeoutMs: 3_000,
  /** ms that must be left for another attempt to be worth its sockets. */
  attemptTimeoutMinMs: 2,
  /** Attempts of one question over all resolvers. Bounds what one caller can make us send. */
  attemptsMax: 6,
  /** ms before asking a resolver again that has just failed at once (refused connection, SERVFAIL); doubles per round. */
  retryDelayMs: 50,
  /** ms that a resolver is passed over after its first failure in a row; doubles, so that a dead one costs little. */
  penaltyMs: 500,
  /** ms, the most a resolver is passed over: a mended one is back within this. */
  penaltyMaxMs: 30_000,
  /** ms that a resolver which does not understand EDNS is asked without it (RFC 6891 §6.2.2). */
  plainDnsMs: 600_000,
  /** Resolvers configured in one list. */
  upstreamsMax: 32,
  /** CNAME steps that are followed by asking again. Unbound stops at 11 as well. */
  cnameStepsMax: 11,
  /** Records of a reply that are looked at; a 64 KiB message cannot hold many more useful ones. */
  recordsMax: 4_096,

  /** Questions being asked at one time; each may hold a socket. */
  inFlightMax: 1_000,
  /** Questions waiting for one of those places; past it `EBUSY`. */
  waitingMax: 4_000,

  /** Bytes that we say we take over UDP (RFC 9715: fits one unfragmented IPv6 packet). */
  udpPayloadBytes: 1_232,
  /** Sockets of one UDP resolver in pool mode, each on its own random port. */
  udpSocketsMax: 64,
  /** Replies on one question that fail validation before the question moves to TCP: somebody is guessing. */
  bogusRepliesMax: 32,

  /** Connections to one TCP or TLS resolver. RFC 7766 §6.2.2 wants as few as possible. */
  streamConnectionsMax: 2,
  /** Questions outstanding on one connection (RFC 7766 §6.2.1.1 pipelining) from which a second one is opened. */
  pipelineMax: 256,
  /** Questions outstanding on one connection at most: half of the ids that there are. */
  connectionQuestionsMax: 32_768,
  /** ms that an unused connection stays open. RFC 7766 §6.2.3: of the order of seconds. */
  streamIdleMs: 10_000,
  /** ms for TCP connect and TLS handshake. */
  connectTimeoutMs: 3_000,
  /** Connections of one DoH resolver that speaks only HTTP/1.1. */
  http1ConnectionsMax: 4,
  /** Bytes of a DoH answer: a DNS message cannot be longer (RFC 8484 §6). */
  messageBytesMax: 65_535,
  /** Bytes to which a query over TLS or HTTPS is padded (RFC 8467 §4.1). */
  paddingBlockBytes: 128,

  /** Answers in the cache. */
  cacheEntriesMax: 10_000,
  /** Bytes in the cache, counted as wire size plus a fixed overhead per entry. */
  cacheBytesMax: 16 * 1024 * 1024,
  /** Bytes charged for an entry besides its message: key, objects and links, measured on V8. */
  cacheEntryOverheadBytes: 512,
  /** s, the longest a positive answer is kept (RFC 8767 §4 proposes a week; a day is what most resolvers take). */
  cacheTtlMaxSeconds: 86_400,
  /** s, the longest a negative answer is kept (RFC 2308 §5: one to three hours work well). */
  cacheNegativeTtlMaxSeconds: 3_600,
  /** ms that a failure to resolve is remembered (RFC 9520 §3.2: at least 1 s, at most 5 min). */
  cacheFailureMs: 1_000,
  /** s, the TTL given to a stale answer (RFC 8767 §4). */
  staleTtlSeconds: 30,
  /** ms for which stale answers are given without asking again (RFC 8767 §5). */
  staleRecheckMs: 30_000,

  /** Types counted by their own name; further ones count as `other`. */
  statsTypesMax: 64,

  /** Bytes of a hosts file that are read. */
  hostsBytesMax: 4 * 1024 * 1024,
  /** ms between two looks at whether the hosts file has changed. */
  hostsCheckMs: 5_000,
  /** Cycles of `checkUntilAvailable`, upstream's default. */
  propagationCycles: 50,
  /** ms between two cycles of `checkUntilAvailable`, upstream's default. */
  propagationIntervalMs: 500,
} as const;
