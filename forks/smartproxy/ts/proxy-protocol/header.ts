/**
 * What a PROXY protocol header says. The sections named in this folder are those of HAProxy's proxy-protocol.txt.
 *
 * @module
 */

/** A type-length-value field of version 2 (§2.2). */
export interface IProxyTlv {
  readonly type: number;
  readonly value: Buffer;
}

/** Types of TLV that carry something of use here (§2.2.1 to §2.2.5). */
export const TLV = { alpn: 0x01, authority: 0x02, crc32c: 0x03, noop: 0x04, uniqueId: 0x05, ssl: 0x20 } as const;

/** An announced connection, or with `known: false` one about which the sender says nothing: keep the real addresses. */
export interface IProxyHeader {
  readonly kind: 'header';
  readonly version: 1 | 2;
  /** Bytes of the header; what follows belongs to the connection. */
  readonly length: number;
  /** False for `UNKNOWN`, `LOCAL`, UNIX sockets and protocols that are not TCP over IP. */
  readonly known: boolean;
  readonly sourceIp: string;
  readonly sourcePort: number;
  readonly destinationIp: string;
  readonly destinationPort: number;
  readonly tlvs: readonly IProxyTlv[];
}

/** Why bytes that begin like a header are none. Counted by this reason. */
export type TProxyFault =
  | 'v1-too-long'
  | 'v1-syntax'
  | 'v1-address'
  | 'v1-port'
  | 'v2-version'
  | 'v2-command'
  | 'v2-family'
  | 'v2-too-long'
  | 'v2-too-short'
  | 'v2-tlv'
  | 'v2-checksum';

/** What the first bytes of a connection are. */
export type TProxyParse =
  | IProxyHeader
  /** No PROXY header begins like this. */
  | { readonly kind: 'none' }
  /** More bytes are needed to tell. */
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'invalid'; readonly reason: TProxyFault };

export const NONE: TProxyParse = Object.freeze({ kind: 'none' });
export const INCOMPLETE: TProxyParse = Object.freeze({ kind: 'incomplete' });

export function invalid(reason: TProxyFault): TProxyParse {
  return { kind: 'invalid', reason };
}

/** A header about a connection that is not described. */
export function unknownHeader(version: 1 | 2, length: number, tlvs: readonly IProxyTlv[] = []): IProxyHeader {
  return {
    kind: 'header',
    version,
    length,
    known: false,
    sourceIp: '',
    sourcePort: 0,
    destinationIp: '',
    destinationPort: 0,
    tlvs,
  };
}
