/**
 * `/status` and `/stats`: how the router is, and what it counts.
 *
 * @module
 */
import type { FastifyInstance } from 'fastify';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { z } from 'zod';
import { running, type ApiContext } from '../context.ts';
import { endpoint } from '../endpoint.ts';
import { ApiError } from '../problems.ts';
import { json, unixMs } from '../schemas.ts';

const packageVersion = (
  JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as { version: string }
).version;
const SERIES_MAX = 64;
const RANGE_DEFAULT_MS = 600_000;

const status = z
  .object({
    node: z.string(),
    version: z.string().describe('Of DcRouter.'),
    runtime: z.string().describe('Of Node.'),
    pid: z.number(),
    startedAtMs: unixMs,
    uptimeSeconds: z.number(),
    ready: z.boolean(),
    configVersion: z.number(),
    revision: z.number(),
    addresses: json.describe('Where it listens.'),
    store: z
      .object({ dialect: z.string(), reachable: z.boolean(), schemaVersion: z.number() })
      .nullable()
      .describe('Null: there is none, or it has not been reached since the start.'),
    pendingRestart: z.array(z.string()).describe('Settings that take effect with a restart.'),
    api: z.object({
      tokens: z.boolean().describe('False: no token was made, and this machine may do everything.'),
      streams: z.object({ open: z.number(), opened: z.number(), refused: z.number(), dropped: z.number() }),
      failedTokens: z.number(),
      rateLimited: z.number().describe('Requests refused because there were too many.'),
    }),
    health: json.nullable().describe('Checks of targets; null while none runs.'),
    warnings: z.array(z.string()),
  })
  .meta({ id: 'Status' });

const point = z.number().nullable();
const history = z.object({
  fromMs: unixMs,
  toMs: unixMs,
  stepMs: z.number(),
  series: z.array(
    z.object({
      name: z.string(),
      kind: z.enum(['sum', 'mean', 'max']),
      unit: z.string(),
      help: z.string(),
      points: z.array(point),
    }),
  ),
});

export function addStatus(app: FastifyInstance, context: ApiContext): void {
  endpoint(app, {
    method: 'GET',
    path: '/status',
    scope: 'read',
    tag: 'Status',
    summary: 'Show how the router is: versions, listeners, store, warnings.',
    responses: { 200: status },
    handle: async () => await statusOf(context),
  });

  endpoint(app, {
    method: 'GET',
    path: '/stats',
    scope: 'read',
    tag: 'Statistics',
    summary: 'Everything that proxy and DNS server count, one snapshot of each.',
    responses: { 200: z.object({ proxy: json.nullable(), dns: json.nullable() }) },
    handle: async () => context.sources.stats(),
  });

  for (const part of ['proxy', 'dns'] as const) {
    endpoint(app, {
      method: 'GET',
      path: `/stats/${part}`,
      scope: 'read',
      tag: 'Statistics',
      summary: part === 'proxy' ? 'What the proxy counts.' : 'What the DNS server counts.',
      responses: { 200: json },
      handle: async () => running(context.sources.stats()[part], `no ${part} is configured`),
    });
  }

  endpoint(app, {
    method: 'GET',
    path: '/stats/history',
    scope: 'read',
    tag: 'Statistics',
    summary: 'Show how numbers went: seconds of the last minutes, minutes of the last weeks.',
    query: z.strictObject({
      series: z.string().max(4_096).optional().describe('Names or prefixes with `*`, with commas; default all.'),
      from: z.coerce.number().int().min(0).optional().describe('Unix time in milliseconds; default 10 minutes ago.'),
      to: z.coerce.number().int().min(0).optional().describe('Unix time in milliseconds; default now.'),
      step: z.coerce.number().int().min(1).optional().describe('Milliseconds per point, at least.'),
    }),
    responses: { 200: history },
    handle: async ({ query: { series, from, to, step } }) => {
      const source = running(context.sources.history(), 'no history is kept');
      const names = series?.split(',').map((each) => each.trim());
      if ((names?.length ?? 0) > SERIES_MAX)
        throw new ApiError('DCR_API_INVALID', `series names ${names?.length}; give at most ${SERIES_MAX}, or prefixes`);
      const toMs = to ?? Date.now();
      try {
        return await source.range({ series: names, fromMs: from ?? toMs - RANGE_DEFAULT_MS, toMs, stepMs: step });
      } catch (error) {
        if (error instanceof Error && error.name === 'HistoryQueryError')
          throw new ApiError('DCR_API_INVALID', error.message);
        throw error;
      }
    },
  });
}

async function statusOf({ sources, authenticator, streams }: ApiContext): Promise<z.input<typeof status>> {
  const control = sources.control();
  const store = sources.store();
  const stats = store?.stats();
  const tokens = await authenticator.anyToken();
  const warnings = [
    ...(control !== null && store === null ? ['the store has not been reached since the start'] : []),
    ...(stats?.reachable === false ? ['the store is away: what serves serves on, changes are refused'] : []),
    ...(tokens ? [] : ['no token has been made: every request from this machine may do everything']),
  ];
  return {
    node: store?.node ?? hostname(),
    version: packageVersion,
    runtime: process.version,
    pid: process.pid,
    startedAtMs: sources.startedAtMs,
    uptimeSeconds: Math.round((Date.now() - sources.startedAtMs) / 1_000),
    ready: sources.ready(),
    configVersion: control?.snapshot.version ?? 0,
    revision: control?.snapshot.revision ?? 0,
    addresses: { ...sources.addresses() },
    store:
      store === null || stats === undefined
        ? null
        : { dialect: store.dialect, reachable: stats.reachable, schemaVersion: stats.schemaVersion },
    pendingRestart: [...(control?.pendingRestart ?? [])],
    api: {
      tokens,
      streams: streams.stats(),
      failedTokens: authenticator.failures.total,
      rateLimited: authenticator.rateLimited,
    },
    health: { ...sources.health()?.stats() },
    warnings,
  };
}
