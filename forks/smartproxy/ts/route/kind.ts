/**
 * What a route needs to see of a connection before it can be chosen, and what it is then used as.
 *
 * | action | `tls.mode` | `match` and features | kind | eligible on |
 * |---|---|---|---|---|
 * | forward | none | no domains, nothing HTTP | `mixed` | plain bytes at once where no other route of the port needs HTTP; else as HTTP where a head was read, as tunnel where the bytes are not HTTP; TLS bytes untouched |
 * | forward | none | domains, or anything HTTP, or `protocol: 'http'` | `http` | plain HTTP |
 * | forward | none | `protocol: 'tcp'` | `tcp` | plain bytes, TLS bytes untouched |
 * | forward | passthrough | domains by SNI | `tcp` | TLS |
 * | forward | terminate, terminate-and-reencrypt | any | `http` | HTTP inside TLS |
 * | forward | terminate, terminate-and-reencrypt | `protocol: 'tcp'` | `tcp` | TLS, domains by SNI; the decrypted bytes are tunnelled |
 * | socket-handler | none | no domains, nothing HTTP | `tcp` | plain bytes at once, TLS bytes untouched |
 * | socket-handler | none | domains or anything HTTP | `http` | plain HTTP; the handler reads the request again from its start |
 * | socket-handler | terminate | nothing HTTP | `tcp` | TLS, domains by SNI; the handler has the decrypted socket |
 * | socket-handler | terminate | anything HTTP | `http` | HTTP inside TLS |
 *
 * "Domains" are also those of an address list's entries: a plain connection has a name only where HTTP is read.
 *
 * "Anything HTTP" is: `match.path`, `match.headers`, `match.method`, the same in a target's match; `headers`,
 * `redirect`, `websocket`, `advanced`, `security.rateLimit`, `basicAuth`, `jwtAuth`, `authentication`, of the route or a target.
 *
 * @module
 */
import type { IRouteConfig, IRouteTarget } from '../interfaces/route.ts';
import type { TTlsMode } from '../interfaces/tls.ts';

export type TRouteKind = 'http' | 'tcp' | 'mixed';

/** The targets of an action; `target` is the spelling before upstream 20.0.0. */
export function targetsOf(action: IRouteConfig['action']): IRouteTarget[] {
  if (action.targets && action.targets.length > 0) return action.targets;
  return action.target ? [action.target] : [];
}

/** The first field that can only be honoured where HTTP is read, or null. */
export function httpFieldOf(route: IRouteConfig): string | null {
  const { match, action, security } = route;
  if (match.path !== undefined) return 'match.path';
  if (match.headers !== undefined && Object.keys(match.headers).length > 0) return 'match.headers';
  if (match.method !== undefined) return 'match.method';
  if (match.protocol === 'http') return 'match.protocol';
  if (route.headers !== undefined) return 'headers';
  if (security?.rateLimit?.enabled) return 'security.rateLimit';
  if (security?.basicAuth?.enabled) return 'security.basicAuth';
  if (security?.jwtAuth?.enabled) return 'security.jwtAuth';
  if (security?.authentication !== undefined) return 'security.authentication';
  if (action.redirect !== undefined) return 'action.redirect';
  if (action.websocket !== undefined) return 'action.websocket';
  if (action.advanced !== undefined) return 'action.advanced';
  for (const [i, target] of targetsOf(action).entries()) {
    const field = httpFieldOfTarget(target);
    if (field) return `action.targets[${i}].${field}`;
  }
  return null;
}

function httpFieldOfTarget(target: IRouteTarget): string | null {
  if (target.match?.path !== undefined) return 'match.path';
  if (target.match?.headers !== undefined) return 'match.headers';
  if (target.match?.method !== undefined) return 'match.method';
  if (target.headers !== undefined) return 'headers';
  if (target.websocket !== undefined) return 'websocket';
  if (target.advanced !== undefined) return 'advanced';
  return null;
}

/** See the table above; the route must be valid. */
export function kindOf(route: IRouteConfig): TRouteKind {
  const { match, action } = route;
  const mode: TTlsMode | undefined = action.tls?.mode;
  if (match.protocol === 'tcp' || mode === 'passthrough') return 'tcp';
  if (httpFieldOf(route)) return 'http';
  if (action.type === 'socket-handler') return mode === undefined && needsDomain(route) ? 'http' : 'tcp';
  if (mode !== undefined) return 'http';
  return needsDomain(route) ? 'http' : 'mixed';
}

export function hasDomains(route: IRouteConfig): boolean {
  const { domains } = route.match;
  return typeof domains === 'string' || (domains !== undefined && domains.length > 0);
}

/** The first address list with entries that count for some domains only, or null. */
export function scopedListOf({ security }: IRouteConfig): 'ipAllowList' | 'ipBlockList' | null {
  for (const name of ['ipBlockList', 'ipAllowList'] as const)
    if (security?.[name]?.some((entry) => typeof entry !== 'string')) return name;
  return null;
}

function needsDomain(route: IRouteConfig): boolean {
  return hasDomains(route) || scopedListOf(route) !== null;
}

/** Domain patterns as a list; empty means every connection. */
export function domainsOf(route: IRouteConfig): readonly string[] {
  const { domains } = route.match;
  return typeof domains === 'string' ? [domains] : (domains ?? []);
}
