/**
 * The `node` section: who this router is among those that share a store.
 *
 * @module
 */
import { hostname } from 'node:os';
import { z } from 'zod';

export const node = z.strictObject({
  name: z
    .string()
    .min(1)
    .max(128)
    .default(() => hostname()),
});
