/**
 * Parts of the engine that the options make.
 *
 * @module
 */
import { ProxyError } from '../errors.ts';
import type { ISmartProxyOptions } from '../interfaces/options.ts';
import type { IRouteConfig, IRouteTarget } from '../interfaces/route.ts';
import { RouteTable } from '../route/table.ts';
import { parseIpPattern } from '../security/ip-pattern.ts';
import { IpSet } from '../security/ip-set.ts';

/** Name of the route that `defaults.target` makes. */
const DEFAULT_ROUTE = '(default)';

/** The routes, and behind all of them, on every port that is open, the default target. */
export function compileRoutes(routes: readonly IRouteConfig[], options: ISmartProxyOptions): RouteTable {
  const target = options.defaults?.target;
  const table = RouteTable.compile(routes, target === undefined ? null : defaultRoute(target));
  if (options.resolver === undefined) assertNoServices(table);
  return table;
}

/** The one port stands for all: a table asks this route on every port. */
function defaultRoute(target: IRouteTarget): IRouteConfig {
  return { name: DEFAULT_ROUTE, match: { ports: 1 }, action: { type: 'forward', targets: [target] } };
}

/** @throws ProxyError when a target is one of SRV records, which the system's look-ups do not know */
function assertNoServices(table: RouteTable): void {
  for (const route of table.routes) {
    if (!route.targets.some(({ port }) => port === 'srv')) continue;
    const message = `route ${route.name}: port "srv" needs the option resolver, and cannot be had together with workers`;
    throw new ProxyError('PROXY_BAD_OPTION', message);
  }
}

/** Who may send PROXY headers. @throws ProxyError when an entry is no address */
export function trustedSenders(options: ISmartProxyOptions): IpSet | null {
  const { proxyIPs = [], acceptProxyProtocol } = options;
  if (proxyIPs.length === 0 || acceptProxyProtocol === false) return null;
  return new IpSet(
    proxyIPs.map((text) => {
      const range = parseIpPattern(text);
      if (range === null) throw new ProxyError('PROXY_BAD_OPTION', `proxyIPs: "${text}" is no address or network`);
      return range;
    }),
  );
}
