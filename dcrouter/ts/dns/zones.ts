/**
 * From the document's zones to smartdns's.
 *
 * @module
 */
import { Zone, ZoneError, type IZoneOptions } from '@dcrouter/smartdns/server';
import type { TConfig, TZoneConfig } from '../config/schema/index.ts';

type TDnsConfig = NonNullable<TConfig['dns']>;
type TZoneRecord = NonNullable<IZoneOptions['records']>[number];

/** Every zone of the document as the DNS server takes it. */
export function zonesOf(config: TDnsConfig | undefined): IZoneOptions[] {
  return Object.entries(config?.zones ?? {}).map(([name, zone]) => zoneOf(name, zone));
}

/**
 * One zone of the document, with every record as DNS sees it.
 *
 * @throws ZoneError
 */
export function zoneFrom(name: string, zone: TZoneConfig): Zone {
  return new Zone(zoneOf(name, zone));
}

/** What smartdns refuses about a zone of the document. */
export function zoneComplaints(name: string, zone: TZoneConfig): string[] {
  try {
    zoneFrom(name, zone);
    return [];
  } catch (error) {
    if (!(error instanceof ZoneError)) throw error;
    return error.problems.map((problem) => problem.message);
  }
}

function zoneOf(name: string, zone: TZoneConfig): IZoneOptions {
  const origin = trimDot(name);
  const records: TZoneRecord[] = [{ name: '@', type: 'SOA', ttl: zone.ttl, data: soaData(origin, zone) }];
  for (const record of zone.records) {
    const owner = ownerOf(record.name, origin);
    records.push({ name: owner, type: record.type, ttl: record.ttl ?? zone.ttl, data: record.data });
  }
  return { origin, records, defaultTtl: zone.ttl };
}

function soaData(origin: string, zone: TZoneConfig): TZoneRecord['data'] {
  const { mname = `ns1.${origin}`, rname = `hostmaster.${origin}`, ...timers } = zone.soa;
  return { mname: trimDot(mname), rname: trimDot(rname), ...timers };
}

/** Owners are relative to the zone unless they end with a dot, as in a master file. */
function ownerOf(name: string, origin: string): string {
  if (name.endsWith('.')) return trimDot(name);
  return name === '@' ? '@' : `${name}.${origin}`;
}

function trimDot(name: string): string {
  return name.endsWith('.') ? name.slice(0, -1) : name;
}
