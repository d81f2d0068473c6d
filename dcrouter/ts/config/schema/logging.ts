/**
 * The `logging` section.
 *
 * @module
 */
import { z } from 'zod';
import { REDACTED_FIELDS_MAX } from '../../log/limits.ts';
import { file } from './common.ts';

/** A field of a line, or a member of one: `clientIp`, `error.message`. */
const field = z.string().regex(/^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/, {
  error: 'expected the name of a field, as clientIp or data.address',
});

const access = z.strictObject({
  format: z
    .enum(['json', 'clf', 'combined', 'off'])
    .default('json')
    .describe('Form of the lines of HTTP exchanges; with `clf` and `combined`, tunnels and queries stand in the log.'),
  file: file.optional().describe('A file of their own, written whatever the level is.'),
  sample: z
    .number()
    .min(0)
    .max(1)
    .default(1)
    .describe('Share of the lines that is written; those about failures always are.'),
});

export const logging = z.strictObject({
  level: z
    .enum(['debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('The least severe lines written.'),
  format: z.enum(['json', 'pretty']).default('json').describe('One JSON object per line, or a form for people.'),
  file: file.optional().describe('Where lines go; standard output without it.'),
  access: z.union([z.boolean(), access]).default(true).describe('Lines about HTTP exchanges, tunnels and DNS queries.'),
  redact: z
    .array(field)
    .max(REDACTED_FIELDS_MAX)
    .default([])
    .describe('Fields left out of every line, as `clientIp` or `data.address`.'),
});
