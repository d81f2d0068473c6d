/**
 * The `logging` section.
 *
 * @module
 */
import { z } from 'zod';
import { REDACTED_FIELDS_MAX } from '../../log/limits.ts';

const file = z.string().min(1);
/** A field of a line, or a member of one: `clientIp`, `error.message`. */
const field = z.string().regex(/^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/, {
  error: 'expected the name of a field, as clientIp or data.address',
});

const access = z.strictObject({
  format: z.enum(['json', 'clf', 'combined', 'off']).default('json'),
  file: file.optional(),
  sample: z.number().min(0).max(1).default(1),
});

export const logging = z.strictObject({
  level: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
  format: z.enum(['json', 'pretty']).default('json'),
  file: file.optional(),
  access: z.union([z.boolean(), access]).default(true),
  redact: z.array(field).max(REDACTED_FIELDS_MAX).default([]),
});
