/**
 * The records that are served now: those of the document without the ones whose check is down, and those that routes
 * bring with them.
 *
 * @module
 */
import { isIPv6 } from 'node:net';
import type { TConfig, TRecordConfig, TRouteConfig, TZoneConfig } from '../config/schema/index.ts';
import { isWritten } from './written.ts';

type TDnsConfig = NonNullable<TConfig['dns']>;

/** A record with where it comes from. */
export interface IComposedRecord {
  readonly record: TRecordConfig;
  /** `document`: written down, or a shared object; `auto`: made for a route's domain. */
  readonly origin: 'document' | 'auto';
  /** Left out while its check is down. */
  readonly withheld: boolean;
}

/** Whether a check is up. */
export type TIsUp = (check: string) => boolean;

/** Every record of every zone, by the zone's name as configured. */
export function composeRecords(config: TConfig, isUp: TIsUp): Map<string, IComposedRecord[]> {
  const { dns } = config;
  const composed = new Map<string, IComposedRecord[]>();
  if (dns === undefined) return composed;
  for (const [name, zone] of Object.entries(dns.zones))
    composed.set(name, ofDocument(originOf(name), zone, dns.failOpen, isUp));
  for (const { zone, record } of automatic(dns, config.proxy?.routes ?? [])) {
    composed.get(zone)!.push({ record, origin: 'auto', withheld: false });
  }
  return composed;
}

/**
 * The zones as they are served now.
 *
 * @param wanted which of them; default all
 */
export function composeZones(
  config: TConfig,
  isUp: TIsUp,
  wanted: (zone: TZoneConfig) => boolean = () => true,
): Record<string, TZoneConfig> {
  const { dns } = config;
  if (dns === undefined) return {};
  const records = composeRecords(config, isUp);
  const zones: Record<string, TZoneConfig> = {};
  for (const [name, zone] of Object.entries(dns.zones)) {
    if (!wanted(zone)) continue;
    const served = records.get(name)!.filter(({ withheld }) => !withheld);
    zones[name] = { ...zone, records: served.map(({ record }) => record) };
  }
  return zones;
}

/** Whether records of a zone come and go with checks. */
export function followsChecks(zone: TZoneConfig): boolean {
  return zone.records.some(({ health }) => health !== undefined);
}

/** A set of records is one name and type; when every one of them is down, they all stay where that is wanted. */
function ofDocument(origin: string, zone: TZoneConfig, failOpen: boolean, isUp: TIsUp): IComposedRecord[] {
  const sets = Map.groupBy(zone.records, ({ name, type }) => `${type} ${ownerOf(name, origin)}`);
  return zone.records.map((record) => {
    const down = record.health !== undefined && !isUp(record.health);
    if (!down) return { record, origin: 'document', withheld: false };
    const set = sets.get(`${record.type} ${ownerOf(record.name, origin)}`)!;
    const others = set.some(({ health }) => health === undefined || isUp(health));
    return { record, origin: 'document', withheld: others || !failOpen };
  });
}

function automatic(dns: TDnsConfig, routes: readonly TRouteConfig[]): Array<{ zone: string; record: TRecordConfig }> {
  const { autoRecords } = dns;
  if (autoRecords === undefined) return [];
  const wanted = routes.filter((route) => route.enabled !== false && (route.dns ?? autoRecords.routes === 'all'));
  const domains = new Set(
    wanted.flatMap(({ match }) => [match.domains ?? []].flat()).map((name) => name.toLowerCase()),
  );
  const found: Array<{ zone: string; record: TRecordConfig }> = [];
  for (const domain of domains) {
    const place = placeOf(domain, dns);
    if (place === null) continue;
    for (const address of autoRecords.addresses) {
      const base = { name: place.name, ttl: autoRecords.ttl };
      const record: TRecordConfig = isIPv6(address)
        ? { ...base, type: 'AAAA', data: address }
        : { ...base, type: 'A', data: address };
      found.push({ zone: place.zone, record });
    }
  }
  return found;
}

/** A name, or `*.` before one: other patterns are no names that DNS could hold. */
const NAME = /^(\*\.)?([a-z0-9_]([a-z0-9_-]*[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?$/;

/** The zone that a domain's record belongs to and its name there; null for foreign domains and names that are taken. */
function placeOf(domain: string, dns: TDnsConfig): { zone: string; name: string } | null {
  if (!NAME.test(domain)) return null;
  let zone: string | null = null;
  for (const name of Object.keys(dns.zones)) {
    const origin = originOf(name);
    if (domain !== origin && !domain.endsWith(`.${origin}`)) continue;
    if (zone === null || origin.length > originOf(zone).length) zone = name;
  }
  if (zone === null) return null;
  const origin = originOf(zone);
  const name = domain === origin ? '@' : domain.slice(0, -origin.length - 1);
  return isWritten(domain, origin, zone, dns.zones[zone]!) ? null : { zone, name };
}

function originOf(zone: string): string {
  return (zone.endsWith('.') ? zone.slice(0, -1) : zone).toLowerCase();
}

/** An owner relative to its zone: `@`, `www`. */
function ownerOf(name: string, origin: string): string {
  const lower = name.toLowerCase();
  if (!lower.endsWith('.')) return lower;
  return lower === `${origin}.` ? '@' : lower.slice(0, -origin.length - 2);
}
