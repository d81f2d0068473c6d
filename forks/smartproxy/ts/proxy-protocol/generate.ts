/**
 * Writes PROXY headers for targets.
 *
 * @module
 */
import { ipWords, normalizeIp, parseIp } from '../security/ip.ts';
import { crc32c } from './crc32c.ts';
import { TLV, type IProxyTlv } from './header.ts';
import { V1_SIGNATURE } from './v1.ts';
import { COMMAND, FAMILY, PROTOCOL, V2_PREFIX_BYTES, V2_SIGNATURE } from './v2.ts';

/** The connection that is announced. */
export interface IProxyAnnouncement {
  readonly sourceIp: string;
  readonly sourcePort: number;
  readonly destinationIp: string;
  readonly destinationPort: number;
}

export interface IProxyV2Options {
  /** Further fields; a checksum among them is ignored, see {@link checksum}. */
  readonly tlvs?: readonly IProxyTlv[];
  /** Whether a CRC-32C of the header is sent. */
  readonly checksum?: boolean;
}

const IPV4_OFFSET = 12;
const TLV_HEAD_BYTES = 3;

/** Version 1 (§2.1). Addresses that are none, and a pair of mixed families where one is no address, give `UNKNOWN`. */
export function generateV1(info: IProxyAnnouncement): Buffer {
  const family = commonFamily(info);
  if (family === 0) return Buffer.from('PROXY UNKNOWN\r\n', 'latin1');
  const text = (ip: string) => (family === 4 ? normalizeIp(ip) : asIpv6(ip));
  return Buffer.from(
    `${V1_SIGNATURE.toString('latin1')}TCP${family} ${text(info.sourceIp)} ${text(info.destinationIp)} ` +
      `${info.sourcePort} ${info.destinationPort}\r\n`,
    'latin1',
  );
}

/** Version 2 (§2.2); addresses that are none give the command `LOCAL`. */
export function generateV2(info: IProxyAnnouncement, options: IProxyV2Options = {}): Buffer {
  const family = commonFamily(info);
  const size = family === 4 ? 4 : 16;
  const addressBytes = family === 0 ? 0 : size * 2 + 4;
  const tlvs = (options.tlvs ?? []).filter((tlv) => tlv.type !== TLV.crc32c);
  if (options.checksum) tlvs.push({ type: TLV.crc32c, value: Buffer.alloc(4) });
  const tlvBytes = tlvs.reduce((sum, tlv) => sum + TLV_HEAD_BYTES + tlv.value.length, 0);
  const header = Buffer.alloc(V2_PREFIX_BYTES + addressBytes + tlvBytes);
  V2_SIGNATURE.copy(header);
  header[12] = 0x20 | (family === 0 ? COMMAND.local : COMMAND.proxy);
  header[13] = family === 0 ? 0 : ((family === 4 ? FAMILY.inet : FAMILY.inet6) << 4) | PROTOCOL.stream;
  header.writeUInt16BE(addressBytes + tlvBytes, 14);
  if (family !== 0) {
    writeAddress(header, V2_PREFIX_BYTES, info.sourceIp, size);
    writeAddress(header, V2_PREFIX_BYTES + size, info.destinationIp, size);
    header.writeUInt16BE(info.sourcePort, V2_PREFIX_BYTES + size * 2);
    header.writeUInt16BE(info.destinationPort, V2_PREFIX_BYTES + size * 2 + 2);
  }
  let at = V2_PREFIX_BYTES + addressBytes;
  for (const { type, value } of tlvs) {
    header[at] = type;
    header.writeUInt16BE(value.length, at + 1);
    value.copy(header, at + TLV_HEAD_BYTES);
    at += TLV_HEAD_BYTES + value.length;
  }
  if (options.checksum) header.writeUInt32BE(crc32c(header), header.length - 4);
  return header;
}

/** 4 when both are IPv4, 6 when both are addresses, 0 otherwise. */
function commonFamily(info: IProxyAnnouncement): 0 | 4 | 6 {
  const source = parseIp(info.sourceIp);
  const destination = parseIp(info.destinationIp);
  if (source === 0 || destination === 0) return 0;
  return source === 4 && destination === 4 ? 4 : 6;
}

/** In a pair of families the IPv4 address is written as mapped, so that both are IPv6. */
function asIpv6(ip: string): string {
  return parseIp(ip) === 4 ? `::ffff:${normalizeIp(ip)}` : normalizeIp(ip);
}

function writeAddress(header: Buffer, at: number, ip: string, size: number): void {
  parseIp(ip);
  const whole = Buffer.alloc(16);
  for (let word = 0; word < 4; word += 1) whole.writeUInt32BE(ipWords[word]!, word * 4);
  whole.copy(header, at, size === 4 ? IPV4_OFFSET : 0);
}
