/**
 * `/connections`: the proxy's open connections.
 *
 * @module
 */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { found, running, type ApiContext } from '../context.ts';
import { endpoint } from '../endpoint.ts';
import { pageItemsDefault } from '../limits.ts';
import { readCursor, writeCursor } from '../paging.ts';
import { name, pageOf, pageQuery } from '../schemas.ts';
import type { TProxySource } from '../sources.ts';

const tag = 'Connections';
const params = z.strictObject({ id: z.string().min(1).max(128).describe('`connectionId` of its events.') });
const type = z.enum(['tcp', 'tls', 'http', 'https', 'websocket', 'unknown']);

const connection = z
  .object({
    id: z.string(),
    type,
    routeName: z.string().describe('`(none)` until its route is chosen.'),
    clientIp: z.string(),
    clientPort: z.number(),
    localPort: z.number(),
    domain: z.string().optional(),
    ageMs: z.number(),
    bytesIn: z.number().describe('Bytes on the wire from the client.'),
    bytesOut: z.number(),
    requests: z.number().describe('HTTP exchanges completed.'),
    upstream: z.string().optional().describe('Who is tunnelled to, or answers now.'),
  })
  .meta({ id: 'Connection' });

export function addConnections(app: FastifyInstance, context: ApiContext): void {
  const proxy = (): TProxySource => running(context.sources.proxy(), 'no proxy is configured');

  endpoint(app, {
    method: 'GET',
    path: '/connections',
    scope: 'read',
    tag,
    summary: 'List open connections, oldest first.',
    description: 'Pages hold every connection that stays open, none twice.',
    query: z.strictObject({
      ...pageQuery,
      route: name.optional().describe('Only those of a route; `(none)` for those without one.'),
      clientIp: z.string().max(64).optional().describe('Only those of an address.'),
      type: type.optional(),
    }),
    responses: { 200: pageOf(connection) },
    handle: async ({ query: { limit = pageItemsDefault, cursor, route, clientIp, type: wanted } }) => {
      const items = await proxy().listConnections({
        // One more tells whether there is a next page.
        limit: limit + 1,
        ...(cursor !== undefined && { afterId: readCursor(cursor) }),
        ...(route !== undefined && { routeName: route }),
        ...(clientIp !== undefined && { clientIp }),
        ...(wanted !== undefined && { type: wanted }),
      });
      const shown = items.slice(0, limit);
      const last = shown.at(-1);
      return { items: shown, ...(items.length > limit && last !== undefined && { next: writeCursor(last.id) }) };
    },
  });

  endpoint(app, {
    method: 'GET',
    path: '/connections/:id',
    scope: 'read',
    tag,
    summary: 'Show an open connection.',
    params,
    responses: { 200: connection },
    handle: async ({ params: { id } }) => found(await proxy().getConnection(id), `connection '${id}' is not open`),
  });

  endpoint(app, {
    method: 'DELETE',
    path: '/connections/:id',
    scope: 'write:connections',
    tag,
    summary: 'End a connection at once; it is counted under the reason `killed`.',
    params,
    responses: { 200: connection.describe('What it was.') },
    handle: async ({ params: { id }, principal }) => {
      const info = found(await proxy().getConnection(id), `connection '${id}' is not open`);
      if (!(await proxy().closeConnection(id))) found(undefined, `connection '${id}' has just ended by itself`);
      const { routeName, clientIp, type: kind } = info;
      await context.audit({
        actor: principal.by,
        action: 'connection.kill',
        target: id,
        outcome: 'done',
        detail: { routeName, clientIp, type: kind },
      });
      return info;
    },
  });
}
