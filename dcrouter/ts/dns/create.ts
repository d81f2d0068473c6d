/**
 * From the document's `dns` section to a DnsServer.
 *
 * @module
 */
import { DnsServer } from '@dcrouter/smartdns/server';
import type { TConfig } from '../config/schema/index.ts';
import { zonesOf } from './zones.ts';

export function createDnsServer(config: NonNullable<TConfig['dns']>): DnsServer {
  return new DnsServer({ udpPort: config.port, bindInterface: config.address, zones: zonesOf(config) });
}
