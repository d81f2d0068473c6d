/**
 * `/domains`: every name that is served, with its routes, zone and certificate.
 *
 * @module
 */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { TRouteConfig } from '../../config/schema/index.ts';
import type { ApiContext } from '../context.ts';
import { endpoint } from '../endpoint.ts';
import { pageOf } from '../paging.ts';
import { pageOf as page, pageQuery } from '../schemas.ts';
import { certificateOf } from './certificates.ts';
import { domainsOf, routesIn } from './routes.ts';
import { plainName, zonesIn } from './zones.ts';

const domain = z
  .object({
    name: z.string().describe('A name, a pattern such as `*.example.com`, or a zone.'),
    routes: z.array(z.string()).describe('Routes that name it.'),
    zone: z.string().optional().describe('The zone of ours that holds it.'),
    certificate: z
      .object({ route: z.string(), status: z.string(), expiresAtMs: z.number().optional() })
      .optional()
      .describe('That of the first of its routes with one.'),
  })
  .meta({ id: 'Domain' });

export function addDomains(app: FastifyInstance, context: ApiContext): void {
  endpoint(app, {
    method: 'GET',
    path: '/domains',
    scope: 'read',
    tag: 'Domains',
    summary: 'List every name served: routes, zone, certificate.',
    query: z.strictObject(pageQuery),
    responses: { 200: page(domain) },
    handle: async ({ query }) => {
      const config = context.sources.config();
      const zones = Object.keys(zonesIn(config));
      const names = new Map<string, TRouteConfig[]>(zones.map((zone) => [plainName(zone), []]));
      for (const route of routesIn(config)) {
        if (route.enabled === false) continue;
        for (const name of domainsOf(route)) names.set(name, [...(names.get(name) ?? []), route]);
      }
      const { items, ...rest } = pageOf(names, ([name]) => name, query);
      const describe = ([name, routes]: readonly [string, TRouteConfig[]]): z.output<typeof domain> => {
        const zone = zoneOf(name, zones);
        const certificate = certificateFor(context, routes);
        return {
          name,
          routes: routes.map((route) => route.name),
          ...(zone !== undefined && { zone }),
          ...(certificate !== undefined && { certificate }),
        };
      };
      return { items: items.map(describe), ...rest };
    },
  });
}

/** The longest zone that the name is in. */
function zoneOf(name: string, zones: readonly string[]): string | undefined {
  const inside = zones.filter((zone) => name === plainName(zone) || name.endsWith(`.${plainName(zone)}`));
  return inside.toSorted((a, b) => b.length - a.length)[0];
}

function certificateFor(
  context: ApiContext,
  routes: readonly TRouteConfig[],
): z.output<typeof domain>['certificate'] | undefined {
  for (const route of routes) {
    const status = certificateOf(context, route);
    if (status === undefined) continue;
    const { expiresAtMs } = status;
    return { route: route.name, status: status.status, ...(expiresAtMs !== undefined && { expiresAtMs }) };
  }
  return undefined;
}
