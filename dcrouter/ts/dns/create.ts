/**
 * From the document's `dns` section to a DnsServer.
 *
 * @module
 */
import { DnsServer, type IZoneOptions } from '@dcrouter/smartdns/server';
import type { TConfig } from '../config/schema/index.ts';

export function createDnsServer(config: NonNullable<TConfig['dns']>, zones: IZoneOptions[]): DnsServer {
  return new DnsServer({ udpPort: config.port, bindInterface: config.address, zones });
}
