/**
 * The PROXY header that tells a target about the client.
 *
 * @module
 */
import { generateV1, generateV2 } from '../proxy-protocol/index.ts';
import type { Connection } from './connection.ts';
import type { TProxyVersion } from './policy.ts';

/** The header of a connection, or null where the target wants none. */
export function proxyHeader(connection: Connection, version: TProxyVersion): Buffer | null {
  if (version === 0) return null;
  const announcement = {
    sourceIp: connection.clientIp,
    sourcePort: connection.clientPort,
    destinationIp: connection.localIp,
    destinationPort: connection.localPort,
  };
  return version === 2 ? generateV2(announcement) : generateV1(announcement);
}
