/**
 * `/restart` and `/drain`: the life of the process.
 *
 * @module
 */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { running, type ApiContext } from '../context.ts';
import { endpoint } from '../endpoint.ts';
import { ApiError } from '../problems.ts';
import type { ILifeCycle } from '../sources.ts';

const tag = 'Process';

export function addProcess(app: FastifyInstance, context: ApiContext): void {
  const lifeCycle = (): ILifeCycle =>
    running(context.sources.lifeCycle(), 'this router runs inside another program, which starts and stops it');
  const noted = async (by: string, action: string, work: () => Promise<void>): Promise<void> => {
    const entry = { actor: by, action, target: 'process' };
    // Noted first: when a restart has taken place, the store belongs to the successor.
    await context.audit({ ...entry, outcome: 'done', detail: { stage: 'asked' } });
    try {
      await work();
    } catch (error) {
      await context.audit({ ...entry, outcome: 'failed', detail: { reason: String(error).slice(0, 2_000) } });
      throw new ApiError('DCR_API_RESTART', error instanceof Error ? error.message : String(error));
    }
  };

  endpoint(app, {
    method: 'POST',
    path: '/restart',
    scope: 'admin',
    tag,
    summary: 'Hand the sockets over to a new process, without losing a connection.',
    description: 'Answered when the new process serves; this one finishes what it began and ends.',
    responses: { 200: z.object({ restarted: z.boolean() }) },
    handle: async ({ principal: { by } }) => {
      const process = lifeCycle();
      await noted(by, 'process.restart', () => process.restart());
      return { restarted: true };
    },
  });

  endpoint(app, {
    method: 'POST',
    path: '/drain',
    scope: 'admin',
    tag,
    summary: 'Say by `/readyz` that traffic should go elsewhere; what is open goes on.',
    responses: { 200: z.object({ draining: z.boolean() }) },
    handle: async ({ principal: { by } }) => {
      const process = lifeCycle();
      await noted(by, 'process.drain', async () => process.drain());
      return { draining: true };
    },
  });
}
