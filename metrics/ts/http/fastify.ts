import type { IncomingMessage, ServerResponse } from 'node:http';
import type { IExposable } from '../exposition/format.ts';
import { metricsHandler } from './handler.ts';
import type { IMetricsHandlerOptions } from './handler.ts';

/** The part of a fastify instance that is needed; this package does not depend on fastify. */
export interface IFastifyLike {
  get(path: string, handler: (request: { raw: IncomingMessage }, reply: IFastifyReplyLike) => Promise<void>): unknown;
}

/** The part of a fastify reply that is needed. */
export interface IFastifyReplyLike {
  raw: ServerResponse;
  hijack(): unknown;
}

/** Options of {@link metricsPlugin}. */
export interface IMetricsPluginOptions extends IMetricsHandlerOptions {
  /** Default `/metrics`. */
  path?: string;
}

/**
 * A fastify plugin that serves `source`; the same defaults as {@link metricsHandler}.
 *
 * @example
 * await app.register(metricsPlugin(registry, { path: '/api/metrics' }));
 */
export function metricsPlugin(
  source: IExposable,
  options: IMetricsPluginOptions = {},
): (fastify: IFastifyLike) => Promise<void> {
  const handler = metricsHandler(source, options);
  return async (fastify) => {
    fastify.get(options.path ?? '/metrics', async (request, reply) => {
      reply.hijack();
      await handler(request.raw, reply.raw);
    });
  };
}
