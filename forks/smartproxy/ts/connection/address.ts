/**
 * Addresses as sockets give them.
 *
 * @module
 */

const V4_MAPPED = '::ffff:';

/** IPv4 addresses as such, also where the socket is an IPv6 one (RFC 4291 §2.5.5.2). */
export function plainAddress(address: string): string {
  return address.startsWith(V4_MAPPED) && address.includes('.') ? address.slice(V4_MAPPED.length) : address;
}
