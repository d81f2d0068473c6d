/** @module */
import type { TProxyFault } from './header.ts';

const TEXTS: Readonly<Record<TProxyFault, string>> = {
  'v1-too-long': 'the version 1 line is longer than 107 bytes',
  'v1-syntax': 'the version 1 line is not "PROXY TCP4|TCP6 source destination port port"',
  'v1-address': 'an address of the version 1 line does not fit its family',
  'v1-port': 'a port of the version 1 line is not 0 to 65535',
  'v2-version': 'the version of the binary header is not 2',
  'v2-command': 'the command of the binary header is neither LOCAL nor PROXY',
  'v2-family': 'the address family or protocol of the binary header is unknown',
  'v2-too-long': 'the binary header is longer than the limit',
  'v2-too-short': 'the binary header is too short for its addresses',
  'v2-tlv': 'a field of the binary header runs past its end',
  'v2-checksum': 'the checksum of the binary header is wrong',
};

/** Thrown where upstream's interface throws. `code` is stable. */
export class ProxyProtocolError extends Error {
  readonly code = 'PROXY_PROTOCOL_INVALID';
  readonly reason: TProxyFault;

  constructor(reason: TProxyFault) {
    super(`invalid PROXY header: ${TEXTS[reason]}`);
    this.name = 'ProxyProtocolError';
    this.reason = reason;
  }
}
