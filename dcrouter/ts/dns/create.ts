/**
 * From the document's `dns` section to a DnsServer.
 *
 * @module
 */
import { DnsServer } from '@dcrouter/smartdns/server';
import type { TDnsConfig } from '../config/schema/index.ts';
import { dnsOptions } from './options.ts';

/**
 * The server without its zones, which `ZoneKeeper` brings.
 *
 * @throws ConfigError when a certificate file cannot be read
 */
export async function createDnsServer(config: TDnsConfig): Promise<DnsServer> {
  return new DnsServer(await dnsOptions(config));
}
