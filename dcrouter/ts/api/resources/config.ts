/**
 * `/config`: the document of the node.
 *
 * @module
 */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { configJsonSchema } from '../../config/json-schema.ts';
import { configSchema } from '../../config/schema/index.ts';
import type { IApplied, IApplyOptions, IControl, IDocumentInput, ISnapshot } from '../../control/types.ts';
import { answerOf, conditionsOf, found, type ApiContext, type IAppliedAnswer, type TAnyAsk } from '../context.ts';
import { endpoint } from '../endpoint.ts';
import { assertConditions } from '../etag.ts';
import { documentBodyBytesMax } from '../limits.ts';
import { applied, changeQuery, json, pageOf, pageQuery, plan, unixMs } from '../schemas.ts';
import { allows } from '../scopes.ts';
import { hidden } from '../secrets.ts';

const tag = 'Configuration';
const scope = 'write:config';
const text = z.string().max(documentBodyBytesMax).describe('The document, YAML or JSON.');
const comment = z.string().max(1_024).optional().describe('Why; stands in the history.');
const confirmMs = z
  .number()
  .int()
  .min(1)
  .optional()
  .describe('The change is taken back after so many milliseconds unless `/config/confirm` is called.');
const document = z.strictObject({ text, comment }).meta({
  examples: [{ text: 'api:\n  port: 9090\nlogging:\n  level: debug\n', comment: 'more log lines' }],
});

const version = z
  .object({
    version: z.number(),
    node: z.string(),
    hash: z.string(),
    source: z.enum(['file', 'api', 'rollback']),
    by: z.string(),
    comment: z.string(),
    state: z.enum(['pending', 'unconfirmed', 'active', 'superseded', 'reverted', 'failed']),
    createdAtMs: unixMs,
    text: z.string().optional().describe('Only for tokens with `write:config`: it may hold secrets.'),
  })
  .meta({ id: 'ConfigVersion' });

const running = z.object({
  version: z.number(),
  revision: z.number(),
  by: z.string(),
  appliedAtMs: unixMs,
  pendingRestart: z.array(z.string()).describe('Settings that take effect with a restart.'),
  config: json.describe('What serves: the document with the shared objects, defaults filled in, secrets hidden.'),
  text: z.string().optional().describe('The document; only for tokens with `write:config`: it may hold secrets.'),
});

export function addConfig(app: FastifyInstance, context: ApiContext): void {
  addReading(app, context);
  addChanging(app, context);
  addHistory(app, context);
}

function addReading(app: FastifyInstance, context: ApiContext): void {
  endpoint(app, {
    method: 'GET',
    path: '/config',
    scope: 'read',
    tag,
    summary: 'Show the configuration that serves.',
    responses: { 200: running },
    handle: async ({ principal, reply }) => {
      const control = context.control();
      const { snapshot, pendingRestart } = control;
      reply.header('etag', versionTag(snapshot));
      return {
        version: snapshot.version,
        revision: snapshot.revision,
        by: snapshot.by,
        appliedAtMs: snapshot.appliedAtMs,
        pendingRestart,
        config: hidden(configSchema, snapshot.config),
        ...(allows(principal.scopes, scope) && { text: control.documentText() }),
      };
    },
  });

  endpoint(app, {
    method: 'GET',
    path: '/config/schema',
    scope: 'read',
    tag,
    summary: 'The JSON Schema of the document.',
    responses: { 200: json },
    handle: async () => configJsonSchema(),
  });

  endpoint(app, {
    method: 'POST',
    path: '/config/diff',
    // The document may name files, whose absence would be told.
    scope,
    tag,
    summary: 'Say what a document would change.',
    body: z.strictObject({ text }).meta({ examples: [{ text: 'logging:\n  level: debug\n' }] }),
    bodyLimit: documentBodyBytesMax,
    responses: { 200: plan },
    handle: async ({ body }) => await context.control().plan(inputOf(context.control(), body.text)),
  });
}

