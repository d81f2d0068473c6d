/**
 * `/upstreams`: targets, and taking them out.
 *
 * @module
 */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { ISnapshot } from '../../control/types.ts';
import type { TJson } from '../../store/types.ts';
import { running, type ApiContext } from '../context.ts';
import { endpoint } from '../endpoint.ts';
import { etagOf } from '../etag.ts';
import { origin } from '../objects.ts';
import { pageOf } from '../paging.ts';
import { applied, changeQuery, pageOf as page, pageQuery } from '../schemas.ts';

const tag = 'Upstreams';
const state = z.enum(['ready', 'drain', 'disabled']);
const weight = z.number().int().min(0).max(1_000);

const upstream = z
  .object({
    target: z.string(),
    state,
    weight: weight.nullable().describe('Null: as the routes say.'),
    origin: origin.optional().describe('Where state and weight are said; absent: nowhere.'),
    healthy: z.boolean(),
    reason: z.string().nullable().describe('Why it is not healthy.'),
    active: z.number().describe('Connections in use.'),
    idle: z.number().describe('Connections that wait in the pool.'),
    requests: z.number(),
    failures: z.record(z.string(), z.number()),
  })
  .meta({ id: 'Upstream' });

export function addUpstreams(app: FastifyInstance, context: ApiContext): void {
  endpoint(app, {
    method: 'GET',
    path: '/upstreams',
    scope: 'read',
    tag,
    summary: 'List the targets of the routes.',
    query: z.strictObject(pageQuery),
    responses: { 200: page(upstream) },
    handle: async ({ query }) => {
      const proxy = running(context.sources.proxy(), 'no proxy is configured');
      const stats = new Map(proxy.stats.getUpstreamStats().map((each) => [each.target, each]));
      const objects = context.objects('upstream');
      const said = context.sources.config().upstreams ?? {};
      const { items, ...rest } = pageOf(proxy.getUpstreamStates(), (each) => each.target, query);
      const describe = (each: (typeof items)[number]): z.output<typeof upstream> => {
        const { active = 0, idle = 0, requests = 0, failures = {} } = stats.get(each.target) ?? {};
        const from = objects.has(each.target) ? 'object' : each.target in said ? 'document' : undefined;
        return { ...each, ...(from !== undefined && { origin: from }), active, idle, requests, failures };
      };
      return { items: items.map(describe), ...rest };
    },
  });

  endpoint(app, {
    method: 'PATCH',
    path: '/upstreams/:target',
    scope: 'write:upstreams',
    tag,
    summary: 'Take a target out, in again, or give it another weight, on every node of the store.',
    description: 'What is under way goes on. A weight of null leaves it to the routes again.',
    params: z.strictObject({ target: z.string().min(3).max(300).describe('`host:port`.') }),
    query: changeQuery,
    body: z
      .strictObject({ state: state.optional(), weight: weight.nullable().optional() })
      .meta({ examples: [{ state: 'drain' }] }),
    responses: { 200: applied },
    handle: async (ask) => {
      const { target: id } = ask.params;
      context.assertOwn('upstream', id, (context.sources.config().upstreams ?? {})[id] !== undefined);
      const before = (context.objects('upstream').get(id)?.value ?? {}) as { readonly [key: string]: TJson };
      const { weight: given, ...changes } = ask.body;
      const { weight: weightBefore, ...others } = before;
      const next = given === undefined ? weightBefore : given;
      const value: TJson = {
        ...others,
        ...(changes.state !== undefined && { state: changes.state }),
        ...(next !== undefined && next !== null && { weight: next }),
      };
      return await context.change(ask, [{ op: 'put', kind: 'upstream', id, value }], tagOf(id));
    },
  });
}

function tagOf(id: string): (snapshot: ISnapshot) => string | undefined {
  return ({ config }) => {
    const said = config.upstreams?.[id];
    return said && etagOf(said);
  };
}
