/**
 * From the document's zones to smartdns's.
 *
 * @module
 */
import { Zone, ZoneError, type IZoneOptions, type IZoneProblem } from '@dcrouter/smartdns/server';
import { parseRecordData, type ISoaData, type TRecordData } from '@dcrouter/smartdns/wire';
import { isTextData } from '../config/schema/record.ts';
import type { TDnsConfig, TRecordConfig, TZoneConfig } from '../config/schema/index.ts';

type TZoneRecord = NonNullable<IZoneOptions['records']>[number];

/**
 * Every zone of the document as DNS answers it: each record told in full, those of a master file among them.
 *
 * @throws ZoneError
 */
export function zonesOf(config: Pick<TDnsConfig, 'zones'> | undefined): IZoneOptions[] {
  return Object.entries(config?.zones ?? {}).map(([name, settings]) => {
    const zone = zoneFrom(name, settings);
    const { ttl: defaultTtl, serialPolicy } = settings;
    return { origin: zone.origin, records: zone.records(), defaultTtl, serialPolicy };
  });
}

/**
 * One zone of the document, with every record as DNS answers it.
 *
 * @throws ZoneError
 */
export function zoneFrom(name: string, zone: TZoneConfig): Zone {
  const origin = trimDot(name);
  const { ttl, serialPolicy } = zone;
  const common = { origin, defaultTtl: ttl, serialPolicy };
  const own = zone.records.map((record) => recordOf(record, origin));
  if (zone.text === undefined) {
    const soa: TZoneRecord = {
      name: '@',
      type: 'SOA',
      ttl,
      data: soaData(origin, zone),
    };
    return new Zone({ ...common, nameservers: zone.nameservers, records: [soa, ...own] });
  }
  const master = Zone.fromText(zone.text, { ...common, file: zone.file });
  if (own.length === 0 && zone.nameservers === undefined) return master;
  return new Zone({ ...common, nameservers: zone.nameservers, records: [...master.records(), ...own] });
}

/** One thing that smartdns refuses about a zone, with the place that it came from. */
export interface IZoneComplaint {
  /** Index of the record, where it is one of the document's. */
  readonly record?: number;
  /** Line of the master file. */
  readonly line?: number;
  readonly message: string;
}

/** What smartdns refuses about a zone of the document. */
export function zoneComplaints(name: string, zone: TZoneConfig): IZoneComplaint[] {
  if (zone.text !== undefined && zone.soa !== undefined) {
    return [{ message: 'soa stands beside a master file, which has an SOA of its own; remove soa' }];
  }
  try {
    zoneFrom(name, zone);
    return [];
  } catch (error) {
    if (!(error instanceof ZoneError)) throw error;
    return error.problems.map((problem) => ({ ...placeOf(problem), message: problem.message }));
  }
}

function placeOf(problem: IZoneProblem): { line?: number } {
  return problem.line === undefined ? {} : { line: problem.line };
}

function recordOf(record: TRecordConfig, origin: string): TZoneRecord {
  const { name, type, ttl } = record;
  // The schema has tried the data of each record by the codec.
  const data = (isTextData(type, record.data)
    ? parseRecordData(type, record.data, origin)
    : record.data) as unknown as TRecordData;
  return { name: ownerOf(name, origin), type, ttl, data };
}

/** Owners are relative to the zone unless they end with a dot, as in a master file. */
function ownerOf(name: string, origin: string): string {
  if (name.endsWith('.')) return trimDot(name);
  return name === '@' ? '@' : `${name}.${origin}`;
}

/** Timers are those of smartdns where the document tells none. */
const SOA_TIMERS = { serial: 1, refresh: 3_600, retry: 600, expire: 604_800, minimum: 300 } as const;

function soaData(origin: string, zone: TZoneConfig): ISoaData {
  const {
    mname = zone.nameservers?.[0] ?? `ns1.${origin}`,
    rname = `hostmaster.${origin}`,
    ...timers
  } = zone.soa ?? {};
  return { ...SOA_TIMERS, ...timers, mname: trimDot(mname), rname: trimDot(rname) };
}

function trimDot(name: string): string {
  return name.endsWith('.') ? name.slice(0, -1) : name;
}
