/**
 * Functions that build routes for load balancing, APIs, WebSockets, mapped ports and socket handlers. Names of
 * `createLoadBalancerRoute` and `createApiGatewayRoute` are confirmed for upstream 21.x; all else is recalled.
 *
 * @module
 */
import type { IRouteContext } from '../interfaces/context.ts';
import type { IRouteLoadBalancing } from '../interfaces/http.ts';
import type { IRouteConfig, TPortRange, TSocketHandler } from '../interfaces/route.ts';
import type { ICertificateConfig, IRouteTls } from '../interfaces/tls.ts';
import { DOMAIN_KIND_RANK, domainMatches, parseDomainPattern, type IDomainPattern } from '../route/domain.ts';
import { build, HTTP_PORT, HTTPS_PORT, listed, type IHelperTarget } from './basic.ts';

/** Priority of routes for a part of a domain: before the general routes of the same domain. Recalled. */
const PART_PRIORITY = 100;
/** Seconds, recalled. */
const CORS_MAX_AGE_SECONDS = 86_400;
/** Milliseconds, recalled. */
const PING_INTERVAL_MS = 30_000;
const PING_TIMEOUT_MS = 5_000;

/** Whether and where a helper's route speaks TLS. Recalled. */
export interface IHelperTlsOptions {
  useTls?: boolean;
  certificate?: 'auto' | 'self-signed' | ICertificateConfig;
  httpPort?: number;
  httpsPort?: number;
}

/** Several hosts with one port behind one route. */
export function createLoadBalancerRoute(
  domains: string | string[],
  hosts: string[],
  port: number,
  options: Partial<IRouteConfig> & {
    tls?: { mode: IRouteTls['mode']; certificate?: IRouteTls['certificate'] };
    algorithm?: IRouteLoadBalancing['algorithm'];
    healthCheck?: IRouteLoadBalancing['healthCheck'];
  } = {},
): IRouteConfig {
  const { tls, algorithm, healthCheck, ...rest } = options;
  const match = { ports: tls ? HTTPS_PORT : HTTP_PORT, domains };
  const route = build(`Load Balancer for ${listed(domains)}`, match, { host: [...hosts], port }, tls, rest);
  if (algorithm !== undefined || healthCheck !== undefined) {
    route.action.loadBalancing = { algorithm: algorithm ?? 'round-robin', ...(healthCheck && { healthCheck }) };
  }
  return route;
}

/** Everything below a path of a domain, with CORS where wanted. */
export function createApiRoute(
  domain: string | string[],
  apiPath: string,
  target: IHelperTarget,
  options: Partial<IRouteConfig> & IHelperTlsOptions & { addCorsHeaders?: boolean } = {},
): IRouteConfig {
  const { addCorsHeaders, ...others } = options;
  const { ports, tls, rest } = splitTls(others);
  const match = { ports, domains: domain, path: belowPath(apiPath) };
  const route = build(`API Route for ${listed(domain)}${apiPath}`, match, target, tls, rest);
  route.priority = rest.priority ?? PART_PRIORITY;
  if (addCorsHeaders) route.headers = { cors: { enabled: true, maxAge: CORS_MAX_AGE_SECONDS }, ...rest.headers };
  return route;
}

/** As {@link createApiRoute}, under the name that upstream exports. */
export function createApiGatewayRoute(
  domains: string | string[],
  apiBasePath: string,
  target: IHelperTarget,
  options: Partial<IRouteConfig> & IHelperTlsOptions & { addCorsHeaders?: boolean } = {},
): IRouteConfig {
  const route = createApiRoute(domains, apiBasePath, target, options);
  route.name = options.name ?? `API Gateway: ${listed(domains)} -> ${apiBasePath}`;
  return route;
}

/** WebSockets on one path of a domain. */
export function createWebSocketRoute(
  domains: string | string[],
  wsPath: string,
  target: IHelperTarget,
  options: Partial<IRouteConfig> & IHelperTlsOptions & { pingInterval?: number; pingTimeout?: number } = {},
): IRouteConfig {
  const { pingInterval, pingTimeout, ...others } = options;
  const { ports, tls, rest } = splitTls(others);
  const route = build(
    `WebSocket Route for ${listed(domains)}${wsPath}`,
    { ports, domains, path: wsPath },
    target,
    tls,
    rest,
  );
  route.priority = rest.priority ?? PART_PRIORITY;
  route.action.websocket = {
    enabled: true,
    pingInterval: pingInterval ?? PING_INTERVAL_MS,
    pingTimeout: pingTimeout ?? PING_TIMEOUT_MS,
    ...route.action.websocket,
  };
  return route;
}

/** What the helpers for mapped ports share. Recalled. */
export interface IPortMappingOptions {
  name?: string;
  domains?: string | string[];
  priority?: number;
}

