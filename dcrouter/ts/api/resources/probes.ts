/**
 * What machines ask without a token: whether the process lives, whether it serves.
 *
 * @module
 */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { IApiSources } from '../sources.ts';

const answer = z.object({ status: z.enum(['ok', 'unavailable']) });

export function addProbes(app: FastifyInstance, sources: IApiSources): void {
  const probe = (url: string, summary: string, ok: () => Promise<boolean>): void => {
    const content = { content: { 'application/json': { schema: answer } } };
    app.get(
      url,
      {
        exposeHeadRoute: true,
        schema: {
          operationId: `get${url[1]!.toUpperCase()}${url.slice(2)}`,
          tags: ['Probes'],
          summary,
          description: 'Without a token.',
          security: [],
          response: {
            200: { description: 'It is so.', ...content },
            503: { description: 'It is not so.', ...content },
          },
        },
      },
      async (_request, reply) => {
        const well = await ok();
        return reply.code(well ? 200 : 503).send({ status: well ? 'ok' : 'unavailable' });
      },
    );
  };
  probe('/livez', 'Whether the process turns in time.', async () => (await sources.lifeCycle()?.live()) ?? true);
  probe('/readyz', 'Whether every listener is open and none drains.', async () => sources.ready());
  probe('/healthz', 'The same as `/readyz`, under its older name.', async () => sources.ready());
}
