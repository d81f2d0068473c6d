/**
 * Things to keep.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import type { IAuditEntry, IStoredToken, TJson } from '../../ts/store/types.ts';

export const audit = (action = 'route.put'): Omit<IAuditEntry, 'id' | 'atMs' | 'node'> => ({
  actor: 'token:ada',
  action,
  target: 'app',
  outcome: 'done',
  detail: { before: null, after: [1, 'zwei', true] },
});

export const document = (text: string) => ({
  text,
  hash: createHash('sha256').update(text).digest('hex'),
  source: 'api' as const,
  by: 'token:ada',
  comment: '',
});

export const token = (id: string): IStoredToken => ({
  id,
  name: `script ${id}`,
  secretHash: createHash('sha256').update(id).digest('hex'),
  scopes: ['read', 'write:dns'],
  createdAtMs: 1_700_000_000_000,
  createdBy: 'cli',
});

export const put = (id: string, value: TJson) => ({ op: 'put', kind: 'route', id, value }) as const;
