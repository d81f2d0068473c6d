/**
 * From the document's `dns` section to a DnsServer.
 *
 * @module
 */
import { DnsServer, type IDnsServerOptions, type IZoneOptions, type TDnsSource } from '@dcrouter/smartdns/server';
import type { TDnsConfig } from '../config/schema/index.ts';
import { InheritedSockets, type ISocketSource } from '../process/sockets.ts';
import { dnsOptions } from './options.ts';
import type { IPairs } from './secure.ts';

/** What a socket of the DNS server is called when it is handed over. */
export const dnsSocketName = (transport: TDnsSource): string => `dns-${transport}`;

/** @throws ConfigError when a certificate file cannot be read */
export async function createDnsServer(
  config: TDnsConfig,
  zones: IZoneOptions[],
  sockets: ISocketSource = new InheritedSockets(),
  pairs?: IPairs,
): Promise<DnsServer> {
  const options = await dnsOptions(config, pairs);
  const takeListener = (transport: TDnsSource): number | undefined => {
    const { address, port } = placeOf(transport, options);
    const protocol = transport === 'udp' ? 'udp' : 'tcp';
    return sockets.take({ name: dnsSocketName(transport), protocol, address, port });
  };
  return new DnsServer({ ...options, zones, takeListener });
}

/** Where smartdns binds a transport. */
function placeOf(transport: TDnsSource, options: IDnsServerOptions): { address: string; port: number } {
  const { udpPort = 0, tcpPort, tlsPort = 0, httpsPort = 0, bindInterface = '0.0.0.0' } = options;
  const { udpBindInterface = bindInterface, tcpBindInterface, httpsBindInterface } = options;
  if (transport === 'udp') return { address: udpBindInterface, port: udpPort };
  if (transport === 'tcp') return { address: tcpBindInterface ?? udpBindInterface, port: tcpPort || udpPort };
  return { address: httpsBindInterface ?? bindInterface, port: transport === 'tls' ? tlsPort : httpsPort };
}
