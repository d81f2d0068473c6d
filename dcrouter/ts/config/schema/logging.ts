/**
 * The `logging` section.
 *
 * @module
 */
import { z } from 'zod';

export const logging = z.strictObject({
  level: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  format: z.enum(['json', 'pretty']).default('json'),
  access: z.boolean().default(true),
});
