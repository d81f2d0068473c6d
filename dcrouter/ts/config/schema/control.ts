/**
 * The `control` section: how the router takes changes.
 *
 * @module
 */
import { z } from 'zod';

export const control = z.strictObject({
  watch: z.boolean().default(false).describe('Apply the document by itself when a file changes that it is made of.'),
  confirmDefaultMs: z
    .int()
    .min(0)
    .max(86_400_000)
    .default(0)
    .describe('After this time a document applied through the API is taken back unless confirmed, in ms; 0: never.'),
});
