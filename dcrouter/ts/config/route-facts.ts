/**
 * What is asked about routes of a configuration in several places.
 *
 * @module
 */
import type { TConfig, TRouteConfig, TTargetConfig } from './schema/index.ts';

/** Every port that a route listens on. */
export function* routePorts({ match: { ports } }: TRouteConfig): Generator<number> {
  for (const entry of Array.isArray(ports) ? ports : [ports]) {
    if (typeof entry === 'number') yield entry;
    else for (let port = entry.from; port <= entry.to; port += 1) yield port;
  }
}

/** Routes that are not switched off. */
export function activeRoutes(config: TConfig): TRouteConfig[] {
  return (config.proxy?.routes ?? []).filter((route) => route.enabled !== false);
}

/** A route's names in lower case; none for a route that takes every name. */
export function domainsOf(route: TRouteConfig): string[] {
  const domains = route.match.domains ?? [];
  return (typeof domains === 'string' ? [domains] : domains).map((domain) => domain.toLowerCase());
}

/** Where a route connects to; none for one that answers itself. */
export function targetsOf({ action }: Pick<TRouteConfig, 'action'>): readonly TTargetConfig[] {
  return action.targets ?? (action.target === undefined ? [] : [action.target]);
}

/** Where a route of type `redirect` sends its clients: to the same address under HTTPS unless told otherwise. */
export function redirectOf(
  redirect: TRouteConfig['action']['redirect'],
): Required<NonNullable<TRouteConfig['action']['redirect']>> {
  const { to = 'https://{domain}{path}', status = 308 } = redirect ?? {};
  return { to, status };
}
