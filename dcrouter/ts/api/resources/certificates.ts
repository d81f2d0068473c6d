/**
 * `/certificates`: what routes serve TLS with.
 *
 * @module
 */
import type { FastifyInstance } from 'fastify';
import { setTimeout as after } from 'node:timers/promises';
import { z } from 'zod';
import type { TRouteConfig } from '../../config/schema/index.ts';
import type { TJson } from '../../store/types.ts';
import { found, running, type ApiContext } from '../context.ts';
import { endpoint } from '../endpoint.ts';
import { renewalWaitMs } from '../limits.ts';
import { pageOf } from '../paging.ts';
import { ApiError } from '../problems.ts';
import { name, pageOf as page, pageQuery, unixMs } from '../schemas.ts';
import { domainsOf, routeIn, routesIn } from './routes.ts';

const tag = 'Certificates';
const params = z.strictObject({ route: name.describe('Name of the route.') });

const certificate = z
  .object({
    route: z.string(),
    names: z.array(z.string()),
    automatic: z.boolean().describe('Ordered and renewed by the router.'),
    status: z.enum(['valid', 'pending', 'expired', 'error']),
    source: z.enum(['static', 'acme', 'custom']),
    issuedAtMs: unixMs.optional(),
    expiresAtMs: unixMs.optional(),
    error: z.string().optional().describe('The last failure; also beside `valid` while a renewal fails.'),
    nextTryAtMs: unixMs.optional().describe('When the next order is due.'),
  })
  .meta({ id: 'Certificate' });

export function addCertificates(app: FastifyInstance, context: ApiContext): void {
  const wanted = (route: string): z.output<typeof certificate> => {
    const config = found(routeIn(context.sources.config(), route), `there is no route '${route}'`);
    return found(certificateOf(context, config), `route '${route}' has no certificate`);
  };

  endpoint(app, {
    method: 'GET',
    path: '/certificates',
    scope: 'read',
    tag,
    summary: 'List the certificates of the routes.',
    query: z.strictObject(pageQuery),
    responses: { 200: page(certificate) },
    handle: async ({ query }) => {
      const all = routesIn(context.sources.config()).flatMap((route) => certificateOf(context, route) ?? []);
      return pageOf(all, (each) => each.route, query);
    },
  });

  endpoint(app, {
    method: 'GET',
    path: '/certificates/:route',
    scope: 'read',
    tag,
    summary: 'Show the certificate of a route.',
    params,
    responses: { 200: certificate },
    handle: async ({ params: { route } }) => wanted(route),
  });

  endpoint(app, {
    method: 'POST',
    path: '/certificates/:route/renew',
    scope: 'write:routes',
    tag,
    summary: 'Order a new certificate now.',
    description: 'Answered with 202 when the order takes longer; it then goes on, and its end is an event.',
    params,
    responses: { 200: certificate, 202: certificate },
    handle: async ({ params: { route }, principal, reply }) => {
      const proxy = running(context.sources.proxy(), 'no proxy is configured');
      if (!wanted(route).automatic)
        throw new ApiError(
          'DCR_API_CONFLICT',
          `the certificate of route '${route}' is not automatic; replace it instead`,
        );
      const order = proxy.renewCertificate(route).then(
        () => 'done' as const,
        (error: unknown) => error,
      );
      const waiting = new AbortController();
      const end = await Promise.race([
        order,
        after(renewalWaitMs, 'late' as const, { signal: waiting.signal, ref: false }),
      ]);
      waiting.abort();
      const outcome = end === 'done' || end === 'late' ? 'done' : 'failed';
      const detail: TJson =
        outcome === 'failed' ? { reason: String(end).slice(0, 2_000) } : { finished: end === 'done' };
      await context.audit({ actor: principal.by, action: 'certificate.renew', target: route, outcome, detail });
      if (outcome === 'failed')
        throw new ApiError('DCR_API_CERTIFICATE', end instanceof Error ? end.message : 'the order has failed');
      reply.code(end === 'late' ? 202 : 200);
      return wanted(route);
    },
  });
}

/** Undefined for routes that need none. */
export function certificateOf(context: ApiContext, route: TRouteConfig): z.output<typeof certificate> | undefined {
  const status = context.sources.proxy()?.getCertificateStatus(route.name);
  if (status === undefined) return undefined;
  const { issueDate, expiryDate, nextAttemptDate, error } = status;
  return {
    route: route.name,
    names: domainsOf(route),
    automatic: route.action.tls?.certificate === 'auto',
    status: status.status,
    source: status.source,
    ...(issueDate !== undefined && { issuedAtMs: issueDate.getTime() }),
    ...(expiryDate !== undefined && { expiresAtMs: expiryDate.getTime() }),
    ...(error !== undefined && { error }),
    ...(nextAttemptDate !== undefined && { nextTryAtMs: nextAttemptDate.getTime() }),
  };
}
