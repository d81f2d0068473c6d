/**
 * Why a message got no answer, or went wrong. Every reason that the server counts stands here and nowhere else.
 *
 * @module
 */

/** Reasons for a message without an answer; received = answered + the sum of these. */
export const dropReasons = [
  /** Shorter than a header, so that there is no id to answer (RFC 1035 §4.1.1). */
  'short',
  /** QR was set: answering an answer makes two servers talk for ever. */
  'response',
  /** A middleware called `drop()`. */
  'middleware',
  /** Response rate limiting. */
  'rate-limited',
  /** Per-client query limit. */
  'query-limit',
  /** The policy refused it without an answer. */
  'rule-denied',
  /** The policy found too many of them. */
  'rule-rate-limited',
  /** The policy keeps the client waiting. */
  'rule-tarpit',
  /** The transport could not send, or the connection was gone. */
  'send',
] as const;
export type TDropReason = (typeof dropReasons)[number];

/** Failures beside drops. A message may be answered and still have one. */
export const errorReasons = [
  /** The message could not be read: FORMERR. */
  'malformed',
  /** A handler threw, or gave data that no record can hold: SERVFAIL. */
  'handler',
  /** A middleware threw or rejected: SERVFAIL. */
  'middleware-error',
  /** A handler or middleware missed its deadline: SERVFAIL. */
  'timeout',
  /** Too many queries wait for asynchronous answers: SERVFAIL. */
  'overload',
  /** Outside our zones, or not allowed: REFUSED. */
  'refused',
  /** The policy refused it: what the policy says. */
  'rule-denied',
  /** The policy found too many of them: what the policy says. */
  'rule-rate-limited',
  /** The policy keeps the client waiting: what the policy says. */
  'rule-tarpit',
  /** Another opcode than QUERY: NOTIMP. */
  'opcode',
  /** A meta type we do not serve: NOTIMP. */
  'not-implemented',
  /** EDNS version above 0: BADVERS. */
  'bad-version',
  /** A server cookie that is not ours: BADCOOKIE. */
  'bad-cookie',
  /** A forwarder gave no usable answer: SERVFAIL. */
  'upstream',
  /** An answer was counted and then could not be sent. */
  'unsent',
  /** A connection over the limit was closed at accept. */
  'connection-limit',
  /** A TLS handshake failed. */
  'tls',
  /** A connection was closed for framing that is not DNS. */
  'framing',
  /** A DoH request was refused with an HTTP status of its own. */
  'http',
  /** Answered with TC to slow a client down. */
  'rate-slipped',
] as const;
export type TErrorReason = (typeof errorReasons)[number];
