/**
 * `/zones`: what the DNS server answers for, as a whole.
 *
 * @module
 */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Zone } from '@dcrouter/smartdns/server';
import { formatRecordData } from '@dcrouter/smartdns/wire';
import type { TConfig, TZoneConfig } from '../../config/schema/index.ts';
import { zone as zoneSchema } from '../../config/schema/zone.ts';
import type { ISnapshot } from '../../control/types.ts';
import type { TJson } from '../../store/types.ts';
import { found, running, type ApiContext } from '../context.ts';
import { endpoint } from '../endpoint.ts';
import { configBody } from '../openapi.ts';
import { etagOf } from '../etag.ts';
import { origin, valueOf } from '../objects.ts';
import { pageOf } from '../paging.ts';
import { applied, changeQuery, json, pageOf as page, pageQuery } from '../schemas.ts';
import { hidden, keepSecrets } from '../secrets.ts';
import type { TDnsSource } from '../sources.ts';

const tag = 'Zones';
export const zoneParams = { name: z.string().min(1).max(255).describe('Name of the zone.') };
const params = z.strictObject(zoneParams);

const zoneItem = z
  .object({
    name: z.string(),
    origin,
    etag: z.string(),
    serial: z.number().optional(),
    records: z.number().optional().describe('Records that it holds, signing records included.'),
    signed: z.boolean(),
    zone: json.optional().describe('As the document has it; in lists it is left out.'),
  })
  .meta({ id: 'Zone' });

const ds = z.object({
  keyTag: z.number(),
  algorithm: z.number(),
  digestType: z.number(),
  digest: z.string().describe('Hexadecimal.'),
  text: z.string().describe('As the parent wants it.'),
});

export function addZones(app: FastifyInstance, context: ApiContext): void {
  const describe = ([name, zone]: readonly [string, TZoneConfig]): z.output<typeof zoneItem> => {
    const live = liveZone(context, name);
    return {
      name,
      origin: context.objects('zone').has(name) ? 'object' : 'document',
      etag: etagOf(zone),
      ...(live !== undefined && { serial: live.serial, records: live.recordCount }),
      signed: context.sources.dns()?.zones.signer(plainName(name)) !== undefined,
    };
  };

  endpoint(app, {
    method: 'GET',
    path: '/zones',
    scope: 'read',
    tag,
    summary: 'List the zones.',
    query: z.strictObject(pageQuery),
    responses: { 200: page(zoneItem) },
    handle: async ({ query }) => {
      const { items, ...rest } = pageOf(Object.entries(zonesIn(context.sources.config())), ([name]) => name, query);
      return { items: items.map(describe), ...rest };
    },
  });

  endpoint(app, {
    method: 'GET',
    path: '/zones/:name',
    scope: 'read',
    tag,
    summary: 'Show a zone.',
    params,
    responses: { 200: zoneItem },
    handle: async ({ params: { name }, reply }) => {
      const entry = wantedZone(context, name);
      reply.header('etag', etagOf(entry[1]));
      return { ...describe(entry), zone: hidden(zoneSchema, entry[1]) };
    },
  });

  endpoint(app, {
    method: 'PUT',
    path: '/zones/:name',
    scope: 'write:dns',
    tag,
    summary: 'Make a zone, or put another in its place.',
    description:
      'It is served on every node of the store when this is answered. Zones of the document are changed there.',
    params,
    query: changeQuery,
    body: configBody('ZoneConfig', 'A zone.', {
      ttl: 300,
      nameservers: ['ns1.example.test'],
      records: [{ name: 'www', type: 'A', data: '192.0.2.1' }],
    }),
    responses: { 200: applied },
    handle: async (ask) => {
      const id = plainName(ask.params.name);
      context.assertOwn('zone', id, zoneIn(context.sources.config(), id) !== undefined);
      const value = keepSecrets(zoneSchema, ask.body, valueOf(context.objects('zone').get(id))) as TJson;
      return await context.change(ask, [{ op: 'put', kind: 'zone', id, value }], zoneTag(id));
    },
  });

  endpoint(app, {
    method: 'DELETE',
    path: '/zones/:name',
    scope: 'write:dns',
    tag,
    summary: 'Take a zone away, with the record sets that were put into it.',
    params,
    query: changeQuery,
    responses: { 200: applied },
    handle: async (ask) => {
      const [id] = wantedZone(context, ask.params.name);
      context.assertOwn('zone', id, true);
      const sets = [...context.objects('record').keys()].filter(
        (key) => plainName(key.split('/')[0]!) === plainName(id),
      );
      const changes = [
        { op: 'remove', kind: 'zone', id } as const,
        ...sets.map((key) => ({ op: 'remove', kind: 'record', id: key }) as const),
      ];
      return await context.change(ask, changes, zoneTag(id));
    },
  });

  endpoint(app, {
    method: 'GET',
    path: '/zones/:name/ds',
    scope: 'read',
    tag,
    summary: 'Show the DS records that the parent zone needs; none while the zone is not signed.',
    params,
    responses: { 200: z.object({ items: z.array(ds) }) },
    handle: async ({ params: { name } }) => {
      const [zone] = wantedZone(context, name);
      const items = dnsOf(context).zones.ds(plainName(zone));
      return {
        items: items.map((data) => ({ ...data, digest: hex(data.digest), text: formatRecordData('DS', data) })),
      };
    },
  });

  endpoint(app, {
    method: 'GET',
    path: '/zones/:name/export',
    scope: 'read',
    tag,
    summary: 'Download a zone as a master file (RFC 1035 §5), as it is served.',
    params,
    responses: { 200: { type: 'text/dns', description: 'The master file.' } },
    handle: async ({ params: { name }, reply }) => {
      const [zone] = wantedZone(context, name);
      const live = found(liveZone(context, zone), `zone '${zone}' is not served yet`);
      return await reply.type('text/dns; charset=utf-8').send(live.toText());
    },
  });
}

export function zonesIn(config: TConfig): Readonly<Record<string, TZoneConfig>> {
  return config.dns?.zones ?? {};
}

/** Names compare without regard to letter case and the final dot. */
export function plainName(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}

export function zoneIn(config: TConfig, name: string): readonly [string, TZoneConfig] | undefined {
  return Object.entries(zonesIn(config)).find(([key]) => plainName(key) === plainName(name));
}

/** @throws ApiError `DCR_API_NOT_FOUND` */
export function wantedZone(context: ApiContext, name: string): readonly [string, TZoneConfig] {
  return found(zoneIn(context.sources.config(), name), `there is no zone '${name}'`);
}

/** @throws ApiError `DCR_API_NOT_RUNNING` */
export function dnsOf(context: ApiContext): TDnsSource {
  return running(context.sources.dns(), 'no DNS server is configured');
}

export function liveZone(context: ApiContext, name: string): Zone | undefined {
  return context.sources.dns()?.zones.get(plainName(name));
}

function zoneTag(id: string): (snapshot: ISnapshot) => string | undefined {
  return ({ config }) => {
    const entry = zoneIn(config, id);
    return entry && etagOf(entry[1]);
  };
}

function hex(digest: Buffer | string): string {
  return typeof digest === 'string' ? digest : digest.toString('hex');
}
