/**
 * The `control` section: how the router takes changes.
 *
 * @module
 */
import { z } from 'zod';

export const control = z.strictObject({
  /** Whether a change of the file is applied by itself. */
  watch: z.boolean().default(false),
  /** Time to confirm of a document applied through the API that names none; 0: it needs no confirmation. */
  confirmDefaultMs: z.int().min(0).max(86_400_000).default(0),
});
