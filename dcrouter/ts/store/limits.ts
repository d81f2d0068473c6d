/**
 * Bounds and times of the store, with unit and reason.
 *
 * @module
 */

/** Rows of one page when the caller names no number. */
export const pageRowsDefault = 100;
/** Rows of one page at most: a page of audit entries stays below a megabyte. */
export const pageRowsMax = 1000;

/** Objects on all nodes together: each is in memory on every node, and `load` reads them all. */
export const objectsMax = 100_000;
/** Changes in one transaction: an import of a large zone in few steps, without holding the others up for seconds. */
export const changesMax = 5000;
/** One object as JSON, in bytes: a rule or route is a few kilobytes, a record set a few hundred bytes. */
export const objectBytesMax = 1_048_576;
/** Identifiers and names, in bytes: a domain name has 255, and PostgreSQL's index rows end at 2,700. */
export const nameBytesMax = 512;
/** Comments and other short texts, in bytes. */
export const textBytesMax = 8192;
/** One configuration document, in bytes, includes put in. */
export const documentBytesMax = 16_777_216;
/** What an audit entry tells in addition, as JSON in bytes; longer detail is refused. */
export const auditDetailBytesMax = 65_536;
/** One secret (a certificate chain with key, a key), in bytes. */
export const materialBytesMax = 1_048_576;
/** Secrets of one purpose: a certificate for every route of a large configuration. */
export const materialsMax = 50_000;
/** API tokens: people and scripts, not users of the service. */
export const tokensMax = 10_000;

/** Versions kept per node; the oldest that are past go. Two hundred applies are more than anyone rolls back over. */
export const versionsMax = 200;
/** Audit entries kept, of all nodes together; the oldest go. */
export const auditEntriesMax = 100_000;
/** History samples kept per node: 30 days at one per minute and a little more. */
export const historySamplesMax = 45_000;
/** Samples in one append: what gathers while the store is away for an hour. */
export const historyAppendMax = 1000;
/** One sample as JSON, in bytes: about a thousand series. */
export const historySampleBytesMax = 65_536;
/** `touch` of a token writes at most this often: a request must not cost a write. */
export const tokenTouchMs = 60_000;

/** Operations under way at the same time; the next is refused as unavailable instead of waiting without end. */
export const operationsMax = 10_000;
/** Listeners of `onRevision`. */
export const revisionListenersMax = 64;
/** Longest wait for a lock: an ACME order with a DNS challenge takes minutes. */
export const lockWaitMs = 900_000;
/** Callers in this process that wait for locks; the next is refused. */
export const lockWaitersMax = 1000;

/** Bounds of the operations' latency buckets, in seconds: a cached read is 100 µs, a commit to a slow disk 100 ms. */
export const latencyBoundsSeconds: readonly number[] = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5];
