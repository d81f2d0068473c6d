/**
 * `/restart` and `/drain`: the life of the process.
 *
 * @module
 */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { running, type ApiContext } from '../context.ts';
import { endpoint } from '../endpoint.ts';
import type { ILifeCycle } from '../sources.ts';

const tag = 'Process';

export function addProcess(app: FastifyInstance, context: ApiContext): void {
  const lifeCycle = (): ILifeCycle =>
    running(context.sources.lifeCycle(), 'this router runs inside another program, which starts and stops it');
  const noted = async (by: string, action: string, work: () => Promise<object>): Promise<object> => {
    try {
      const detail = await work();
      await context.audit({ actor: by, action, target: 'process', outcome: 'done', detail: { ...detail } });
      return detail;
    } catch (error) {
      const detail = { reason: String(error).slice(0, 2_000) };
      await context.audit({ actor: by, action, target: 'process', outcome: 'failed', detail });
      throw error;
    }
  };

  endpoint(app, {
    method: 'POST',
    path: '/restart',
    scope: 'admin',
    tag,
    summary: 'Hand the sockets over to a new process, without losing a connection.',
    description: 'Answered when the new process serves; this one then drains and ends.',
    responses: { 200: z.object({ pid: z.number().describe('Of the new process.') }) },
    handle: async ({ principal: { by } }) => await noted(by, 'process.restart', () => lifeCycle().restart(by)),
  });

  endpoint(app, {
    method: 'POST',
    path: '/drain',
    scope: 'admin',
    tag,
    summary: 'Take no new connections; those that are open go on.',
    description: '`/readyz` says so from then on.',
    responses: { 200: z.object({ draining: z.boolean() }) },
    handle: async ({ principal: { by } }) =>
      await noted(by, 'process.drain', async () => {
        await lifeCycle().drain(by);
        return { draining: true };
      }),
  });
}
