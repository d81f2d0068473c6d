/**
 * The route API: what to match, and what to do with it. Names and shapes follow upstream 21.x.
 *
 * Every member carries how sure its compatibility is: **confirmed** (read in upstream's published pages), **recalled**
 * (unverified) or **ours** (upstream has no such member).
 *
 * @module
 */
import type { Socket } from 'node:net';
import type { IRouteContext } from './context.ts';
import type { IRouteSecurity } from './security.ts';
import type { IRouteTls } from './tls.ts';
import type { IRouteAdvanced, IRouteHeaders, IRouteLoadBalancing, IRouteRedirect, IRouteWebSocket } from './http.ts';

/** `forward` connects the client to a target, `socket-handler` hands the connection to a function. Confirmed. */
export type TRouteActionType = 'forward' | 'socket-handler';

/** An inclusive range of ports. Confirmed. */
export interface IPortRange {
  /** First port, 1–65535. Confirmed. */
  from: number;
  /** Last port, not below `from`. Confirmed. */
  to: number;
}

/** One port, a list of ports and ranges, or one range. Confirmed; a list that mixes both kinds is ours. */
export type TPortRange = number | IPortRange | Array<number | IPortRange>;

/** Takes over a client connection; what was read from it before is read again. Confirmed. */
export type TSocketHandler = (socket: Socket, context: IRouteContext) => void | Promise<void>;

/** The conditions of a route: all that are given must hold. */
export interface IRouteMatch {
  /** Local ports to listen on and to match. Confirmed. */
  ports: TPortRange;
  /**
   * Exact names, `*.example.com` (any depth below, not the apex), `example.*`, mixed patterns such as `*.shop-*`, or
   * `*`. Matched against SNI, then Host. Absent: every connection; given: never a connection without a name. Confirmed.
   */
  domains?: string | string[];
  /**
   * Path pattern: `*` is any run of characters, `:name` one segment. Without either and without a trailing slash the
   * whole path must be equal, otherwise the pattern is a prefix. Confirmed.
   */
  path?: string;
  /** Addresses, CIDR (IPv4 and IPv6), ranges `a-b`, wildcards `10.0.*`. Confirmed; IPv6 CIDR is ours. */
  clientIp?: string[];
  /** Such as `['TLSv1.2', 'TLSv1.3']`; matches TLS connections only. Confirmed. */
  tlsVersion?: string[];
  /** Values: text is compared without regard to case, a RegExp is tested; an empty text matches absence. Recalled. */
  headers?: Record<string, string | RegExp>;
  /** Request methods, upper case. Ours: upstream has it on targets only. */
  method?: string | string[];
  /** `http`: HTTP whatever the rest says; `tcp`: a tunnel even after TLS termination. Ours. */
  protocol?: 'http' | 'tcp';
}

/** Further conditions that choose among a route's targets. Confirmed name, recalled members. */
export interface ITargetMatch {
  /** Local ports. Recalled. */
  ports?: number[];
  /** Path pattern as in {@link IRouteMatch.path}. Recalled. */
  path?: string;
  /** Values as in {@link IRouteMatch.headers}. Recalled. */
  headers?: Record<string, string | RegExp>;
  /** Request methods, upper case. Recalled. */
  method?: string[];
}

/** Where to connect. Settings here win over those of the action. */
export interface IRouteTarget {
  /**
   * Each host of a list is balanced, checked and taken out by itself. A function is asked per connection or request; of a
   * list that it gives the hosts are used in turn. Confirmed.
   */
  host: string | string[] | ((context: IRouteContext) => string | string[]);
  /**
   * `preserve` is the port that the client connected to; `srv`: the host names SRV records, `_http._tcp.example.com`,
   * which tell hosts and ports (RFC 2782; needs the option `resolver`). Confirmed; `srv` is ours.
   */
  port: number | 'preserve' | 'srv' | ((context: IRouteContext) => number);
  /** This target only for matching requests; targets without a match are the fallback. Recalled. */
  match?: ITargetMatch;
  /** Higher is asked first; default 0. Recalled. */
  priority?: number;
  /** As the action's, of the same mode. Recalled. */
  tls?: IRouteTls;
  /** In place of the action's. Recalled. */
  websocket?: IRouteWebSocket;
  /** How one of several hosts of this target is chosen. Recalled. */
  loadBalancing?: IRouteLoadBalancing;
  /** In place of the action's. Recalled; choosing the version is ours, `true` is v1. */
  sendProxyProtocol?: boolean | 'v1' | 'v2';
  /** Laid over the route's. Recalled. */
  headers?: IRouteHeaders;
  /** Laid over the action's. Recalled. */
  advanced?: IRouteAdvanced;
  /** Share of new connections within the targets of one priority, of each host of a list; default 1, at most 1000. Ours. */
  weight?: number;
}

/** Settings of the connection to the target. Confirmed name. */
export interface IRouteActionOptions {
  /** Protocol towards the target; default `http1`. Upstream knows more values. Confirmed name. */
  backendProtocol?: 'http1';
}

/** What to do with a matched connection or request. */
export interface IRouteAction {
  /** Forward to a target, or hand to a function. Confirmed. */
  type: TRouteActionType;
  /** Required for `forward`, unless it answers by itself. Confirmed. */
  targets?: IRouteTarget[];
  /** The single target of upstream before 20.0.0, read as `targets: [target]`. Confirmed. */
  target?: IRouteTarget;
  /** How TLS is treated; absent: not at all. Confirmed. */
  tls?: IRouteTls;
  /** Required for `socket-handler`. Confirmed. */
  socketHandler?: TSocketHandler;
  /** With `forward`: answers every request with a redirect instead of a target, and keeps the connection. Ours. */
  redirect?: IRouteRedirect;
  /** Only `node`: packets are never handed to nftables. Confirmed name. */
  forwardingEngine?: 'node';
  /** Announces the client's address to the target; `true` is v1. Confirmed; choosing the version is ours. */
  sendProxyProtocol?: boolean | 'v1' | 'v2';
  /** Settings of the connection to the target. Confirmed name. */
  options?: IRouteActionOptions;
  /** Upgrades. Recalled. */
  websocket?: IRouteWebSocket;
  /** How one of several targets is chosen. Confirmed name, recalled members. */
  loadBalancing?: IRouteLoadBalancing;
  /** Time-outs, rewriting, sizes, own answers. Recalled. */
  advanced?: IRouteAdvanced;
}

/** One route. Routes are asked in order of priority, then of how specific their match is, then as listed. */
export interface IRouteConfig {
  /** The conditions. Confirmed. */
  match: IRouteMatch;
  /** What is done with what matches. Confirmed. */
  action: IRouteAction;
  /** Names the route in events and numbers; default `route-<n>`, duplicates get `#2`, `#3`, … Confirmed. */
  name?: string;
  /** An identifier of the caller, handed on as `routeId`. Confirmed. */
  id?: string;
  /** `false` takes the route out. Confirmed. */
  enabled?: boolean;
  /** Higher is asked first; default 0. Confirmed. */
  priority?: number;
  /** For people; never read. Confirmed. */
  description?: string;
  /** For people; never read. Confirmed. */
  tags?: string[];
  /** Limits and checks. Confirmed. */
  security?: IRouteSecurity;
  /** Header edits of every target. Recalled. */
  headers?: IRouteHeaders;
  /** Whatever the caller wants to keep with the route; never read. Ours. */
  metadata?: Record<string, unknown>;
}
