/**
 * `/zones/{name}/records`: record sets, one by one.
 *
 * @module
 */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Zone } from '@dcrouter/smartdns/server';
import { formatRecordData } from '@dcrouter/smartdns/wire';
import type { ISnapshot } from '../../control/types.ts';
import type { IStoredObject, TJson, TObjectChange } from '../../store/types.ts';
import { found, type ApiContext } from '../context.ts';
import { endpoint } from '../endpoint.ts';
import { etagOf } from '../etag.ts';
import { origin } from '../objects.ts';
import { pageOf } from '../paging.ts';
import { ApiError } from '../problems.ts';
import { applied, changeQuery, pageOf as page, pageQuery } from '../schemas.ts';
import { liveZone, plainName, wantedZone, zoneIn, zoneParams } from './zones.ts';

const tag = 'Records';
const owner = z.string().min(1).max(255).describe('Relative to the zone; `@` is the zone itself.');
const type = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9-]{0,31}$/)
  .describe('Record type, such as `A`.');
const params = z.strictObject({ ...zoneParams, owner, type });

const recordSet = z
  .object({
    owner,
    type,
    ttl: z.number(),
    data: z.array(z.string()).describe('As in a master file.'),
    origin,
  })
  .meta({ id: 'RecordSet' });

interface ISet {
  readonly owner: string;
  readonly type: string;
  readonly ttl: number;
  readonly data: string[];
}

export function addRecords(app: FastifyInstance, context: ApiContext): void {
  endpoint(app, {
    method: 'GET',
    path: '/zones/:name/records',
    scope: 'read',
    tag,
    summary: 'List the record sets of a zone, as they are served.',
    params: z.strictObject(zoneParams),
    query: z.strictObject({
      ...pageQuery,
      owner: owner.optional().describe('Only those of one owner.'),
      type: type.optional().describe('Only those of one type.'),
    }),
    responses: { 200: page(recordSet) },
    handle: async ({ params: { name }, query }) => {
      const [zone, config] = wantedZone(context, name);
      const live = found(liveZone(context, zone), `zone '${zone}' is not served yet`);
      const own = new Set(config.records.map((record) => setKey(relative(record.name, zone), record.type)));
      const objects = context.objects('record');
      const isObject = context.objects('zone').has(zone);
      const sets = setsOf(live, zone).filter(
        (set) =>
          (query.owner === undefined || set.owner === relative(query.owner, zone)) &&
          (query.type === undefined || set.type === query.type.toUpperCase()),
      );
      const originOf = (set: ISet): z.output<typeof origin> => {
        if (findObject(objects, zone, set.owner, set.type) !== undefined) return 'object';
        if (!own.has(setKey(set.owner, set.type)) && config.file === undefined && config.text === undefined)
          return 'auto';
        return isObject ? 'object' : 'document';
      };
      const { items, ...rest } = pageOf(sets, (set) => setKey(set.owner, set.type), query);
      return { items: items.map((set) => ({ ...set, origin: originOf(set) })), ...rest };
    },
  });

  endpoint(app, {
    method: 'PUT',
    path: '/zones/:name/records/:owner/:type',
    scope: 'write:dns',
    tag,
    summary: 'Make a record set, or put another in its place.',
    params,
    query: changeQuery,
    body: z
      .strictObject({
        ttl: z.number().int().min(0).max(2_147_483_647).optional().describe('Seconds; default that of the zone.'),
        data: z
          .array(z.union([z.string(), z.array(z.unknown()), z.record(z.string(), z.unknown())]))
          .min(1)
          .max(1_000)
          .describe('One item per record: text as in a master file, or the fields of the type.'),
      })
      .meta({ examples: [{ ttl: 60, data: ['192.0.2.10', '192.0.2.11'] }] }),
    responses: { 200: applied },
    handle: async (ask) => {
      const [zone] = wantedZone(context, ask.params.name);
      const set = { owner: relative(ask.params.owner, zone), type: ask.params.type.toUpperCase() };
      const present = findObject(context.objects('record'), zone, set.owner, set.type);
      const id = present?.id ?? `${plainName(zone)}/${set.owner}/${set.type}`;
      const changes: TObjectChange[] = [{ op: 'put', kind: 'record', id, value: ask.body as TJson }];
      // A set that came with the zone as an object makes room for this one, in the same change.
      if (present === undefined) changes.unshift(...withoutSet(context, zone, set.owner, set.type));
      return await context.change(ask, changes, recordTag(zone, set.owner, set.type));
    },
  });

  endpoint(app, {
    method: 'DELETE',
    path: '/zones/:name/records/:owner/:type',
    scope: 'write:dns',
    tag,
    summary: 'Take a record set away.',
    params,
    query: changeQuery,
    responses: { 200: applied },
    handle: async (ask) => {
      const [zone] = wantedZone(context, ask.params.name);
      const [at, kind] = [relative(ask.params.owner, zone), ask.params.type.toUpperCase()];
      const present = findObject(context.objects('record'), zone, at, kind);
      const changes: TObjectChange[] =
        present === undefined
          ? withoutSet(context, zone, at, kind)
          : [{ op: 'remove', kind: 'record', id: present.id }];
      if (changes.length === 0) throw new ApiError('DCR_API_NOT_FOUND', `zone '${zone}' has no ${kind} set at '${at}'`);
      return await context.change(ask, changes, recordTag(zone, at, kind));
    },
  });
}

