/**
 * From the document's `dns` section to a DnsServer.
 *
 * @module
 */
import { DnsServer, type DnsAnswer } from '@dcrouter/smartdns/server';
import type { TConfig, TRecordConfig, TZoneConfig } from '../config/schema.ts';

type TDnsConfig = NonNullable<TConfig['dns']>;

export function createDnsServer(config: TDnsConfig): DnsServer {
  const server = new DnsServer({
    udpPort: config.port,
    bindInterface: config.address,
    authoritativeZones: Object.keys(config.zones).map(trimDot),
  });
  for (const [name, zone] of Object.entries(config.zones)) registerZone(server, trimDot(name), zone);
  return server;
}

function registerZone(server: DnsServer, origin: string, zone: TZoneConfig): void {
  registerRecord(server, { name: origin, type: 'SOA', class: 'IN', ttl: zone.ttl, data: soaData(origin, zone) });
  for (const record of zone.records) registerRecord(server, answerOf(record, origin, zone.ttl));
}

/** One handler per record: the server collects what all handlers of a name and type give. */
function registerRecord(server: DnsServer, record: DnsAnswer): void {
  server.registerHandler(record.name, [record.type], (question) => ({ ...record, name: question.name }));
}

function answerOf(record: TRecordConfig, origin: string, zoneTtl: number): DnsAnswer {
  const name = record.name === '@' ? origin : `${trimDot(record.name)}.${origin}`;
  return { name, type: record.type, class: 'IN', ttl: record.ttl ?? zoneTtl, data: record.data };
}

function soaData(origin: string, zone: TZoneConfig): DnsAnswer['data'] {
  const { mname = `ns1.${origin}`, rname = `hostmaster.${origin}`, ...timers } = zone.soa;
  return { mname: trimDot(mname), rname: trimDot(rname), ...timers };
}

function trimDot(name: string): string {
  return name.endsWith('.') ? name.slice(0, -1) : name;
}
