/**
 * How a resource declares an endpoint: one description that validates, documents and guards it.
 *
 * @module
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { assertMediaType } from './auth/gatekeeper.ts';
import type { IPrincipal } from './auth/authenticator.ts';
import { ApiError } from './problems.ts';
import { problem } from './schemas.ts';
import { allows, type TScope } from './scopes.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Null on endpoints that need no token. */
    principal: IPrincipal | null;
  }
}

export const BASE = '/api/v1';

const nothing = z.strictObject({});
type TNothing = typeof nothing;

/** A request as handlers get it: checked, and asked by somebody who may. */
export interface IAsk<P, Q, B> {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly principal: IPrincipal;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

export interface IEndpoint<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType> {
  readonly method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  /** Below the base: `/routes/:name`. */
  readonly path: string;
  readonly scope: TScope;
  readonly tag: string;
  /** One line; the table in the documentation shows it. */
  readonly summary: string;
  readonly description?: string;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  readonly bodyLimit?: number;
  /** What is answered by status; another media type than JSON where one is given. */
  readonly responses: Readonly<Record<number, z.ZodType | { readonly type: string; readonly description: string }>>;
  handle(ask: IAsk<z.output<P>, z.output<Q>, z.output<B>>): Promise<unknown>;
}

/** Adds an endpoint below the base. */
export function endpoint<
  P extends z.ZodType = TNothing,
  Q extends z.ZodType = TNothing,
  B extends z.ZodType = TNothing,
>(app: FastifyInstance, spec: IEndpoint<P, Q, B>): void {
  app.route({
    method: spec.method,
    url: `${BASE}${spec.path}`,
    ...(spec.bodyLimit !== undefined && { bodyLimit: spec.bodyLimit }),
    config: { scope: spec.scope },
    schema: schemaOf(spec),
    preParsing: async (request) => {
      assertMediaType(request);
      assertScope(request, spec.scope);
    },
    handler: async (request, reply) => {
      const { params, query, body } = request as { params: z.output<P>; query: z.output<Q>; body: z.output<B> };
      return await spec.handle({ params, query, body, principal: request.principal!, request, reply });
    },
  });
}

/** @throws ApiError `DCR_API_FORBIDDEN` */
function assertScope(request: FastifyRequest, scope: TScope): void {
  const scopes = request.principal?.scopes ?? [];
  if (allows(scopes, scope)) return;
  throw new ApiError('DCR_API_FORBIDDEN', `this needs the scope '${scope}'; the token has ${scopes.join(', ')}`, {
    headers: { 'www-authenticate': `Bearer realm="dcrouter", error="insufficient_scope", scope="${scope}"` },
  });
}

type TAnyEndpoint = Omit<IEndpoint<z.ZodType, z.ZodType, z.ZodType>, 'handle'>;

function schemaOf(spec: TAnyEndpoint): object {
  const { method, path, scope, tag, summary, description, params, query, body, responses } = spec;
  const needs = `Scope: \`${scope}\`.`;
  return {
    operationId: operationId(method, path),
    tags: [tag],
    summary,
    description: description === undefined ? needs : `${description} ${needs}`,
    security: [{ token: [scope] }],
    ...(params !== undefined && { params }),
    querystring: query ?? nothing,
    ...(body !== undefined && { body }),
    response: Object.fromEntries([
      ...Object.entries(responses).map(([status, response]) => [status, contentOf(response)]),
      ['default', contentOf(problem, 'application/problem+json', 'An error, as a problem document (RFC 9457).')],
    ]),
  };
}

function contentOf(
  response: z.ZodType | { readonly type: string; readonly description: string },
  type = 'application/json',
  description = 'Done.',
): object {
  if (response instanceof z.ZodType) return { description, content: { [type]: { schema: response } } };
  return { description: response.description, content: { [response.type]: { schema: z.string() } } };
}

/** `GET /routes/:name` is `getRoutesName`. */
function operationId(method: string, path: string): string {
  const words = path.split(/[/:._-]+/).filter((word) => word !== '');
  return method.toLowerCase() + words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join('');
}
