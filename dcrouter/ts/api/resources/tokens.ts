/**
 * `/tokens`: who may use the API. A secret is shown once, when it is made; kept is its hash.
 *
 * @module
 */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { newToken } from '../auth/token.ts';
import type { ApiContext } from '../context.ts';
import { endpoint } from '../endpoint.ts';
import { ApiError } from '../problems.ts';
import { pageOf, pageQuery, unixMs } from '../schemas.ts';
import { SCOPES } from '../scopes.ts';

const tag = 'Tokens';
const scopes = z.array(z.enum(SCOPES)).min(1).describe('What it may do; `admin` may do everything.');
const tokenName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/)
  .describe('Letters, digits, `.`, `_` and `-`; stands in the audit.');

const token = z
  .object({
    id: z.string(),
    name: z.string(),
    scopes: z.array(z.string()),
    createdAtMs: unixMs,
    createdBy: z.string(),
    expiresAtMs: unixMs.optional(),
    lastUsedAtMs: unixMs.optional().describe('To the minute.'),
  })
  .meta({ id: 'Token' });

const made = token.extend({ secret: z.string().describe('The token itself. It is shown only now.') }).meta({
  id: 'NewToken',
  examples: [
    {
      id: '0b5b8c1e-3f0e-4b7e-9a59-1f4f0f2c7c11',
      name: 'ci',
      scopes: ['read', 'write:routes'],
      createdAtMs: 1_767_225_600_000,
      createdBy: 'local',
      secret: 'dcr_Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmE',
    },
  ],
});

export function addTokens(app: FastifyInstance, context: ApiContext): void {
  endpoint(app, {
    method: 'GET',
    path: '/tokens',
    scope: 'admin',
    tag,
    summary: 'List the tokens of the store.',
    description: 'Those of the document (`api.tokens`) stand there.',
    query: z.strictObject(pageQuery),
    responses: { 200: pageOf(token) },
    handle: async ({ query }) => await context.store().tokens.list(query),
  });

  endpoint(app, {
    method: 'POST',
    path: '/tokens',
    scope: 'admin',
    tag,
    summary: 'Make a token.',
    description: 'From then on requests from this machine need one, too; so the first one should have `admin`.',
    body: z
      .strictObject({
        name: tokenName,
        scopes,
        expiresAtMs: z.number().int().min(0).optional().describe('Unix time in milliseconds; never unless given.'),
      })
      .meta({ examples: [{ name: 'ci', scopes: ['read', 'write:routes'] }] }),
    responses: { 201: made },
    handle: async ({ body, principal, reply }) => {
      const store = context.store();
      const name = body.name;
      const { id, secret, secretHash } = newToken();
      const stored = {
        id,
        name,
        scopes: body.scopes,
        createdAtMs: Date.now(),
        createdBy: principal.by,
        ...(body.expiresAtMs !== undefined && { expiresAtMs: body.expiresAtMs }),
      };
      await store.withLock('api-tokens', async () => {
        if (await nameTaken(name))
          throw new ApiError('DCR_API_CONFLICT', `there is a token '${name}' already; names stand in the audit`);
        await store.tokens.create({ ...stored, secretHash });
      });
      context.authenticator.forget();
      await context.audit({
        actor: principal.by,
        action: 'token.create',
        target: name,
        outcome: 'done',
        detail: { id, scopes: body.scopes },
      });
      reply.code(201).header('cache-control', 'no-store');
      return { ...stored, secret };
    },
  });

  endpoint(app, {
    method: 'DELETE',
    path: '/tokens/:id',
    scope: 'admin',
    tag,
    summary: 'Remove a token; its streams end at once.',
    params: z.strictObject({ id: z.string().min(1).max(128) }),
    responses: { 200: z.object({ id: z.string() }) },
    handle: async ({ params: { id }, principal }) => {
      if (!(await context.store().tokens.remove(id)))
        throw new ApiError('DCR_API_NOT_FOUND', `there is no token '${id}'`);
      context.authenticator.forget();
      context.streams.endOf(id);
      await context.audit({ actor: principal.by, action: 'token.remove', target: id, outcome: 'done', detail: {} });
      return { id };
    },
  });

  async function nameTaken(name: string): Promise<boolean> {
    if (context.authenticator.documentTokens.some((each) => each.name === name)) return true;
    let cursor: string | undefined;
    do {
      const page = await context.store().tokens.list({ limit: 1_000, ...(cursor !== undefined && { cursor }) });
      if (page.items.some((each) => each.name === name)) return true;
      cursor = page.next;
    } while (cursor !== undefined);
    return false;
  }
}
