/**
 * The `store` section: where the router keeps what must survive a restart.
 *
 * @module
 */
import { z } from 'zod';
import { poolSizeDefault, poolSizeMax } from '../../store/limits.ts';

const memory = z.strictObject({ type: z.literal('memory') });

const sqlite = z.strictObject({
  type: z.literal('sqlite'),
  path: z.string().min(1).default('./dcrouter.db'),
});

const postgres = z
  .strictObject({
    type: z.literal('postgres'),
    url: z.string().startsWith('postgres').meta({ secret: true }).optional(),
    urlFile: z.string().min(1).optional(),
    poolSize: z.int().min(2).max(poolSizeMax).default(poolSizeDefault),
  })
  .refine(({ url, urlFile }) => (url === undefined) !== (urlFile === undefined), {
    error: 'expected either url or urlFile',
  });

export const store = z.discriminatedUnion('type', [memory, sqlite, postgres]);

export type TStoreConfig = z.output<typeof store>;
