/**
 * Version 2: a binary header (§2.2).
 *
 * @module
 */
import { proxyProtocolLimits } from '../limits/proxy-protocol.ts';
import { normalizeIp } from '../security/ip.ts';
import { crc32c } from './crc32c.ts';
import { INCOMPLETE, invalid, TLV, unknownHeader, type IProxyTlv, type TProxyParse } from './header.ts';

export const V2_SIGNATURE = Buffer.from([0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a]);

/** Signature, version and command, family and protocol, length of the rest. */
export const V2_PREFIX_BYTES = 16;
export const FAMILY = { unspec: 0x0, inet: 0x1, inet6: 0x2, unix: 0x3 } as const;
export const PROTOCOL = { unspec: 0x0, stream: 0x1, dgram: 0x2 } as const;
export const COMMAND = { local: 0x0, proxy: 0x1 } as const;
/** Bytes of both addresses and both ports, by family. */
export const ADDRESS_BYTES: Readonly<Record<number, number>> = { 0: 0, 1: 12, 2: 36, 3: 216 };

/** The bytes at `start` begin with {@link V2_SIGNATURE}. */
export function parseV2(bytes: Buffer, start: number, end: number): TProxyParse {
  if (end - start < V2_PREFIX_BYTES) return INCOMPLETE;
  const versionCommand = bytes[start + 12]!;
  const familyProtocol = bytes[start + 13]!;
  if (versionCommand >> 4 !== 2) return invalid('v2-version');
  const command = versionCommand & 15;
  if (command !== COMMAND.local && command !== COMMAND.proxy) return invalid('v2-command');
  const family = familyProtocol >> 4;
  const protocol = familyProtocol & 15;
  if (family > FAMILY.unix || protocol > PROTOCOL.dgram) return invalid('v2-family');
  const rest = bytes.readUInt16BE(start + 14);
  const length = V2_PREFIX_BYTES + rest;
  if (length > proxyProtocolLimits.v2BytesMax) return invalid('v2-too-long');
  const addressBytes = ADDRESS_BYTES[family]!;
  // LOCAL may leave the address block out, and its family says nothing (§2.2).
  if (command === COMMAND.proxy && rest < addressBytes) return invalid('v2-too-short');
  if (end - start < length) return INCOMPLETE;
  const at = start + V2_PREFIX_BYTES;
  if (command === COMMAND.local) return unknownHeader(2, length);
  const tlvs = parseTlvs(bytes, at + addressBytes, start + length);
  if (tlvs === null) return invalid('v2-tlv');
  if (!checksumHolds(bytes.subarray(start, start + length), addressBytes, tlvs)) return invalid('v2-checksum');
  if (protocol !== PROTOCOL.stream || (family !== FAMILY.inet && family !== FAMILY.inet6)) {
    return unknownHeader(2, length, tlvs);
  }
  const size = family === FAMILY.inet ? 4 : 16;
  return {
    kind: 'header',
    version: 2,
    length,
    known: true,
    sourceIp: addressText(bytes, at, size),
    sourcePort: bytes.readUInt16BE(at + size * 2),
    destinationIp: addressText(bytes, at + size, size),
    destinationPort: bytes.readUInt16BE(at + size * 2 + 2),
    tlvs,
  };
}

/** Type, two bytes of length, value, up to exactly the end of the header (§2.2.1); null when they do not fit. */
function parseTlvs(bytes: Buffer, from: number, end: number): IProxyTlv[] | null {
  const tlvs: IProxyTlv[] = [];
  let at = from;
  while (at < end) {
    if (tlvs.length === proxyProtocolLimits.tlvsMax || at + 3 > end) return null;
    const valueStart = at + 3;
    const valueEnd = valueStart + bytes.readUInt16BE(at + 1);
    if (valueEnd > end) return null;
    // The caller's buffer is reused for the next read, so values are copied out.
    tlvs.push({ type: bytes[at]!, value: Buffer.from(bytes.subarray(valueStart, valueEnd)) });
    at = valueEnd;
  }
  return tlvs;
}

/** PP2_TYPE_CRC32C covers the whole header with its own value as zeros (§2.2.3). */
function checksumHolds(header: Buffer, addressBytes: number, tlvs: readonly IProxyTlv[]): boolean {
  let at = V2_PREFIX_BYTES + addressBytes;
  for (const { type, value } of tlvs) {
    if (type === TLV.crc32c) {
      if (value.length !== 4) return false;
      const zeroed = Buffer.from(header);
      zeroed.fill(0, at + 3, at + 7);
      if (crc32c(zeroed) !== value.readUInt32BE(0)) return false;
    }
    at += 3 + value.length;
  }
  return true;
}

function addressText(bytes: Buffer, at: number, size: number): string {
  const groups: string[] = [];
  if (size === 4) return bytes.subarray(at, at + 4).join('.');
  for (let i = 0; i < size; i += 2) groups.push(bytes.readUInt16BE(at + i).toString(16));
  return normalizeIp(groups.join(':'));
}
