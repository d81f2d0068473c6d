/**
 * Decisions of somebody else about connections and requests: asked where they are routed, answered at once.
 *
 * @module
 */
import type { PolicyHeaders } from '../policy/headers.ts';

/** A connection, as a policy sees it. Ours. */
export interface IPolicyConnection {
  /** As a trusted PROXY header says, where there is one. Ours. */
  readonly clientIp: string;
  /** Of the client. Ours. */
  readonly clientPort: number;
  /** Port that the client connected to, as the routes name it. Ours. */
  readonly localPort: number;
  /** SNI, where the port's routes made us read it. Ours. */
  readonly domain: string | undefined;
  /** TLS ends here. Ours. */
  readonly isTls: boolean;
  /** TLS version, once it is known. Ours. */
  readonly tlsVersion: string | undefined;
  /** Whatever the policy wants to know again at the connection's requests. Ours. */
  policyState: unknown;
}

/** A request, as a policy sees it: one object for all requests, valid during the call. Ours. */
export interface IPolicyRequest {
  /** The connection that it came on. Ours. */
  readonly connection: IPolicyConnection;
  /** Method, as sent. Ours. */
  readonly method: string;
  /** Host without port, lower case; empty when HTTP/1.0 gave none. Ours. */
  readonly host: string;
  /** Path as routes see it. Ours. */
  readonly path: string;
  /** What stands behind `?`, empty without one. Ours. */
  readonly query: string;
  /** 0 or 1: of HTTP/1.x. Ours. */
  readonly minorVersion: number;
  /** The route that it matched, empty for none. Ours. */
  readonly routeName: string;
  /** A header by its lower-case name; repeated ones joined by `, `. Ours. */
  header(name: string): string | undefined;
  /** All headers, lower-case names, first value of repeated ones. Made anew by each call. Ours. */
  headers(): Record<string, string>;
}

/** Reasons under which a policy's refusals are counted. */
export type TPolicyReason = 'rule-denied' | 'rule-rate-limited' | 'rule-tarpit';

/** What a policy says; make it once with `policyVerdict` and give it often. Ours. */
export interface IPolicyVerdict {
  /**
   * `continue`: as without it. `deny`: refuse, under `reason`. `answer`: answer the request with `status` and `headers`,
   * which is no refusal. `target`: to `host` and `port` instead of the matched route's target; a request that the proxy
   * answers itself, by a redirect, `testResponse`, preflight or refusal of the route, or because none matched, is answered
   * nonetheless. `route`: as if `routeName`
   * had matched; one that is not there changes nothing. Ours.
   */
  readonly action: 'continue' | 'deny' | 'answer' | 'target' | 'route';
  /** Counted for `deny`, default `rule-denied`. Ours. */
  readonly reason: TPolicyReason;
  /** Of the answer to a request, default 403. A connection is closed, TLS with an alert. Ours. */
  readonly status: number;
  /** Of the answer. Ours. */
  readonly headers: Readonly<Record<string, string>> | undefined;
  /** Of the answer; default the status in words. Ours. */
  readonly body: string | undefined;
  /** Where `target` leads. Ours. */
  readonly host: string;
  /** Where `target` leads. Ours. */
  readonly port: number;
  /** The route of `route`. Ours. */
  readonly routeName: string;
  /** Milliseconds that a `deny` holds the client first. Ours. */
  readonly delayMs: number;
  /** Changes to the request as the target gets it. Ours. */
  readonly requestHeaders: PolicyHeaders | null;
  /** Changes to the response as the client gets it, the proxy's own answers and error pages included. Ours. */
  readonly responseHeaders: PolicyHeaders | null;
}

/** Asked for a decision at each connection and each request; null goes on as without it. Must not throw. Ours. */
export interface IProxyPolicy {
  /**
   * Once per connection: with SNI where the port reads it, before its route is looked up. `protocol` says what comes:
   * requests of `http` are asked about one by one, so that `target` and `route` mean nothing for it here. Ours.
   */
  connection?(connection: IPolicyConnection, protocol: 'tcp' | 'tls' | 'http'): IPolicyVerdict | null;
  /** Once per request, after its route is looked up and before the route's own checks. Ours. */
  request?(request: IPolicyRequest): IPolicyVerdict | null;
}
