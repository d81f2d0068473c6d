/**
 * `/rules`: what is decided about connections, requests and queries, with hits, and tests that say why.
 *
 * @module
 */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { TConfig, TRuleConfig } from '../../config/schema/index.ts';
import type { ISnapshot } from '../../control/types.ts';
import type { IFactsInput, IRuleEngine, IRuleStatus } from '../../rules/types.ts';
import type { TJson } from '../../store/types.ts';
import { found, running, type ApiContext } from '../context.ts';
import { endpoint } from '../endpoint.ts';
import { configBody } from '../openapi.ts';
import { etagOf } from '../etag.ts';
import { recordedMax } from '../limits.ts';
import { origin } from '../objects.ts';
import { pageOf } from '../paging.ts';
import { ApiError } from '../problems.ts';
import { applied, changeQuery, json, name, pageOf as page, pageQuery } from '../schemas.ts';

const tag = 'Rules';
const params = z.strictObject({ name: name.describe('Name of the rule.') });
/** Steps between the priorities that an order is written with: room for a rule between two others. */
const PRIORITY_STEP = 10;
const REORDERED_MAX = 1_000;

const ruleItem = z
  .object({
    name,
    origin,
    etag: z.string(),
    order: z.number().describe('Place in the order of evaluation, from 1; 0 when it is not enabled.'),
    stages: z.array(z.string()),
    hits: z.number(),
    rule: json,
  })
  .meta({ id: 'Rule' });

export function addRules(app: FastifyInstance, context: ApiContext): void {
  const engine = (): IRuleEngine => running(context.sources.rules(), 'the rule engine does not run');
  const describe = ({ order, stages, hits, ...rule }: IRuleStatus): z.output<typeof ruleItem> => {
    const config = ruleIn(context.sources.config(), rule.name);
    return {
      name: rule.name,
      origin: context.objects('rule').has(rule.name) ? 'object' : 'document',
      etag: etagOf(config ?? rule),
      order,
      stages: [...stages],
      hits,
      rule: { ...(config ?? rule) },
    };
  };

  endpoint(app, {
    method: 'GET',
    path: '/rules',
    scope: 'read',
    tag,
    summary: 'List the rules by name, with their place in the order of evaluation and their hits.',
    query: z.strictObject(pageQuery),
    responses: { 200: page(ruleItem) },
    handle: async ({ query }) => {
      const { items, ...rest } = pageOf(engine().list(), (rule) => rule.name, query);
      return { items: items.map(describe), ...rest };
    },
  });

  endpoint(app, {
    method: 'GET',
    path: '/rules/:name',
    scope: 'read',
    tag,
    summary: 'Show a rule.',
    params,
    responses: { 200: ruleItem },
    handle: async ({ params: { name: wanted }, reply }) => {
      const status = found(
        engine()
          .list()
          .find((rule) => rule.name === wanted),
        `there is no rule '${wanted}'`,
      );
      const item = describe(status);
      reply.header('etag', item.etag);
      return item;
    },
  });

  endpoint(app, {
    method: 'PUT',
    path: '/rules/:name',
    scope: 'write:rules',
    tag,
    summary: 'Make a rule, or put another in its place.',
    params,
    query: changeQuery,
    body: configBody('RuleConfig', 'A rule.', {
      when: 'http.path starts_with "/admin"',
      action: { type: 'deny', status: 403 },
    }),
    responses: { 200: applied },
    handle: async (ask) => {
      const { name: id } = ask.params;
      context.assertOwn('rule', id, ruleIn(context.sources.config(), id) !== undefined);
      return await context.change(ask, [{ op: 'put', kind: 'rule', id, value: ask.body as TJson }], tagOf(id));
    },
  });

  endpoint(app, {
    method: 'DELETE',
    path: '/rules/:name',
    scope: 'write:rules',
    tag,
    summary: 'Take a rule away.',
    params,
    query: changeQuery,
    responses: { 200: applied },
    handle: async (ask) => {
      const { name: id } = ask.params;
      found(ruleIn(context.sources.config(), id), `there is no rule '${id}'`);
      context.assertOwn('rule', id, true);
      return await context.change(ask, [{ op: 'remove', kind: 'rule', id }], tagOf(id));
    },
  });

  endpoint(app, {
    method: 'POST',
    path: '/rules/reorder',
    scope: 'write:rules',
    tag,
    summary: 'Give rules priorities so that they are asked in this order.',
    description: `Priorities fall in steps of ${PRIORITY_STEP}, the last rule gets \`base\`. Rules that are not named keep theirs.`,
    query: changeQuery,
    body: z
      .strictObject({
        names: z.array(name).min(1).max(REORDERED_MAX),
        base: z.number().int().min(-900_000).max(900_000).default(0),
      })
      .meta({ examples: [{ names: ['deny-admin', 'limit-api'], base: 100 }] }),
    responses: { 200: applied },
    handle: async (ask) => {
      const { names, base } = ask.body;
      const objects = context.objects('rule');
      if (new Set(names).size !== names.length) throw new ApiError('DCR_API_CONFLICT', 'a rule is named twice');
      const changes = names.map((id, at) => {
        found(ruleIn(context.sources.config(), id), `there is no rule '${id}'`);
        context.assertOwn('rule', id, true);
        const value = objects.get(id)?.value as { readonly [key: string]: TJson };
        const priority = base + (names.length - 1 - at) * PRIORITY_STEP;
        return { op: 'put', kind: 'rule', id, value: { ...value, priority } } as const;
      });
      return await context.change(ask, changes, ({ config }) => etagOf(names.map((id) => ruleIn(config, id))));
    },
  });

  endpoint(app, {
    method: 'POST',
    path: '/rules/test',
    scope: 'read',
    tag,
    summary: 'Say what would be decided, and why; counts nothing.',
    description: 'Either about given facts, or about what was recorded last (`rules.record`).',
    body: z
      .strictObject({
        facts: json.optional().describe('`client`, `conn`, `tls`, `http`, `dns`, `smtp`, `route`, `tags`.'),
        recorded: z.number().int().min(1).max(recordedMax).optional().describe('The latest so many.'),
      })
      .refine(({ facts, recorded }) => (facts === undefined) !== (recorded === undefined), {
        error: 'expected either facts or recorded',
      })
      .meta({ examples: [{ facts: { client: { ip: '192.0.2.7' }, http: { method: 'GET', path: '/admin' } } }] }),
    responses: { 200: z.object({ items: z.array(z.object({ facts: json, explanation: json })) }) },
    handle: async ({ body: { facts, recorded } }) => {
      const all: readonly IFactsInput[] = facts === undefined ? engine().recent(recorded) : [facts as IFactsInput];
      return { items: all.map((each) => ({ facts: { ...each }, explanation: { ...explain(engine(), each) } })) };
    },
  });
}

function explain(engine: IRuleEngine, facts: IFactsInput): object {
  try {
    return engine.test(facts);
  } catch (error) {
    // Facts are read as they come; what cannot be read is the asker's.
    throw new ApiError('DCR_API_INVALID', error instanceof Error ? error.message : String(error));
  }
}

export function ruleIn(config: TConfig, wanted: string): TRuleConfig | undefined {
  return config.rules.rules.find((rule) => rule.name === wanted);
}

function tagOf(id: string): (snapshot: ISnapshot) => string | undefined {
  return ({ config }) => {
    const rule = ruleIn(config, id);
    return rule && etagOf(rule);
  };
}
