/**
 * Functions that give a route a check more. Names confirmed for upstream 21.x, parameters recalled. Each returns a new
 * route and leaves the given one as it is.
 *
 * @module
 */
import type { IRouteConfig } from '../interfaces/route.ts';
import type { IBasicAuthUser, IRouteJwtAuth, IRouteRateLimit } from '../interfaces/security.ts';

export function addRateLimiting(baseRoute: IRouteConfig, rateLimit: Omit<IRouteRateLimit, 'enabled'>): IRouteConfig {
  return withSecurity(baseRoute, { rateLimit: { enabled: true, keyBy: 'ip', ...rateLimit } });
}

export function addBasicAuth(
  baseRoute: IRouteConfig,
  auth: { users: IBasicAuthUser[]; realm?: string; excludePaths?: string[] },
): IRouteConfig {
  return withSecurity(baseRoute, { basicAuth: { enabled: true, ...auth } });
}

export function addJwtAuth(baseRoute: IRouteConfig, jwt: Omit<IRouteJwtAuth, 'enabled'>): IRouteConfig {
  return withSecurity(baseRoute, { jwtAuth: { enabled: true, ...jwt } });
}

function withSecurity(route: IRouteConfig, more: NonNullable<IRouteConfig['security']>): IRouteConfig {
  return { ...route, security: { ...route.security, ...more } };
}