/** A range of ports, each mapped to a target port by a function. */
export function createPortMappingRoute(
  options: IPortMappingOptions & {
    sourcePortRange: TPortRange;
    targetHost: string | ((context: IRouteContext) => string);
    portMapper: (context: IRouteContext) => number;
  } & Partial<Omit<IRouteConfig, 'match' | 'action'>>,
): IRouteConfig {
  const { sourcePortRange, targetHost, portMapper, name, domains, ...rest } = options;
  const match = { ports: sourcePortRange, ...(domains !== undefined && { domains }) };
  return build(name ?? 'Port Mapping Route', match, { host: targetHost, port: portMapper }, undefined, rest);
}

/** Ports mapped to the same ones plus an offset. */
export function createOffsetPortMappingRoute(
  options: IPortMappingOptions & { ports: TPortRange; targetHost: string; offset: number } & Partial<
      Omit<IRouteConfig, 'match' | 'action'>
    >,
): IRouteConfig {
  const { ports, offset, name, ...rest } = options;
  return createPortMappingRoute({
    ...rest,
    name: name ?? `Offset Mapping (${offset > 0 ? '+' : ''}${offset})`,
    sourcePortRange: ports,
    portMapper: (context) => context.port + offset,
  });
}

/** Host and port chosen by functions. */
export function createDynamicRoute(
  options: IPortMappingOptions & {
    ports: TPortRange;
    targetHost: (context: IRouteContext) => string | string[];
    portMapper: (context: IRouteContext) => number;
    path?: string;
    clientIp?: string[];
  } & Partial<Omit<IRouteConfig, 'match' | 'action'>>,
): IRouteConfig {
  const { ports, targetHost, portMapper, name, domains, path, clientIp, ...rest } = options;
  const match = {
    ports,
    ...(domains !== undefined && { domains }),
    ...(path !== undefined && { path }),
    ...(clientIp && { clientIp }),
  };
  return build(
    name ?? `Dynamic Route for ${listed(domains ?? '*')}`,
    match,
    { host: targetHost, port: portMapper },
    undefined,
    rest,
  );
}

/** One route for several domains, each with its own hosts. */
export function createSmartLoadBalancer(
  options: Omit<IPortMappingOptions, 'domains'> & {
    ports: TPortRange;
    domainTargets: Record<string, string | string[]>;
    portMapper: (context: IRouteContext) => number;
    defaultTarget?: string;
  } & Partial<Omit<IRouteConfig, 'match' | 'action'>>,
): IRouteConfig {
  const { ports, domainTargets, portMapper, name, defaultTarget, ...rest } = options;
  const hosts = new Map(Object.entries(domainTargets).map(([domain, host]) => [domain.toLowerCase(), host]));
  // The most specific pattern first, as among routes: names before wildcards, then the longer one.
  const patterns = [...hosts].map(([domain, host]) => ({ pattern: parseDomainPattern(domain), host }));
  patterns.sort((one, other) => specificity(other.pattern) - specificity(one.pattern));
  const fallback = defaultTarget ?? 'localhost';
  const host = ({ domain = '' }: IRouteContext) =>
    patterns.find(({ pattern }) => pattern !== null && domainMatches(pattern, domain))?.host ?? fallback;
  const match = { ports, domains: [...hosts.keys()] };
  return build(
    name ?? `Smart Load Balancer for ${[...hosts.keys()].join(', ')}`,
    match,
    { host, port: portMapper },
    undefined,
    rest,
  );
}

/** No name has as many characters. */
const RANK_STEP = 1_000;

function specificity(pattern: IDomainPattern | null): number {
  return pattern === null ? -1 : DOMAIN_KIND_RANK[pattern.kind] * RANK_STEP + pattern.text.length;
}

/** Hands connections to a function. */
export function createSocketHandlerRoute(
  domains: string | string[],
  ports: TPortRange,
  handler: TSocketHandler,
  options: { name?: string; priority?: number; path?: string } = {},
): IRouteConfig {
  const { name, priority, path } = options;
  return {
    name: name ?? `Socket Handler Route for ${listed(domains)}`,
    ...(priority !== undefined && { priority }),
    match: { domains, ports, ...(path !== undefined && { path }) },
    action: { type: 'socket-handler', socketHandler: handler },
  };
}

function splitTls<T extends IHelperTlsOptions>(
  options: T,
): { ports: number; tls: IRouteTls | undefined; rest: Omit<T, keyof IHelperTlsOptions> } {
  const { useTls = false, certificate, httpPort = HTTP_PORT, httpsPort = HTTPS_PORT, ...rest } = options;
  return {
    ports: useTls ? httpsPort : httpPort,
    tls: useTls ? { mode: 'terminate', certificate: certificate ?? 'auto' } : undefined,
    rest,
  };
}

/** `/api` as `/api/*`; a pattern stays what it is. */
function belowPath(path: string): string {
  const rooted = path.startsWith('/') ? path : `/${path}`;
  if (/[*:]/.test(rooted)) return rooted;
  return rooted.endsWith('/') ? `${rooted}*` : `${rooted}/*`;
}
