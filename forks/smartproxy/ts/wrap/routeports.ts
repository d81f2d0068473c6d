/**
 * Which routes a port may lead to.
 *
 * @module
 */
import { UNROUTED } from '../interfaces/stats.ts';
import type { IStockRoute, TStockPorts } from './interfaces.ts';

/** What a route without a name is called. */
const UNNAMED = '(unnamed)';

export const routeName = (route: IStockRoute): string => route.name ?? UNNAMED;

function covers(ports: TStockPorts, port: number): boolean {
  if (typeof ports === 'number') return ports === port;
  if ('from' in ports) return ports.from <= port && port <= ports.to;
  return ports.some((entry) => covers(entry, port));
}

/**
 * The name under which a connection to `port` is counted: the route's, when the port leads to one route and that route
 * takes whatever comes; {@link UNROUTED} when it cannot be known from outside; undefined when no route has the port.
 */
export function routeOfPort(routes: readonly IStockRoute[], port: number): string | undefined {
  const candidates = routes.filter((route) => route.enabled !== false && covers(route.match.ports, port));
  const [only] = candidates;
  if (only === undefined) return undefined;
  const { domains, path, clientIp } = only.match;
  const certain = candidates.length === 1 && domains === undefined && path === undefined && clientIp === undefined;
  return certain ? routeName(only) : UNROUTED;
}
