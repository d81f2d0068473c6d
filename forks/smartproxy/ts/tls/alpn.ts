/**
 * Names of the protocols inside TLS, as its extension has them.
 *
 * @module
 */

/** A length before each name (RFC 7301 §3.1). */
export function protocolList(names: readonly string[]): Buffer {
  return Buffer.from(names.map((name) => String.fromCharCode(name.length) + name).join(''), 'latin1');
}
