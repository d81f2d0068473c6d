/**
 * Questions about routes, as upstream exports them. The engine looks routes up in a compiled table instead.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import type { IRouteAction, IRouteConfig } from '../interfaces/route.ts';
import { allHeadersMatch, compileHeaders } from '../route/conditions.ts';
import { domainMatches, parseDomainPattern } from '../route/domain.ts';
import { domainsOf } from '../route/kind.ts';
import { PathPattern, pathEnd } from '../route/path.ts';
import { portsInclude } from '../route/ports.ts';
import { CompiledRoute } from '../route/compiled.ts';
import { compareCandidates } from '../route/rank.ts';

/** What a route is asked for; what is absent is not asked. Recalled. */
export interface IRouteCriteria {
  domain?: string;
  port?: number;
  path?: string;
  headers?: Record<string, string>;
}

/**
 * Lays one route over another: fields of match and action one by one, lists as a whole. Neither is changed, and
 * functions survive (upstream copies the base through JSON and loses them). Confirmed.
 */
export function mergeRouteConfigs(baseRoute: IRouteConfig, overrideRoute: Partial<IRouteConfig>): IRouteConfig {
  const merged: IRouteConfig = { ...cloneRoute(baseRoute), ...withoutUndefined(overrideRoute) };
  merged.match = { ...baseRoute.match, ...withoutUndefined(overrideRoute.match ?? {}) };
  merged.action = { ...baseRoute.action, ...withoutUndefined(overrideRoute.action ?? {}) };
  // A new list of targets replaces an old single one, and the other way round.
  if (overrideRoute.action?.targets) delete merged.action.target;
  else if (overrideRoute.action?.target) delete merged.action.targets;
  replaceWork(merged.action, overrideRoute.action);
  if (overrideRoute.security) merged.security = { ...baseRoute.security, ...withoutUndefined(overrideRoute.security) };
  if (overrideRoute.headers) merged.headers = { ...baseRoute.headers, ...withoutUndefined(overrideRoute.headers) };
  return cloneRoute(merged);
}

/** A redirect takes the place of targets and handler, and each of them that of a redirect. */
function replaceWork(action: IRouteAction, override: IRouteAction | undefined): void {
  if (override?.redirect) {
    delete action.targets;
    delete action.target;
    delete action.socketHandler;
  } else if (override?.targets || override?.target || override?.socketHandler) delete action.redirect;
}

/** Confirmed. */
export function routeMatchesDomain(route: IRouteConfig, domain: string): boolean {
  const domains = domainsOf(route);
  if (domains.length === 0) return true;
  return domains.some((text) => {
    const pattern = parseDomainPattern(text);
    return pattern !== null && domainMatches(pattern, domain);
  });
}

/** Confirmed. */
export function routeMatchesPort(route: IRouteConfig, port: number): boolean {
  return portsInclude(route.match.ports, port);
}

/** Recalled. */
export function routeMatchesPath(route: IRouteConfig, path: string): boolean {
  return route.match.path === undefined || new PathPattern(route.match.path).matches(path, pathEnd(path));
}

/** Header names in any case. Recalled. */
export function routeMatchesHeaders(route: IRouteConfig, headers: Record<string, string>): boolean {
  const conditions = compileHeaders(route.match.headers);
  if (conditions === null) return true;
  const lower = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  return allHeadersMatch(conditions, (name) => lower.get(name));
}

/** Every enabled route that fits, the one first that would be chosen. Recalled. */
export function findMatchingRoutes(routes: readonly IRouteConfig[], criteria: IRouteCriteria): IRouteConfig[] {
  const { domain, port, path, headers } = criteria;
  const ranked = [];
  for (const [index, route] of routes.entries()) {
    if (route.enabled === false) continue;
    if (port !== undefined && !routeMatchesPort(route, port)) continue;
    if (domain !== undefined && !routeMatchesDomain(route, domain)) continue;
    if (path !== undefined && !routeMatchesPath(route, path)) continue;
    if (headers !== undefined && !routeMatchesHeaders(route, headers)) continue;
    const patterns = domainsOf(route).map((text) => parseDomainPattern(text));
    const matched = patterns.filter((item) => item !== null && (domain === undefined || domainMatches(item, domain)));
    const compiled = new CompiledRoute(route, '', index);
    const candidates = (matched.length > 0 ? matched : [null]).map((item) => ({ route: compiled, domain: item }));
    ranked.push(candidates.sort(compareCandidates)[0]!);
  }
  return ranked.sort(compareCandidates).map(({ route }) => route.config);
}

/** The route that would be chosen. Recalled. */
export function findBestMatchingRoute(
  routes: readonly IRouteConfig[],
  criteria: IRouteCriteria,
): IRouteConfig | undefined {
  return findMatchingRoutes(routes, criteria)[0];
}

const ID_CHARS = 12;

/** The same identifier for the same match and name, letters, digits and dashes only. Recalled. */
export function generateRouteId(route: IRouteConfig): string {
  const text = JSON.stringify([route.name, route.match], (_, value: unknown) =>
    value instanceof RegExp ? String(value) : value,
  );
  const hash = createHash('sha256').update(text).digest('hex').slice(0, ID_CHARS);
  const words = (route.name ?? listedDomains(route)).toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  return `${words.replaceAll(/^-|-$/g, '') || 'route'}-${hash}`;
}

function listedDomains(route: IRouteConfig): string {
  return domainsOf(route).join('-');
}

/** A copy in depth; functions, buffers and expressions are shared. Recalled. */
export function cloneRoute(route: IRouteConfig): IRouteConfig {
  return cloneValue(route) as IRouteConfig;
}

function cloneValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(cloneValue);
  if (typeof value !== 'object' || value === null || value instanceof RegExp || ArrayBuffer.isView(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, cloneValue(member)]));
}

function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T;
}
