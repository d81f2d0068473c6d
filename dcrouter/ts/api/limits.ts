/**
 * Every bound and time of the management API, with unit and reason.
 *
 * @module
 */

/** Bytes of a request body: the largest shared object that the store takes, in its JSON envelope. */
export const bodyBytesMax = 2_097_152;
/** Bytes of a request body that carries a document: the store's largest, escaped as JSON. */
export const documentBodyBytesMax = 33_554_432;
/** Milliseconds until a request must have come whole: nobody types it by hand. */
export const requestMs = 30_000;
/** Milliseconds between two requests on a connection. */
export const keepAliveMs = 30_000;
/** Connections to the listener at once: a few dozen people and scrapers, and their streams. */
export const connectionsMax = 512;

/** Items of one page unless asked otherwise. */
export const pageItemsDefault = 100;
/** Items of one page at most: a page stays below a few megabytes. */
export const pageItemsMax = 1_000;
/** Characters of a cursor: it holds one name of the store's length. */
export const cursorCharsMax = 2_048;

/** Bits of a token's secret; its hash needs no salt and no slow function. */
export const tokenBytes = 32;
/** Milliseconds for which a token that was found is believed without asking the store: how late a removal on another
 * node may be noticed. */
export const tokenFreshMs = 5_000;
/** Milliseconds for which it is believed while the store is away, so that operators can look while it is. */
export const tokenStaleMs = 600_000;
/** Tokens remembered. */
export const tokensKept = 1_024;
/** Addresses whose failures are counted; past it the oldest make room. */
export const failingAddressesMax = 10_000;
/** Window of the failure count, ms. */
export const failureWindowMs = 60_000;
/** Clients whose requests are counted for the rate limit; past it the least recent make room. */
export const rateClientsMax = 10_000;
/** Window of the rate limit, ms. */
export const rateWindowMs = 60_000;

/** Milliseconds that answers under way may take once the listener stops; a backup of a large store needs some. */
export const stopGraceMs = 10_000;

/** Streams (events and followed logs) at once. */
export const streamsMax = 64;
/** Messages that wait for one slow client; the next are dropped and counted. */
export const streamQueueMessages = 1_000;
/** Characters that wait for one slow client. */
export const streamQueueChars = 1_048_576;
/** Milliseconds between heartbeats: below the idle time-outs of proxies. */
export const heartbeatMs = 15_000;
/** Milliseconds after which a client that lost its stream shall come back. */
export const retryMs = 2_000;
/** Events kept for clients that come back. */
export const replayEvents = 1_000;
/** Characters of the events kept. */
export const replayChars = 2_097_152;
/** Milliseconds for which events are kept on after the last client has gone, so that it can come back. */
export const replayLingerMs = 10_000;
/** Patterns of one event stream. */
export const patternsMax = 16;

/** Log lines of one answer. */
export const logLinesMax = 1_000;
/** Milliseconds that the answer to a renewal waits for its end; then it goes on without a watcher. */
export const renewalWaitMs = 20_000;
/** Recorded facts that one test looks at. */
export const recordedMax = 1_000;
/** Seconds after which a client shall try again when the store is away. */
export const retryAfterSeconds = 5;