function addChanging(app: FastifyInstance, context: ApiContext): void {
  const apply = async (
    ask: TAnyAsk & { readonly query: { readonly dryRun: boolean } },
    input: IDocumentInput,
    options: Omit<IApplyOptions, 'by' | 'guard'>,
  ): Promise<IAppliedAnswer> => {
    const control = context.control();
    const guard = guardOf(ask);
    if (ask.query.dryRun) {
      guard(control.snapshot);
      return answerOf(control.snapshot, await control.plan(input), true);
    }
    return tagged(ask, await control.apply(input, { ...options, by: ask.principal.by, guard }));
  };

  endpoint(app, {
    method: 'PUT',
    path: '/config',
    scope,
    tag,
    summary: 'Put a document in the place of the one that serves.',
    query: changeQuery,
    body: document,
    bodyLimit: documentBodyBytesMax,
    responses: { 200: applied },
    handle: async (ask) => await apply(ask, inputOf(context.control(), ask.body.text), commentOf(ask.body)),
  });

  endpoint(app, {
    method: 'POST',
    path: '/config/apply',
    scope,
    tag,
    summary: 'The same, taken back unless it is confirmed in time.',
    query: changeQuery,
    body: z.strictObject({ text, comment, confirmMs }).meta({
      examples: [{ text: 'logging:\n  level: debug\n', confirmMs: 60_000 }],
    }),
    bodyLimit: documentBodyBytesMax,
    responses: { 200: applied },
    handle: async (ask) =>
      await apply(ask, inputOf(context.control(), ask.body.text), { ...commentOf(ask.body), ...confirmOf(ask.body) }),
  });

  endpoint(app, {
    method: 'POST',
    path: '/config/confirm',
    scope,
    tag,
    summary: 'Keep the version that waits for it.',
    responses: { 200: z.object({ version: z.number() }) },
    handle: async ({ principal }) => ({ version: (await context.control().confirm(principal.by)).version }),
  });

  endpoint(app, {
    method: 'POST',
    path: '/config/rollback',
    scope,
    tag,
    summary: 'Apply an earlier version as a new one.',
    body: z.strictObject({ version: z.number().int().min(1), comment, confirmMs }).meta({ examples: [{ version: 3 }] }),
    responses: { 200: applied },
    handle: async (ask) => {
      const options = { ...commentOf(ask.body), ...confirmOf(ask.body), by: ask.principal.by, guard: guardOf(ask) };
      return tagged(ask, await context.control().rollback(ask.body.version, options));
    },
  });

  endpoint(app, {
    method: 'POST',
    path: '/config/reload',
    scope,
    tag,
    summary: 'Read the file again and apply it, as SIGHUP does.',
    responses: { 200: applied },
    handle: async (ask) => tagged(ask, await context.control().reload(ask.principal.by)),
  });
}

function addHistory(app: FastifyInstance, context: ApiContext): void {
  endpoint(app, {
    method: 'GET',
    path: '/config/versions',
    scope: 'read',
    tag,
    summary: 'List the versions of this node, newest first.',
    query: z.strictObject(pageQuery),
    responses: { 200: pageOf(version.omit({ text: true })) },
    handle: async ({ query }) => await context.control().history(query),
  });

  endpoint(app, {
    method: 'GET',
    path: '/config/versions/:version',
    scope: 'read',
    tag,
    summary: 'Show a version.',
    params: z.strictObject({ version: z.coerce.number().int().min(1) }),
    responses: { 200: version },
    handle: async ({ params, principal }) => {
      const there = found(await context.control().version(params.version), `there is no version ${params.version}`);
      const { text: written, ...rest } = there;
      return { ...rest, ...(allows(principal.scopes, scope) && { text: written }) };
    },
  });
}

function tagged(ask: TAnyAsk, { snapshot, plan: made, confirmByMs }: IApplied): IAppliedAnswer {
  ask.reply.header('etag', versionTag(snapshot));
  return { ...answerOf(snapshot, made, false), ...(confirmByMs !== undefined && { confirmByMs }) };
}

function guardOf(ask: TAnyAsk): (snapshot: ISnapshot) => void {
  const conditions = conditionsOf(ask);
  return (snapshot) => assertConditions(conditions, versionTag(snapshot));
}

function versionTag({ version: number }: ISnapshot): string {
  return `"v${number}"`;
}

/** Relative paths in it are as if it were the document that serves. */
function inputOf(control: IControl, written: string): IDocumentInput {
  return { file: control.documentFile(), text: written, source: 'api' };
}

function commentOf({ comment: why }: { readonly comment?: string | undefined }): { readonly comment?: string } {
  return why === undefined ? {} : { comment: why };
}

function confirmOf({ confirmMs: time }: { readonly confirmMs?: number | undefined }): { readonly confirmMs?: number } {
  return time === undefined ? {} : { confirmMs: time };
}
