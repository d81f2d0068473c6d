/**
 * `/routes`: what the proxy does with connections and requests.
 *
 * @module
 */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { route as routeSchema } from '../../config/schema/route.ts';
import type { TConfig, TRouteConfig } from '../../config/schema/index.ts';
import type { ISnapshot } from '../../control/types.ts';
import type { TJson } from '../../store/types.ts';
import { found, type ApiContext } from '../context.ts';
import { endpoint } from '../endpoint.ts';
import { configBody } from '../openapi.ts';
import { etagOf } from '../etag.ts';
import { origin, valueOf } from '../objects.ts';
import { pageOf } from '../paging.ts';
import { applied, changeQuery, json, name, pageOf as page, pageQuery } from '../schemas.ts';
import { hidden, keepSecrets } from '../secrets.ts';

const tag = 'Routes';
const params = z.strictObject({ name: name.describe('Name of the route.') });

const routeItem = z
  .object({
    name,
    origin,
    etag: z.string(),
    active: z.number().describe('Connections now open.'),
    total: z.number().describe('Connections since the start.'),
    requests: z.number().describe('HTTP exchanges completed.'),
    route: json.describe('As the document has it, defaults filled in; secrets are shown as `(secret)`.'),
  })
  .meta({ id: 'Route' });

export function addRoutes(app: FastifyInstance, context: ApiContext): void {
  const describe = (route: TRouteConfig, objects = context.objects('route')): z.output<typeof routeItem> => {
    const [stats] = context.sources.proxy()?.stats.getRouteStats(route.name) ?? [];
    return {
      name: route.name,
      origin: objects.has(route.name) ? 'object' : 'document',
      etag: etagOf(route),
      active: stats?.active ?? 0,
      total: stats?.total ?? 0,
      requests: stats?.requests ?? 0,
      route: hidden(routeSchema, route) as Record<string, unknown>,
    };
  };

  endpoint(app, {
    method: 'GET',
    path: '/routes',
    scope: 'read',
    tag,
    summary: 'List the running routes.',
    query: z.strictObject(pageQuery),
    responses: { 200: page(routeItem) },
    handle: async ({ query }) => {
      const objects = context.objects('route');
      const { items, ...rest } = pageOf(routesIn(context.sources.config()), (route) => route.name, query);
      return { items: items.map((route) => describe(route, objects)), ...rest };
    },
  });

  endpoint(app, {
    method: 'GET',
    path: '/routes/:name',
    scope: 'read',
    tag,
    summary: 'Show a route.',
    params,
    responses: { 200: routeItem },
    handle: async ({ params: { name: wanted }, reply }) => {
      const route = found(routeIn(context.sources.config(), wanted), `there is no route '${wanted}'`);
      reply.header('etag', etagOf(route));
      return describe(route);
    },
  });

  endpoint(app, {
    method: 'PUT',
    path: '/routes/:name',
    scope: 'write:routes',
    tag,
    summary: 'Make a route, or put another in its place.',
    description:
      'It serves on every node of the store when this is answered. Routes of the document are changed there.',
    params,
    query: changeQuery,
    body: configBody('RouteConfig', 'A route.', {
      match: { ports: 8080, domains: 'shop.example.test' },
      action: { type: 'forward', targets: [{ host: '127.0.0.1', port: 3000 }] },
    }),
    responses: { 200: applied },
    handle: async (ask) => {
      const { name: id } = ask.params;
      context.assertOwn('route', id, routeIn(context.sources.config(), id) !== undefined);
      const value = keepSecrets(routeSchema, ask.body, valueOf(context.objects('route').get(id))) as TJson;
      return await context.change(ask, [{ op: 'put', kind: 'route', id, value }], tagOf(id));
    },
  });

  endpoint(app, {
    method: 'DELETE',
    path: '/routes/:name',
    scope: 'write:routes',
    tag,
    summary: 'Take a route away.',
    description: 'Connections and requests that began keep it.',
    params,
    query: changeQuery,
    responses: { 200: applied },
    handle: async (ask) => {
      const { name: id } = ask.params;
      const there = found(routeIn(context.sources.config(), id), `there is no route '${id}'`);
      context.assertOwn('route', id, there !== undefined);
      return await context.change(ask, [{ op: 'remove', kind: 'route', id }], tagOf(id));
    },
  });
}

export function routesIn(config: TConfig): readonly TRouteConfig[] {
  return config.proxy?.routes ?? [];
}

export function routeIn(config: TConfig, wanted: string): TRouteConfig | undefined {
  return routesIn(config).find((route) => route.name === wanted);
}

export function domainsOf({ match: { domains = [] } }: TRouteConfig): string[] {
  return (typeof domains === 'string' ? [domains] : domains).map((name) => name.toLowerCase());
}

function tagOf(id: string): (snapshot: ISnapshot) => string | undefined {
  return ({ config }) => {
    const route = routeIn(config, id);
    return route && etagOf(route);
  };
}
