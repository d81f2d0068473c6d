/**
 * Every bound and time-out of the server, with unit and reason. Values an operator may change are the defaults of an
 * option of the same name.
 *
 * @module
 */

/** Largest DNS message; the length prefix of TCP is 16 bits wide (RFC 1035 §4.2.2). */
export const messageBytesMax = 65_535;
/** Largest UDP answer to a client that sends no OPT record (RFC 1035 §4.2.1). */
export const plainUdpBytesMax = 512;
/** Largest UDP answer whatever the client offers: passes every usual link without fragments (RFC 9715 §3.1). */
export const udpBytesMax = 1_232;

/** Milliseconds an asynchronous handler or middleware may take: resolvers give up after 2 to 5 seconds. */
export const handlerTimeoutMs = 4_000;
/** Queries waiting for an asynchronous answer at once; beyond it new ones are answered SERVFAIL. */
export const pendingQueriesMax = 10_000;
/** CNAME records followed for one question inside our own data. */
export const aliasHopsMax = 8;
/** Middlewares; each one is a call per query. */
export const middlewaresMax = 64;

/** Handlers; the table stays flat, memory does not. */
export const handlersMax = 100_000;
/** Characters of a domain pattern: a name has at most 255 octets, braces need some more. */
export const patternCharsMax = 1_024;
/** Patterns that braces in one pattern may expand to. */
export const patternExpansionsMax = 1_024;
/** TTL in seconds of a handler's record that names none, as upstream. */
export const handlerTtlSeconds = 300;
/** Largest TTL in seconds (RFC 2181 §8). */
export const ttlSecondsMax = 2_147_483_647;

/** Answer images kept for questions seen more than once. */
export const imagesMax = 16_384;
/** Octets of one answer image; larger answers are encoded each time. */
export const imageBytesMax = 4_096;
/** Slots of the filter that lets a question in only at its second sight; a power of two. */
export const imageDoorSlots = 65_536;

/** Answers kept per handler that asked for a cache. */
export const handlerCacheEntries = 10_000;
/** Most seconds an answer may be served after its TTL while a new one is fetched (RFC 8767 §5). */
export const staleSecondsMax = 86_400;
/** TTL in seconds on stale records (RFC 8767 §4). */
export const staleTtlSeconds = 30;
/** Seconds a handler's "no answer" is kept unless its cache says otherwise. */
export const negativeSeconds = 60;
/** Longest time in seconds a negative answer is kept (RFC 2308 §5). */
export const negativeSecondsMax = 10_800;

/** SOA timers in seconds for zones that give none (RFC 1912 §2.2, RIPE-203). */
export const soaRefreshSeconds = 3_600;
export const soaRetrySeconds = 600;
export const soaExpireSeconds = 604_800;
/** Negative TTL in seconds: also how long a resolver goes on denying a name that was just added. */
export const soaMinimumSeconds = 300;
export const soaTtlSeconds = 3_600;

/** TCP and TLS connections at once; beyond it a new one is closed at accept. */
export const streamConnectionsMax = 10_000;
/** TCP and TLS connections of one client address (RFC 7766 §6.2.1.1 leaves the number to the server). */
export const streamConnectionsPerClientMax = 100;
/** Milliseconds a connection may stay without a complete query (RFC 7766 §6.2.3: in the order of seconds). */
export const streamIdleMs = 10_000;
/** Milliseconds for a TLS handshake. */
export const tlsHandshakeMs = 10_000;
/** Queries of one connection in work at once; beyond it reading pauses. */
export const streamInFlightMax = 128;
/** Octets of answers a slow reader may leave unread before reading pauses. */
export const streamUnreadBytesMax = 262_144;
/** Attempts to find one port number free on UDP and TCP when port 0 was asked for. */
export const portAttempts = 16;
/** Milliseconds `stop()` waits for connections to finish before it cuts them. */
export const drainMs = 1_000;

/** Answer buffers of a UDP socket; reused only after all of them went out. */
export const datagramSlots = 64;
/** Octets of the receive buffer asked from the system: about 10,000 queries of backlog. */
export const udpReceiveBufferBytes = 4_194_304;

/** DoH request bodies and `dns` parameters, in octets. */
export const dohBytesMax = messageBytesMax;
/** Milliseconds for a DoH request to arrive whole. */
export const dohRequestMs = 10_000;
/** HTTP/2 streams of one connection at once. */
export const dohStreamsMax = 128;

/** Names in the sketch behind `getTopDomains`: a name that is not in it costs ten times as much to count as one that is. */
export const topDomainsCapacity = 8_192;
/** Addresses in the sketch behind `getTopClients`. */
export const topClientsCapacity = 4_096;
/** Names and addresses that a worker tells its pool. */
export const topRowsTold = 1_024;
/** Types beyond the directly indexed ones that get a counter of their own. */
export const rareTypesMax = 100;
/** Zones and handler patterns with counters of their own; the rest share `other`. */
export const zoneCountersMax = 1_000;
/** Seconds of history behind `getQueriesPerSecond`. */
export const rateSeconds = 60;
/** Seconds of the mean that `getQueriesPerSecond` gives. */
export const rateWindowSeconds = 10;

/** Networks and questions that rate limiting remembers at once; a power of two. 1.3 MB. */
export const rateLimitEntries = 65_536;
/** Every second answer over the rate goes out cut short, as BIND and Knot do by default or advise. */
export const rateLimitSlip = 2;
/** Seconds of debt: how long a flooded network stays limited at most. */
export const rateLimitWindowSeconds = 15;
/** Bits of an address that make one network for rate limiting: what one customer usually gets. */
export const rateLimitIpv4Bits = 24;
export const rateLimitIpv6Bits = 56;
/** Clients that the query limit remembers at once; a power of two. */
export const queryLimitEntries = 65_536;
/** One host can pick any address in its /64. */
export const queryLimitIpv6Bits = 64;

/** Seconds after which a client gets a fresh server cookie (RFC 9018 §4.3). */
export const cookieRenewSeconds = 1_800;
/** Seconds a server cookie is good for (RFC 9018 §4.3). */
export const cookieValidSeconds = 3_600;
/** Seconds a server cookie may lie in the future: clocks of servers that share a secret (RFC 9018 §4.3). */
export const cookieFutureSeconds = 300;

/** Padded answers fill a multiple of this many octets (RFC 8467 §4.1). */
export const paddingBlockBytes = 468;

/** Longest life of a signed answer's image in milliseconds: how late a step in the life of a key may show. */
export const signedImageMs = 10_000;

/** Workers of one pool; more than cores only adds switching. */
export const workersMax = 256;
/** Milliseconds between two collections of the workers' counters. */
export const workerCollectMs = 1_000;
/** Milliseconds for a worker to start, stop or tell its counters before it counts as failed. */
export const workerAnswerMs = 10_000;
/** Milliseconds before a worker that ended is started again, doubled with each failure in a row up to the most. */
export const workerRestartMs = 100;
export const workerRestartMsMax = 10_000;

/** Datagrams received or sent by one system call. */
export const batchSlots = 64;
/** Octets of a query that batched receiving takes; a longer one is cut by the system and answered FORMERR. */
export const batchInputBytes = 4_096;
/** Batches in a row before the event loop gets its turn: about a millisecond of work. */
export const batchesPerTurn = 4;
/** Texts of client addresses kept at once. */
export const batchAddressesMax = 4_096;

/** Milliseconds for which the distance between wall and monotonic clock is taken for known: a step of the wall clock shows that late in events. */
export const clocksComparedMs = 1_000;
