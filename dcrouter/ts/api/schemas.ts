/**
 * What several resources take and answer.
 *
 * @module
 */
import { z } from 'zod';
import { cursorCharsMax, pageItemsDefault, pageItemsMax } from './limits.ts';

export const pageQuery = {
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(pageItemsMax)
    .optional()
    .describe(`Items of one page, default ${pageItemsDefault}.`),
  cursor: z.string().max(cursorCharsMax).optional().describe('`next` of the page before.'),
};

const flag = z
  .enum(['true', 'false'])
  .optional()
  .transform((value) => value === 'true');
export const followFlag = flag.describe('Go on with what comes, as Server-Sent Events.');
export const dryRun = flag.describe('Change nothing; answer the plan.');
export const changeQuery = z.strictObject({ dryRun });

/** A page of items. */
export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({
    items: z.array(item),
    next: z.string().optional().describe('Cursor of the next page; absent on the last.'),
  });

/** Any JSON object. */
export const json = z.record(z.string(), z.unknown());
export const unixMs = z.number().describe('Unix time in milliseconds.');
export const name = z.string().min(1).max(512);

const difference = z.object({
  path: z.string(),
  kind: z.enum(['added', 'removed', 'changed']),
  before: z.unknown().optional(),
  after: z.unknown().optional(),
});

const texts = z.array(z.string());
export const plan = z.object({
  differences: z.array(difference).describe('Values that differ; secrets are never shown.'),
  effects: z.object({
    portsOpened: z.array(z.number()),
    portsClosed: z.array(z.number()),
    namesLost: texts,
    namesGained: texts,
    certificatesNeeded: texts,
    needsRestart: texts,
    warnings: texts,
  }),
});

export const applied = z
  .object({
    dryRun: z.boolean().describe('Nothing was changed.'),
    version: z.number().describe('Version of the document that serves.'),
    revision: z.number().describe('Revision of the shared objects that serves.'),
    confirmByMs: unixMs.optional().describe('Taken back at this time unless confirmed, Unix time in milliseconds.'),
    plan,
  })
  .meta({
    examples: [
      {
        dryRun: false,
        version: 4,
        revision: 18,
        plan: {
          differences: [{ path: 'upstreams.10.0.0.5:8080.state', kind: 'changed', before: 'ready', after: 'drain' }],
          effects: {
            portsOpened: [],
            portsClosed: [],
            namesLost: [],
            namesGained: [],
            certificatesNeeded: [],
            needsRestart: [],
            warnings: [],
          },
        },
      },
    ],
  });

export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    code: z.string().describe('Stable; see docs/errors.md.'),
    detail: z.string(),
    problems: z
      .array(
        z.object({
          file: z.string().optional(),
          line: z.number().optional(),
          column: z.number().optional(),
          path: z.string(),
          message: z.string(),
        }),
      )
      .optional()
      .describe('Each place that is wrong.'),
  })
  .meta({
    id: 'Problem',
    examples: [
      {
        type: 'urn:dcrouter:error:DCR_API_NOT_FOUND',
        title: 'There is no such thing',
        status: 404,
        code: 'DCR_API_NOT_FOUND',
        detail: "there is no route 'shop'",
      },
    ],
  });