/**
 * The change that takes a set out of a zone that is an object; none when there is no such set.
 *
 * @throws ApiError `DCR_API_IN_DOCUMENT`
 */
function withoutSet(context: ApiContext, zone: string, owner: string, type: string): TObjectChange[] {
  const isSet = (record: unknown): boolean => {
    const { name, type: kind } = record as { name?: unknown; type?: unknown };
    return relative(String(name), zone) === owner && String(kind).toUpperCase() === type;
  };
  const entry = zoneIn(context.sources.config(), zone);
  if (entry === undefined || !entry[1].records.some(isSet)) return [];
  const object = context.objects('zone').get(zone);
  if (object === undefined) {
    const message = `zone '${zone}' has its ${type} set at '${owner}' in the document; change it there (PUT /config)`;
    throw new ApiError('DCR_API_IN_DOCUMENT', message);
  }
  const value = object.value as { readonly records?: readonly TJson[] };
  return [
    {
      op: 'put',
      kind: 'zone',
      id: object.id,
      value: { ...value, records: (value.records ?? []).filter((record) => !isSet(record)) },
    },
  ];
}

function findObject(
  objects: ReadonlyMap<string, IStoredObject>,
  zone: string,
  owner: string,
  type: string,
): IStoredObject | undefined {
  for (const object of objects.values()) {
    const [inZone = '', at = '', kind = ''] = object.id.split('/');
    if (plainName(inZone) === plainName(zone) && relative(at, zone) === owner && kind.toUpperCase() === type)
      return object;
  }
  return undefined;
}

/** Sets of a zone as they are served; an owner's are together. */
function setsOf(live: Zone, zone: string): ISet[] {
  const sets = new Map<string, ISet>();
  for (const { name, type: kind, ttl = 0, data } of live.records()) {
    const at = relative(`${plainName(name)}.`, zone);
    const key = setKey(at, kind);
    const set = sets.get(key) ?? { owner: at, type: kind, ttl, data: [] };
    set.data.push(formatRecordData(kind, data));
    sets.set(key, set);
  }
  return [...sets.values()];
}

function setKey(owner: string, type: string): string {
  return `${owner} ${type.toUpperCase()}`;
}

/** Owners are relative to the zone unless they end with a dot. */
function relative(name: string, zone: string): string {
  const [lower, apex] = [plainName(name), plainName(zone)];
  if (!name.endsWith('.')) return lower;
  if (lower === apex) return '@';
  return lower.endsWith(`.${apex}`) ? lower.slice(0, -apex.length - 1) : lower;
}

function recordTag(zone: string, owner: string, type: string): (snapshot: ISnapshot) => string | undefined {
  return ({ config }) => {
    const records = zoneIn(config, zone)?.[1].records ?? [];
    const set = records.filter((record) => relative(record.name, zone) === owner && record.type.toUpperCase() === type);
    return set.length === 0 ? undefined : etagOf(set);
  };
}
