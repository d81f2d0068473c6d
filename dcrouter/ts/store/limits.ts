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
/** Changes written with one statement: its parameters and its depth stay below what SQLite takes. */
export const changeRows = 200;
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

/** Wait for a lock inside SQLite, in milliseconds. Nobody else has the file open; only a checkpoint of our own can wait. */
export const sqliteBusyMs = 5000;
/** Pages (4 KiB) in the write-ahead log before they move into the database: the log stays near 4 MiB. */
export const sqliteCheckpointPages = 1000;
/** The log file is cut to this size after it has been emptied, in bytes: a large import does not keep its disk space. */
export const sqliteLogBytesMax = 8_388_608;
/** Prepared statements kept in the thread: the store has some fifty different ones. */
export const sqliteStatementsMax = 200;
/** Wait for the process before us to let go of the file at a hand-over, in milliseconds. */
export const handOverWaitMs = 30_000;
/** A thread that ended unasked is started anew at most this often, in milliseconds. */
export const sqliteRestartMs = 1000;
/** Rows that a backup reads and a restore writes at once; seven columns each stay below SQLite's 32,766 parameters. */
export const archiveRows = 200;
/** The same for tables with large rows: ten of the largest documents fit into memory. */
export const archiveLargeRows = 10;

/** Connections to PostgreSQL per node; the server's own default is 100 for all of them. */
export const poolSizeDefault = 5;
export const poolSizeMax = 50;
/** Locks held or waited for in the database at the same time, each with a connection of its own: orders at a time, and some. */
export const lockConnectionsMax = 8;
/** Time to get a connection, new or from the pool, in milliseconds. */
export const connectMs = 3000;
/** Time that the server may work on one statement, in milliseconds; a `load` of every object takes a second. */
export const statementMs = 10_000;
/** Time until an answer must be there, in milliseconds: a server that has vanished says nothing. Above `statementMs`. */
export const answerMs = 12_000;
/** Time of one statement of a backup, in milliseconds: a page of large documents over a slow line. */
export const backupStatementMs = 60_000;
/** Space between two looks at the newest revision, in milliseconds: what a lost notification costs at most. */
export const revisionPollMs = 1000;
/** The look itself, in milliseconds: shorter than other statements, so that a vanished server is noticed. */
export const revisionPollAnswerMs = 3000;
/** First and longest wait before the listening connection is opened again, in milliseconds; doubled in between. */
export const listenRetryMsMin = 100;
export const listenRetryMsMax = 5000;
/** One turn of waiting for a lock in the database, in milliseconds; in between it is seen that the server still answers. */
export const lockTurnMs = 2000;
/** Space between two signs of life on a connection that holds a lock, in milliseconds. */
export const lockHeartbeatMs = 10_000;
/** Idle time before TCP asks whether the server is still there, in milliseconds. */
export const keepAliveMs = 10_000;
/** One line of a backup, in bytes: the largest document, every character of it escaped. */
export const archiveLineBytesMax = 6 * documentBytesMax + 65_536;
