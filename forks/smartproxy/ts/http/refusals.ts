/**
 * Every way in which the proxy refuses a message: the reason that is counted and the status that is answered.
 *
 * @module
 */

/** A refusal: its reason is the key in `getRejectReasons()`. */
export interface IRefusal {
  readonly reason: string;
  readonly status: number;
  /** Header lines with CRLF that the status asks for. */
  readonly lines?: string;
}

function refusal(reason: string, status = 400, lines?: string): IRefusal {
  return lines === undefined ? { reason, status } : { reason, status, lines };
}

/** RFC 9110 §15.5.6 wants it with a 405. What a target allows only the target knows; a tunnel is not among it. */
const ALLOW = 'Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n';

/** The table. Keys are what the code names, reasons what users count. */
export const REFUSALS = {
  /** A byte that must not stand where it stands in the request or status line. */
  startLine: refusal('bad-start-line'),
  bareCr: refusal('bare-cr'),
  bareLf: refusal('bare-lf'),
  /** RFC 9112 §5.2. */
  obsFold: refusal('obs-fold'),
  controlByte: refusal('control-byte'),
  /** RFC 9112 §5.1: white space between name and colon. */
  spaceBeforeColon: refusal('space-before-colon'),
  fieldName: refusal('bad-field-name'),
  headTooLarge: refusal('head-too-large', 431),
  tooManyFields: refusal('too-many-fields', 431),
  targetTooLong: refusal('target-too-long', 414),
  /** RFC 9112 §2.3: HTTP/0.9, 2.0 and others. */
  version: refusal('http-version', 505),
  method: refusal('unknown-method', 501),
  connect: refusal('connect-method', 405, ALLOW),
  target: refusal('bad-target'),
  percentEncoding: refusal('bad-percent-encoding'),
  /** `.` or `..` segments, plain or encoded: a route by path and a backend could resolve them differently. */
  dotSegment: refusal('dot-segment'),
  hostMissing: refusal('host-missing'),
  hostRepeated: refusal('host-repeated'),
  host: refusal('bad-host'),
  /** RFC 9112 §3.2.2: absolute-form and Host name different authorities. */
  authorityMismatch: refusal('authority-mismatch'),
  contentLength: refusal('bad-content-length'),
  contentLengthRepeated: refusal('content-length-repeated'),
  /** RFC 9112 §6.1: the classic smuggling shape. */
  lengthAndCoding: refusal('content-length-with-transfer-encoding'),
  transferCoding: refusal('bad-transfer-coding'),
  /** Connection names a field that frames or routes the message. */
  connectionOption: refusal('bad-connection-option'),
  expectation: refusal('bad-expectation', 417),
  upgrade: refusal('bad-upgrade'),
  chunkSize: refusal('bad-chunk-size'),
  chunkExtension: refusal('chunk-extension-too-long'),
  chunkExtensionSyntax: refusal('bad-chunk-extension'),
  chunkEnd: refusal('bad-chunk-end'),
  trailer: refusal('bad-trailer'),
  trailerTooLarge: refusal('trailer-too-large', 431),
  bodyTooLarge: refusal('body-too-large', 413),
  /** The client did not finish its request in time. */
  requestTimeout: refusal('request-timeout', 408),
  /** The target has its maximum of connections, and as many requests wait as may. */
  targetQueueFull: refusal('target-queue-full', 503),
  /** No connection to the target became free in time. */
  targetQueueTimeout: refusal('target-queue-timeout', 503),
  noRoute: refusal('no-route', 404),
  /** RFC 9110 §15.5.20: the route asks for client certificates, and not those of the handshake. */
  clientAuth: refusal('client-certificate-of-another-route', 421),
} as const satisfies Record<string, IRefusal>;

export type TRefusalKey = keyof typeof REFUSALS;
