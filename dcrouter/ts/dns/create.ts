/**
 * From the document's `dns` section to a DnsServer.
 *
 * @module
 */
import { DnsServer, type TDnsSource } from '@dcrouter/smartdns/server';
import type { TConfig } from '../config/schema/index.ts';
import type { ISocketSource } from '../process/sockets.ts';
import { zonesOf } from './zones.ts';

/** What a socket of the DNS server is called when it is handed over. */
export const dnsSocketName = (transport: TDnsSource): string => `dns-${transport}`;

export function createDnsServer(config: NonNullable<TConfig['dns']>, sockets: ISocketSource): DnsServer {
  const { address, port } = config;
  return new DnsServer({
    udpPort: port,
    bindInterface: address,
    zones: zonesOf(config),
    takeListener: (transport) =>
      sockets.take({ name: dnsSocketName(transport), protocol: transport === 'udp' ? 'udp' : 'tcp', address, port }),
  });
}
