/**
 * Why connections end. Every accepted connection is counted under exactly one of these, or under the reason of its
 * refusal.
 *
 * @module
 */

export const REASON = {
  /** The client closed first, in order. */
  clientClosed: 'client-closed',
  /** The target closed first, in order. */
  upstreamClosed: 'upstream-closed',
  /** We closed after the last response, as HTTP asked for. */
  completed: 'completed',
  /** A socket handler took the connection and ended it. */
  handlerClosed: 'handler-closed',
  /** Closed by hand, through `closeConnection`. */
  killed: 'killed',
  /** `stop` or the removal of a port, after the drain. */
  shutdown: 'shutdown',
  /** The client's side broke: reset, unreachable. */
  clientError: 'client-error',
  /** The target's side broke while a tunnel or response was under way. */
  upstreamError: 'upstream-error',
  /** No connection to the target. */
  connectFailed: 'connect-failed',
  /** A message was refused; its reason is among the rejects. */
  refused: 'refused',
  initialTimeout: 'initial-timeout',
  keepAliveTimeout: 'keep-alive-timeout',
  inactivityTimeout: 'inactivity-timeout',
  responseTimeout: 'response-timeout',
  writeTimeout: 'write-timeout',
  lifetime: 'lifetime-exceeded',
  /** The client of a WebSocket did not answer a ping. */
  webSocketTimeout: 'websocket-timeout',
  handlerError: 'handler-error',
  /** The worker process that had the connection died. */
  workerDied: 'worker-died',
  tlsError: 'tls-error',
} as const;

export type TReason = (typeof REASON)[keyof typeof REASON];

/** Ends that are nobody's fault; all others count as errors. */
export const ORDERLY: ReadonlySet<string> = new Set([
  REASON.clientClosed,
  REASON.upstreamClosed,
  REASON.completed,
  REASON.handlerClosed,
  REASON.killed,
  REASON.shutdown,
  REASON.keepAliveTimeout,
  REASON.inactivityTimeout,
  REASON.lifetime,
]);
