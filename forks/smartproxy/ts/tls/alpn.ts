/**
 * Names of the protocols inside TLS, as its extension has them.
 *
 * @module
 */

/** A list of protocols, in both forms that Node takes it in. */
export class Protocols {
  readonly names: string[];
  readonly list: Buffer;

  constructor(...names: string[]) {
    this.names = names;
    this.list = protocolList(names);
  }
}

/** A length before each name (RFC 7301 §3.1). */
export function protocolList(names: readonly string[]): Buffer {
  return Buffer.from(names.map((name) => String.fromCharCode(name.length) + name).join(''), 'latin1');
}
