/**
 * From the document's `dns` section to a DnsServer.
 *
 * @module
 */
import { DnsServer, type IZoneOptions } from '@dcrouter/smartdns/server';
import type { TDnsConfig } from '../config/schema/index.ts';
import { dnsOptions } from './options.ts';

/** @throws ConfigError when a certificate file cannot be read */
export async function createDnsServer(config: TDnsConfig, zones: IZoneOptions[]): Promise<DnsServer> {
  return new DnsServer({ ...(await dnsOptions(config)), zones });
}
