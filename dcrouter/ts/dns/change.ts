/**
 * From the records that a zone serves to those that it shall serve: what differs is changed, once; what others have put
 * in stays, and so does what signing keeps.
 *
 * @module
 */
import type { IZoneOptions, Zone } from '@dcrouter/smartdns/server';

type TZoneRecord = NonNullable<IZoneOptions['records']>[number];
type TSoa = Extract<TZoneRecord['data'], { serial: number; mname: string }>;

const SERIAL_MAX = 4_294_967_295;

/** @throws ZoneError; then nothing is changed */
export function changeZone(zone: Zone, before: IZoneOptions, after: IZoneOptions): void {
  const had = keyed(before.records ?? []);
  const wanted = keyed(after.records ?? []);
  zone.update((changes) => {
    for (const [key, { name, type, data }] of had) if (!wanted.has(key)) changes.remove({ name, type, data });
    for (const [key, record] of wanted) if (!had.has(key)) changes.add(record);
    const soa = newSoa(zone, before, after);
    if (soa !== null) changes.add(soa);
  });
}

/** By everything that makes a record; the SOA is treated apart, as its serial goes on. */
function keyed(records: readonly TZoneRecord[]): Map<string, TZoneRecord> {
  const plain = records.filter(({ type }) => type !== 'SOA');
  return new Map(plain.map((record) => [JSON.stringify([record.name, record.type, record.ttl, record.data]), record]));
}

/** The SOA where its settings have changed, with a serial that is newer than the one that is served. */
function newSoa(zone: Zone, before: IZoneOptions, after: IZoneOptions): TZoneRecord | null {
  const had = soaOf(before);
  const wanted = soaOf(after);
  if (wanted === undefined || JSON.stringify(had) === JSON.stringify(wanted)) return null;
  const given = (wanted.data as TSoa).serial;
  const served = zone.serial;
  // RFC 1982 §3.2: newer is less than half the circle ahead.
  const ahead = (given - served) >>> 0;
  const serial = ahead !== 0 && ahead < 2 ** 31 ? given : served === SERIAL_MAX ? 1 : served + 1;
  return { ...wanted, data: { ...(wanted.data as TSoa), serial } };
}

function soaOf(options: IZoneOptions): TZoneRecord | undefined {
  return options.records?.find(({ type }) => type === 'SOA');
}
