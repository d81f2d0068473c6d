/**
 * What a connection or request looks like to user code: dynamic hosts and ports, socket handlers, templates.
 *
 * Every member of these types carries how sure its compatibility with upstream 21.x is: **confirmed** (read in
 * upstream's published pages), **recalled** (from general knowledge of the package, unverified) or **ours** (upstream
 * has no such member).
 *
 * @module
 */

/** The facts of one connection, and of its current request where HTTP is spoken. Confirmed. */
export interface IRouteContext {
  /** Local port the client connected to. Confirmed. */
  port: number;
  /** SNI or Host without its port, lower case; absent when neither is known. Confirmed. */
  domain?: string;
  /** The client's address; behind a trusted PROXY protocol sender the address that it announced. Confirmed. */
  clientIp: string;
  /** Local address the client connected to. Confirmed. */
  serverIp: string;
  /** Request path without query, HTTP only. Confirmed. */
  path?: string;
  /** Query without `?`, HTTP only. Confirmed. */
  query?: string;
  /** Lower-case names, first value of repeated fields, HTTP only. Confirmed. */
  headers?: Record<string, string>;
  /** Whether the client speaks TLS on this connection. Confirmed. */
  isTls: boolean;
  /** Such as `TLSv1.3`; absent on plain connections. Confirmed. */
  tlsVersion?: string;
  /** Name of the chosen route. Confirmed. */
  routeName?: string;
  /** `id` of the chosen route. Confirmed. */
  routeId?: string;
  /** Host of the chosen target, once it is chosen. Confirmed. */
  targetHost?: string | string[];
  /** Port of the chosen target, once it is chosen. Confirmed. */
  targetPort?: number;
  /** Unix time in milliseconds. Confirmed. */
  timestamp: number;
  /** The same identifier as in the proxy's events. Confirmed. */
  connectionId: string;
  /** Request method, HTTP only. Ours: upstream has it on its HTTP context type. */
  method?: string;
  /** What `:name` segments of the route's path matched. Ours. */
  pathParams?: Record<string, string>;
}
