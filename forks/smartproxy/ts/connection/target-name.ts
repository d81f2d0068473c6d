/**
 * How targets are called in numbers, states and events.
 *
 * @module
 */
import net from 'node:net';

/** Stands in for the port of a target whose ports are in SRV records. */
export const SRV_PORT = 0;

/** `host:port`, IPv6 addresses in brackets; `name:srv` for a target by SRV records. */
export function targetName(host: string, port: number): string {
  if (port === SRV_PORT) return `${host}:srv`;
  return net.isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
}
