/**
 * EDNS options that servers and clients act on. Readers return null for data that contradicts its option, which a
 * server answers with FORMERR.
 *
 * @module
 */
import { isUtf8 } from 'node:buffer';
import { WireEncodeError } from '../errors.ts';
import type { IEdns, IEdnsOption } from '../message/interfaces.ts';
import { formatIpv4, formatIpv6, parseIpv4, parseIpv6 } from '../names/addresses.ts';
import { ednsOptions } from '../numbers/codes.ts';
import { expectInteger } from '../rdata/values.ts';

/** The first option of a kind, or undefined. */
export function findOption(edns: IEdns | undefined, code: number): IEdnsOption | undefined {
  return edns?.options.find((option) => option.code === code);
}

/** Network of a client (RFC 7871 §6). */
export interface IClientSubnet {
  /** 1 is IPv4, 2 is IPv6; 0 with prefix 0 says "do not use any" (§7.1.2). */
  family: 0 | 1 | 2;
  /** Bits that the asker tells. */
  sourcePrefix: number;
  /** Bits that the answer is good for; 0 in queries. */
  scopePrefix: number;
  /** Address with the bits after the prefix cleared; empty for family 0. */
  address: string;
}

const addressBytes = [0, 4, 16] as const;

/** RFC 7871 §6: exact length, no bits beyond the prefix, a known family. */
export function readClientSubnet(data: Uint8Array): IClientSubnet | null {
  if (data.length < 4) return null;
  const family = (data[0]! << 8) | data[1]!;
  const sourcePrefix = data[2]!;
  const scopePrefix = data[3]!;
  if (family !== 0 && family !== 1 && family !== 2) return null;
  const size = addressBytes[family];
  if (sourcePrefix > size * 8 || scopePrefix > size * 8) return null;
  if (data.length !== 4 + Math.ceil(sourcePrefix / 8)) return null;
  const spare = sourcePrefix % 8;
  if (spare !== 0 && (data[data.length - 1]! & (0xff >> spare)) !== 0) return null;
  const full = new Uint8Array(16);
  full.set(data.subarray(4));
  const address = family === 0 ? '' : family === 1 ? formatIpv4(full, 0) : formatIpv6(full, 0);
  return { family, sourcePrefix, scopePrefix, address };
}

/**
 * The option for a client's network; bits of the address after the prefix are cleared.
 *
 * @throws WireEncodeError
 */
export function clientSubnetOption(subnet: IClientSubnet): IEdnsOption {
  const size = addressBytes[subnet.family];
  const source = expectInteger(subnet.sourcePrefix, size * 8, 'client subnet sourcePrefix');
  const scope = expectInteger(subnet.scopePrefix, size * 8, 'client subnet scopePrefix');
  const bytes = subnetBytes(subnet);
  const used = Math.ceil(source / 8);
  const data = Buffer.alloc(4 + used);
  data.writeUInt16BE(subnet.family, 0);
  data[2] = source;
  data[3] = scope;
  data.set(bytes.subarray(0, used), 4);
  if (source % 8 !== 0) data[3 + used] = data[3 + used]! & (0xff << (8 - (source % 8)));
  return { code: ednsOptions.CLIENT_SUBNET, data };
}

function subnetBytes(subnet: IClientSubnet): Uint8Array {
  if (subnet.family === 0) return new Uint8Array(0);
  const parts = subnet.family === 1 ? parseIpv4(subnet.address) : parseIpv6(subnet.address);
  if (parts === null) {
    const reason = subnet.family === 1 ? 'bad-ipv4' : 'bad-ipv6';
    throw new WireEncodeError(reason, `client subnet address ${JSON.stringify(subnet.address)} is not of its family`);
  }
  return Uint8Array.from(subnet.family === 1 ? parts : parts.flatMap((group) => [group >> 8, group & 255]));
}

const clientCookieBytes = 8;
const serverCookieBytesMin = 8;
const serverCookieBytesMax = 32;

