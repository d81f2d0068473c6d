/**
 * The proxy's events. Payloads are frozen plain objects and are built only when somebody listens.
 *
 * @module
 */

export type TConnectionType = 'tcp' | 'tls' | 'http' | 'https' | 'websocket';

/** Once per connection, when its route is chosen. */
export interface IConnectionOpenEvent {
  readonly connectionId: string;
  readonly type: TConnectionType;
  readonly routeName: string;
  readonly clientIp: string;
  readonly clientPort: number;
  readonly localPort: number;
  readonly domain?: string;
  readonly timestamp: Date;
}

/** A later request on an open connection became a WebSocket. */
export interface IConnectionUpgradeEvent {
  readonly connectionId: string;
  readonly routeName: string;
  readonly timestamp: Date;
}

/** Exactly once per connection that had a `connection-open`. */
export interface IConnectionCloseEvent {
  readonly connectionId: string;
  readonly type: TConnectionType;
  readonly routeName: string;
  readonly clientIp: string;
  /** Milliseconds from accept to close. */
  readonly duration: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** `bytesIn + bytesOut`. */
  readonly bytesTransferred: number;
  /** HTTP exchanges completed on this connection. */
  readonly requests: number;
  readonly reason: string;
  readonly timestamp: Date;
}

/** Refused before a route was chosen, or by a limit. Such a connection has no open and no close event. */
export interface IConnectionRejectedEvent {
  readonly clientIp: string;
  readonly routeName?: string;
  readonly reason: string;
  readonly timestamp: Date;
}

/** An HTTP exchange is over, whatever its end; also what `request-refused` tells. */
export interface IRequestCompletedEvent {
  readonly connectionId: string;
  readonly routeName: string;
  readonly method: string;
  readonly host: string;
  readonly path: string;
  /** Status sent to the client; 0 when the client was gone before any. */
  readonly statusCode: number;
  /** Milliseconds from the request's first byte to the response's last byte. */
  readonly duration: number;
  /** `host:port`, or undefined when no upstream was chosen. */
  readonly upstream?: string;
  /** Milliseconds from the request handed to the upstream to its first response byte. */
  readonly upstreamLatency?: number;
  /** Wire bytes of the request head and body as received. */
  readonly bytesIn: number;
  /** Wire bytes of the response head and body as sent. */
  readonly bytesOut: number;
  readonly error?: string;
  /** With the option `requestId`: the id that target and client were told. */
  readonly requestId?: string;
  /** The trace that a valid `traceparent` field named (W3C Trace Context). */
  readonly traceId?: string;
  /** Of the client's request. */
  readonly httpVersion?: '1.0' | '1.1';
  /** The fields `Referer` and `User-Agent` as sent, latin1, at most 1,024 characters. */
  readonly referer?: string;
  readonly userAgent?: string;
  readonly clientIp: string;
  readonly timestamp: Date;
}

export interface IUpstreamErrorEvent {
  readonly target: string;
  readonly routeName: string;
  readonly reason: string;
  readonly error?: string;
  readonly timestamp: Date;
}

export interface IUpstreamHealthEvent {
  readonly target: string;
  readonly previous: 'healthy' | 'unhealthy';
  readonly current: 'healthy' | 'unhealthy';
  readonly reason?: string;
  readonly timestamp: Date;
}

export interface ITlsErrorEvent {
  readonly clientIp: string;
  readonly sni?: string;
  readonly reason: string;
  readonly timestamp: Date;
}

export interface ICertificateEvent {
  readonly domain: string;
  readonly expiry?: Date;
  readonly source: 'static' | 'acme' | 'custom';
  readonly error?: string;
  readonly timestamp: Date;
}

/** Event names and their arguments, as `EventEmitter<ISmartProxyEvents>` wants them. */
export interface ISmartProxyEvents {
  'connection-open': [IConnectionOpenEvent];
  'connection-upgrade': [IConnectionUpgradeEvent];
  'connection-close': [IConnectionCloseEvent];
  'connection-rejected': [IConnectionRejectedEvent];
  'request-completed': [IRequestCompletedEvent];
  /**
   * A request was answered with a refusal before its connection had a route, which is then over: counted as a rejected
   * connection, under the reason in `error`, not as a request. What could not be read of it is empty.
   */
  'request-refused': [IRequestCompletedEvent];
  'upstream-error': [IUpstreamErrorEvent];
  'upstream-health': [IUpstreamHealthEvent];
  'tls-error': [ITlsErrorEvent];
  'certificate-issued': [ICertificateEvent];
  'certificate-renewed': [ICertificateEvent];
  'certificate-failed': [ICertificateEvent];
  'certificate-expiring': [ICertificateEvent];
  'routes-updated': [{ readonly routes: number; readonly timestamp: Date }];
  'listening': [{ readonly ports: readonly number[]; readonly timestamp: Date }];
  'drained': [{ readonly forced: number; readonly timestamp: Date }];
}
