/**
 * `/audit`: who changed what, and who was refused.
 *
 * @module
 */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { ApiContext } from '../context.ts';
import { endpoint } from '../endpoint.ts';
import { pageOf, pageQuery, unixMs } from '../schemas.ts';

const entry = z
  .object({
    id: z.number(),
    atMs: unixMs,
    node: z.string(),
    actor: z.string().describe('`token:<name>`, `local`, `file`, `signal`, `cli`, `system`.'),
    action: z.string(),
    target: z.string(),
    outcome: z.enum(['done', 'refused', 'failed']),
    detail: z.unknown(),
  })
  .meta({ id: 'AuditEntry' });

export function addAudit(app: FastifyInstance, context: ApiContext): void {
  endpoint(app, {
    method: 'GET',
    path: '/audit',
    scope: 'admin',
    tag: 'Audit',
    summary: 'List what was changed, newest first.',
    query: z.strictObject({
      ...pageQuery,
      action: z.string().max(128).optional().describe('Only one action, such as `route.put`.'),
      actor: z.string().max(128).optional().describe('Only one actor, such as `token:ci`.'),
    }),
    responses: { 200: pageOf(entry) },
    handle: async ({ query }) => await context.store().audit.list(query),
  });
}