export interface ICookie {
  client: Buffer;
  /** Null in the first query to a server. */
  server: Buffer | null;
}

/** RFC 7873 §4: eight bytes of the client's, then none or 8 to 32 of the server's. */
export function readCookie(data: Buffer): ICookie | null {
  if (data.length < clientCookieBytes) return null;
  const client = data.subarray(0, clientCookieBytes);
  if (data.length === clientCookieBytes) return { client, server: null };
  const server = data.subarray(clientCookieBytes);
  return server.length < serverCookieBytesMin || server.length > serverCookieBytesMax ? null : { client, server };
}

/** @throws WireEncodeError for cookies of impossible length. */
export function cookieOption(cookie: ICookie): IEdnsOption {
  const data = cookie.server === null ? cookie.client : Buffer.concat([cookie.client, cookie.server]);
  if (readCookie(data) === null || cookie.client.length !== clientCookieBytes) {
    throw new WireEncodeError('bad-bytes', 'a cookie has 8 bytes of the client and none or 8 to 32 of the server');
  }
  return { code: ednsOptions.COOKIE, data };
}

/** Milliseconds of one unit of the keepalive time-out (RFC 7828 §3.1). */
const keepaliveUnitMs = 100;

/** Idle time-out in milliseconds; -1 where the option has none, as in queries (RFC 7828 §3.1). */
export function readKeepalive(data: Uint8Array): number | null {
  if (data.length === 0) return -1;
  return data.length === 2 ? ((data[0]! << 8) | data[1]!) * keepaliveUnitMs : null;
}

/** @param timeoutMs cut to tenths of a second and to what the option can tell; left out in queries. */
export function keepaliveOption(timeoutMs?: number): IEdnsOption {
  if (timeoutMs === undefined) return { code: ednsOptions.KEEPALIVE, data: Buffer.alloc(0) };
  const data = Buffer.alloc(2);
  data.writeUInt16BE(Math.max(0, Math.min(0xffff, Math.floor(timeoutMs / keepaliveUnitMs))));
  return { code: ednsOptions.KEEPALIVE, data };
}

/** Why an answer is as it is (RFC 8914). */
export interface IExtendedError {
  code: number;
  text: string;
}

/** RFC 8914 §2: a code, then text that may end with a zero byte and need not be UTF-8 to be readable. */
export function readExtendedError(data: Buffer): IExtendedError | null {
  if (data.length < 2) return null;
  const end = data.length > 2 && data[data.length - 1] === 0 ? data.length - 1 : data.length;
  const text = data.subarray(2, end);
  return { code: data.readUInt16BE(0), text: text.toString(isUtf8(text) ? 'utf8' : 'latin1') };
}

export function extendedErrorOption(code: number, text = ''): IEdnsOption {
  const data = Buffer.alloc(2 + Buffer.byteLength(text));
  data.writeUInt16BE(expectInteger(code, 0xffff, 'extended error code'), 0);
  data.write(text, 2, 'utf8');
  return { code: ednsOptions.EXTENDED_ERROR, data };
}

/** NSID (RFC 5001): empty in queries, the server's name or any bytes in answers. */
export function nsidOption(id: string | Buffer = ''): IEdnsOption {
  return { code: ednsOptions.NSID, data: Buffer.from(id) };
}

/** Block sizes that messages are padded to (RFC 8467 §4.1). */
export const queryPaddingBytes = 128;
export const responsePaddingBytes = 468;

/** Bytes of an option's code and length. */
const optionHeadBytes = 4;

/**
 * Padding that brings a message to a multiple of `blockBytes` (RFC 7830, RFC 8467 §4.1).
 *
 * @param messageBytes size of the message with its OPT record, without the padding option.
 */
export function paddingOption(messageBytes: number, blockBytes: number): IEdnsOption {
  const rest = (messageBytes + optionHeadBytes) % blockBytes;
  return { code: ednsOptions.PADDING, data: Buffer.alloc(rest === 0 ? 0 : blockBytes - rest) };
}
