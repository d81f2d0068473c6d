/**
 * Every bound and time-out of the engine, with its unit and the reason for its default.
 *
 * @module
 */

/** Bounds and time-outs; the options override those that users tune. */
export const limits = {
  /**
   * Read area shared by all sockets, bytes: what one read of a loopback or 10 GbE socket usually brings at most, and room
   * for the head of such a message, which would else cost another read and another write.
   */
  readBytes: 73_728,
  /** Room before the read area, bytes: a rewritten head or a chunk-size line is written there, so a body never moves. */
  headroomBytes: 4_096,
  /** Room after the read area, bytes: chunk terminator. */
  tailroomBytes: 64,
  /** Largest message written as one latin1 string, bytes: above it the string's copies cost more than a buffer. */
  stringWriteBytes: 8_192,
  /** Bytes on their way out of a socket at which its source is paused: what Node's own sockets hold. */
  writeQueueBytes: 65_536,
  /** What fits into one TCP segment on every path, bytes (RFC 8200 §5 less headers): it is sent at once in any case. */
  segmentBytes: 1_200,
  /** Private read areas kept for reuse; past it they go to the garbage collector. */
  spareSlabs: 64,
  /** Private read areas lent at once, 80 KiB each: past it big transfers copy. */
  lentSlabs: 512,

  /** Operations handed to the kernel at once; a power of two. */
  ringSubmissions: 2_048,
  /** Completions that wait for us before the kernel sets more aside; a power of two. */
  ringCompletions: 8_192,
  /** Buffers that the kernel receives into, a power of two, and their size: longer messages go by the socket's handle. */
  ringBuffers: 512,
  ringBufferBytes: 4_096,
  /** Messages on their way to the kernel at once, each in a block of `stringWriteBytes`; further ones go by the handle. */
  ringBlocks: 512,
  /** Sockets in the ring at once; further ones stay with their handles. */
  ringLanes: 65_536,
  /** Turns of the ring before Node's event loop has one. */
  ringTurns: 8,
  /** Short reads in a row after which a socket is worth a place in the ring: one with a single request never is. */
  ringReads: 4,
  /** The same for one that was sent back because of its long reads. */
  ringReadsAgain: 64,

  /** Request or response head, bytes: what nginx and Node accept by default. */
  headBytes: 16_384,
  /** Request target, bytes: RFC 9112 §3 asks for at least 8000. */
  targetBytes: 8_190,
  /** Location of a redirect, bytes: the longest target, host and some escapes; clients read no longer ones. */
  locationBytes: 16_384,
  /** Header fields in one head: far above what browsers send, below what makes scanning attacks pay. */
  headerFields: 128,
  /** Chunk extensions in one chunk-size line, bytes: nobody uses them, long ones are attacks. */
  chunkExtensionBytes: 256,
  /** Trailer section, bytes. */
  trailerBytes: 8_192,
  /** Interim (1xx) responses before the final one. */
  interimResponses: 32,
  /** Pipelined bytes held while a response is in progress; reading stops above it. */
  pipelineBytes: 65_536,

  /** ClientHello bytes collected before giving up: a hello with post-quantum shares is below 4 KiB. */
  clientHelloBytes: 65_536,

  /** Connections open at once (upstream's default). */
  connections: 10_000,
  /** Connections at once from one client address (upstream's default). */
  connectionsPerIp: 100,
  /** Distinct client addresses with a counter of their own while they have connections; further ones share one. */
  trackedIps: 1_000_000,
  /** Client addresses with bytes of their own in each second; further ones of that second share one entry. */
  throughputIps: 1_000,
  /** Client addresses in the top list's sketch. */
  topClients: 1_024,
  /** Routes that were removed and whose counters are still shown; older ones are folded together. */
  retiredRoutes: 1_000,

  /** Connections in one list, unless asked otherwise: a screen or two. */
  listedConnections: 100,
  /** Connections in one list at most: as many as are open by default, some 3 MB. */
  listedConnectionsMax: 10_000,

  /** Seconds of throughput history (upstream's retention). */
  historySeconds: 3_600,
  /** Targets with counters of their own; functions could name without end. Further ones share one entry. */
  upstreamTargets: 10_000,

  /** Addresses of one target's name with counters of their own; further ones share one entry. */
  destinationsPerTarget: 64,
  /** Addresses that one connection to a named target tries; who has not answered by then will not be waited for. */
  destinationsPerDial: 8,
  /** Until the next address joins one that has not answered yet, ms (RFC 8305 §8 recommends it). */
  attemptDelayMs: 250,
  /** How long an address that could not be connected to is tried after the others of its name, ms. */
  destinationPenaltyMs: 10_000,

  /** TLS settings towards targets that are kept ready, of those with other certificates or versions. */
  upstreamContexts: 256,
  /** Diffie-Hellman keys of targets that are shorter are refused, bits (Node's bound). */
  dhKeyBits: 1_024,
  /** Idle keep-alive connections kept per target. */
  upstreamIdle: 256,
  /** Requests waiting for a connection to a target that has a maximum; past it they are refused at once. */
  targetQueue: 1_000,
  /** How long they wait, ms: a target that frees nothing for so long is not just busy. */
  targetQueueMs: 10_000,
  /** Idle time after which a pooled connection is closed, ms: below the 5 s after which Node backends close. */
  upstreamIdleMs: 4_000,

  /** How often the byte counters of open connections are brought up to date, ms. */
  sampleMs: 1_000,
  /** Tick of the timer wheel, ms: how late a deadline may fire. */
  wheelTickMs: 100,
  /** Slots of the timer wheel; a power of two. */
  wheelSlots: 1_024,
  /** Longest time-out that Node's timers take, ms (2^31 - 1). */
  timeoutMaxMs: 2_147_483_647,

  /** First bytes (ClientHello, PROXY header, first request head) after accept, ms (upstream's default). */
  initialDataMs: 120_000,
  /** A TLS handshake, from ClientHello to Finished, ms. */
  handshakeMs: 30_000,
  /** Connecting to a target, TLS included, ms. */
  connectMs: 30_000,
  /** Characters of a header field that `request-completed` tells; longer ones are cut. */
  toldFieldChars: 1_024,
  /** Characters of a method that is not known, as events show it. */
  shownMethodChars: 32,
  /** Characters of a request id that a client may choose. */
  requestIdChars: 128,
  /** A request head, from its first byte, ms. */
  headMs: 30_000,
  /** Between two requests on a client connection, ms. */
  keepAliveMs: 75_000,
  /** No byte of a request or response body moved, ms. */
  bodyMs: 120_000,
  /** From the request sent to the response's first byte, ms. */
  responseMs: 120_000,
  /** A tunnel without traffic, ms (upstream's 4 h). */
  inactivityMs: 14_400_000,
  /** A tunnel of which one side has ended, without traffic, ms: the other side may be gone without a word. */
  halfOpenMs: 300_000,
  /** Life of a connection, ms (upstream's 24 h). */
  lifetimeMs: 86_400_000,
  /** Least rate at which a client must send a request body, bytes per second, after a grace of `bodyGraceMs`. */
  bodyBytesPerSecondMin: 50,
  /** Time that a body may take before its rate is looked at, ms; then over the whole and over each such time. */
  bodyGraceMs: 20_000,
  /** Such times in a row in which a body may be too slow after a fast start: one is a network that was away for a while. */
  bodySlowWindows: 3,
  /** Heap in use above which new connections wait, as a share of what V8 may use. */
  heapShareMax: 0.92,
  /** Connections that wait for memory: as many as a port's queue holds, some 1 MB. */
  pressureQueue: 1_024,
  /** How long they wait, ms: clients give up by then. */
  pressureWaitMs: 10_000,
  /** Between two health checks of a target, ms. */
  healthIntervalMs: 10_000,
  /** A health check, ms. */
  healthTimeoutMs: 5_000,
  /** Failures in a row until a target is left out. */
  unhealthyThreshold: 3,
  /** Successes in a row until it is used again. */
  healthyThreshold: 2,
  /** Least time between two log lines about refusals, ms (upstream's flush interval). */
  rejectLogMs: 5_000,
  /** Drain on stop, ms (upstream's graceful shutdown). */
  drainMs: 30_000,
  /** After a refusal the rest of the request is read for this long, ms, so that the answer is not lost to a reset. */
  lingerMs: 2_000,
  /** Bytes read and thrown away while lingering. */
  lingerBytes: 4_194_304,
  /** Connections and requests that policies hold back at once: each keeps a descriptor. */
  policyHolds: 1_000,
  /** Listen backlog. */
  backlog: 1_024,
} as const;
