/**
 * `POST /backup`: a consistent copy of the store, as a download.
 *
 * @module
 */
import type { FastifyInstance } from 'fastify';
import { createReadStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApiContext } from '../context.ts';
import { endpoint } from '../endpoint.ts';
import { ApiError } from '../problems.ts';

export function addBackup(app: FastifyInstance, context: ApiContext): void {
  /** One at a time: each is as large as the store. */
  let underWay = false;

  endpoint(app, {
    method: 'POST',
    path: '/backup',
    scope: 'admin',
    tag: 'Backup',
    summary: 'Download a consistent copy of the store.',
    description: 'It holds secrets: keys of certificates and zones. `dcrouter restore` reads it.',
    responses: { 200: { type: 'application/octet-stream', description: 'The copy.' } },
    handle: async ({ principal, reply }) => {
      if (underWay) throw new ApiError('DCR_API_CONFLICT', 'another backup is being made; wait for its end');
      underWay = true;
      const folder = await mkdtemp(join(tmpdir(), 'dcrouter-backup-'));
      const end = async (): Promise<void> => {
        underWay = false;
        await rm(folder, { recursive: true, force: true });
      };
      try {
        const file = join(folder, 'store.backup');
        await context.store().backup(file);
        const { size } = await stat(file);
        await context.audit({
          actor: principal.by,
          action: 'store.backup',
          target: 'download',
          outcome: 'done',
          detail: { bytes: size },
        });
        const stream = createReadStream(file);
        stream.once('close', () => void end());
        const day = new Date().toISOString().slice(0, 10);
        return await reply
          .type('application/octet-stream')
          .header('content-length', size)
          .header('cache-control', 'no-store')
          .header('content-disposition', `attachment; filename="dcrouter-${day}.backup"`)
          .send(stream);
      } catch (error) {
        await end();
        throw error;
      }
    },
  });
}
