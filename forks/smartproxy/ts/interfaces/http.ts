/**
 * What a route changes about the HTTP requests and responses that pass it.
 *
 * @module
 */
import type { IRouteContext } from './context.ts';

/** Cross-origin resource sharing (the Fetch standard, §3.3). Recalled. */
export interface IRouteCors {
  /** `false` is as if it were absent. Recalled. */
  enabled: boolean;
  /** `*`, one origin, or a list of which the request's origin is echoed; default `*`. Recalled. */
  allowOrigin?: string | string[];
  /** Default `GET, POST, PUT, DELETE, PATCH, OPTIONS`. Recalled. */
  allowMethods?: string | string[];
  /** Default: the headers that the preflight asks for. Recalled. */
  allowHeaders?: string | string[];
  /** Not possible with `allowOrigin: '*'`. Recalled. */
  allowCredentials?: boolean;
  /** Response headers that a page may read. Recalled. */
  exposeHeaders?: string | string[];
  /** Seconds a preflight may be kept. Recalled. */
  maxAge?: number;
  /** Answer preflights here (default) or hand them to the target. Recalled. */
  preflight?: boolean;
}

/** Header edits. Values may hold `{name}` and `{headers.name}` templates; unknown names stay as written. Recalled. */
export interface IRouteHeaders {
  /**
   * Set on the request to the target, in place of what the client sent, be it in a trailer. An empty value removes the
   * header. Recalled.
   */
  request?: Record<string, string>;
  /**
   * Set on the response to the client, in place of what the target sent, upgrades and canned answers included; variables
   * are those of the request. An empty value removes the header. Recalled.
   */
  response?: Record<string, string>;
  /** `true`: any origin, the defaults. Recalled. */
  cors?: boolean | IRouteCors;
  /** Which fields tell the target about the client; default `x-forwarded`. Ours. */
  forwarded?: 'x-forwarded' | 'forwarded' | 'both' | 'none';
}

/** WebSocket and other upgrades. Recalled. */
export interface IRouteWebSocket {
  /** `false` refuses upgrades with 403; default true. Recalled. */
  enabled: boolean;
  /** Milliseconds between pings to the client; 0 (default): none. Recalled. */
  pingInterval?: number;
  /** Milliseconds to wait for the pong; default 10,000. Recalled. */
  pingTimeout?: number;
  /** Bytes of one frame's payload from either side; default: no limit. Recalled. */
  maxPayloadSize?: number;
  /** Further request headers for the upgrade. Recalled. */
  customHeaders?: Record<string, string>;
  /** Accepted subprotocols; a request that offers none of them is refused. Recalled. */
  subprotocols?: string[];
  /** Replaces the request's path for the upgrade. Recalled. */
  rewritePath?: string;
  /** Accepted values of Origin; others are refused with 403. Recalled. */
  allowedOrigins?: string[];
  /** Returns whether the upgrade may go on. Recalled. */
  authenticateRequest?: (context: IRouteContext) => boolean | Promise<boolean>;
}

/** How targets are watched. Recalled. */
export interface IRouteHealthCheck {
  /** Path asked with GET; 2xx and 3xx are healthy. For tunnels a connect is the check. Recalled. */
  path?: string;
  /** Milliseconds between checks; default 10,000. Recalled. */
  interval?: number;
  /** Milliseconds; default 5,000. Recalled. */
  timeout?: number;
  /** Failures in a row until a target is left out; default 3. Recalled. */
  unhealthyThreshold?: number;
  /** Successes in a row until it is used again; default 2. Recalled. */
  healthyThreshold?: number;
}

/** Recalled. */
export interface IRouteLoadBalancing {
  /** Default `round-robin`. Recalled. */
  algorithm: 'round-robin' | 'least-connections' | 'ip-hash';
  /** Leaves targets out that do not answer. Checks speak TLS and the PROXY protocol where the route does. Recalled. */
  healthCheck?: IRouteHealthCheck;
}

/** Changes the request's path before it goes to the target. Recalled. */
export interface IRouteUrlRewrite {
  /** A regular expression over the path and query. Recalled. */
  pattern: string;
  /** Replacement: `$1` groups and `{name}` templates. Recalled. */
  target: string;
  /** Flags of the expression, of `i`, `u`, `s`, `g`. Recalled. */
  flags?: string;
  /** Leave the query out of matching and keep it. Recalled. */
  onlyRewritePath?: boolean;
}

/**
 * An answer that sends the client elsewhere. What the client sends can fill in path, query and values, percent-encoded,
 * but never choose another host than the one written here.
 */
export interface IRouteRedirect {
  /**
   * Location: `http://…`, `https://…` or a path. `{domain}` is the requested host without its port (IPv6 in brackets),
   * `{path}` path and query; further variables are those of header values (`{query}`, `{port}`, `{headers.name}`,
   * `{pathParams.name}` …), empty when absent. In the host only `{domain}` and `{port}` may stand. Ours.
   */
  to: string;
  /** Default 308, which keeps method and body; 301 and 302 let clients turn POST into GET, 303 makes them. Ours. */
  status?: 301 | 302 | 303 | 307 | 308;
}

/** A response given without any target. Recalled. */
export interface IRouteTestResponse {
  /** Status from 200 to 599. Recalled. */
  status: number;
  /** Headers beside Content-Length. Recalled. */
  headers: Record<string, string>;
  /** Text, sent as UTF-8. Recalled. */
  body: string;
}

/** Recalled. */
export interface IRouteAdvanced {
  /** Milliseconds an exchange may take, from the request's first byte to the response's last. Recalled. */
  timeout?: number;
  /** Set on the request like {@link IRouteHeaders.request}. Recalled. */
  headers?: Record<string, string>;
  /** Whether connections to the target are kept; default true. Recalled. */
  keepAlive?: boolean;
  /**
   * Connections to each target that HTTP requests may use at once, idle and upgraded ones included, over all workers;
   * further requests wait for one. 0: no limit. Not with `sendProxyProtocol`, where every client has connections of its
   * own. Ours.
   */
  maxConnectionsPerTarget?: number;
  /** Requests that may wait for a connection to one target, default 1,000; past it 503. Ours. */
  targetQueueSize?: number;
  /** Milliseconds that a request may wait for a connection, default 10,000; past it 503. Ours. */
  targetQueueTimeout?: number;
  /** Changes the path before forwarding. Recalled. */
  urlRewrite?: IRouteUrlRewrite;
  /** A fixed answer instead of a target. Recalled. */
  testResponse?: IRouteTestResponse;
  /** Bytes of a request body; past it 413. Ours. */
  maxRequestBodyBytes?: number;
  /** Bytes of a response body; past it the exchange is cut. Ours. */
  maxResponseBodyBytes?: number;
  /** Bodies of the proxy's own error responses, by status such as `502`; a route's also of its refusals, such as `403`. Ours. */
  errorPages?: Record<string, { contentType?: string; body: string }>;
}
