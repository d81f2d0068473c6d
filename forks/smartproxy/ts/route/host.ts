/**
 * Hosts of targets, as routes and functions name them.
 *
 * @module
 */
import { isIP } from 'node:net';

const NAME = /^(?=.{1,253}\.?$)[A-Za-z0-9_](?:[A-Za-z0-9._-]*)$/;

/** An IPv6 address without the brackets that URLs need; everything else as it is. */
export function bareHost(host: string): string {
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
}

/** Whether a text without brackets is a name or an address: anything else could not be connected to, or would throw. */
export function isHost(host: string): boolean {
  return NAME.test(host) || isIP(host) !== 0;
}
