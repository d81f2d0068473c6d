/**
 * Reading the types whose data is not a plain list of fields: LOC, APL, IPSECKEY, AMTRELAY, HIP.
 *
 * @module
 */
import { wireFaults } from '../errors.ts';
import type { WireReader } from '../message/reader.ts';
import { formatIpv4, formatIpv6 } from '../names/addresses.ts';
import type { IAmtrelayData, IAplItem, IHipData, IIpseckeyData, ILocData } from './interfaces.ts';

/** Thousandths of an arc second in one degree. */
export const arcUnitsPerDegree = 3_600_000;

/** Metres below the reference spheroid at which altitudes begin (RFC 1876 §2). */
export const altitudeBaseMetres = 100_000;

/** Metres of a size or precision: four bits of mantissa, four of exponent, in centimetres (RFC 1876 §2). */
function precisionMetres(byte: number): number {
  const mantissa = byte >> 4;
  const exponent = byte & 15;
  if (mantissa > 9 || exponent > 9) throw wireFaults.badRdata;
  return (mantissa * 10 ** exponent) / 100;
}

export function readLocation(reader: WireReader): ILocData {
  // RFC 1876 §2: version 0 is the only one.
  if (reader.u8() !== 0) throw wireFaults.badRdata;
  const size = precisionMetres(reader.u8());
  const horizontalPrecision = precisionMetres(reader.u8());
  const verticalPrecision = precisionMetres(reader.u8());
  const latitude = (reader.u32() - 0x80000000) / arcUnitsPerDegree;
  const longitude = (reader.u32() - 0x80000000) / arcUnitsPerDegree;
  if (Math.abs(latitude) > 90 || Math.abs(longitude) > 180) throw wireFaults.badRdata;
  const altitude = (reader.u32() - altitudeBaseMetres * 100) / 100;
  return { latitude, longitude, altitude, size, horizontalPrecision, verticalPrecision };
}

export function readPrefixes(reader: WireReader): IAplItem[] {
  const items: IAplItem[] = [];
  while (reader.position < reader.limit) {
    const family = reader.u16();
    const prefixLength = reader.u8();
    const flagAndLength = reader.u8();
    const part = reader.bytes(flagAndLength & 127);
    // RFC 3123 §4: trailing zero bytes are left out.
    if (part.length > 0 && part[part.length - 1] === 0) throw wireFaults.badRdata;
    const item = { family, prefixLength, negate: flagAndLength > 127 };
    if (family !== 1 && family !== 2) {
      items.push({ ...item, address: part });
      continue;
    }
    const size = family === 1 ? 4 : 16;
    if (part.length > size || prefixLength > size * 8) throw wireFaults.badRdata;
    const full = Buffer.alloc(size);
    part.copy(full);
    items.push({ ...item, address: family === 1 ? formatIpv4(full, 0) : formatIpv6(full, 0) });
  }
  return items;
}

/** A gateway or relay of type 0 (none), 1 (IPv4), 2 (IPv6) or 3 (a name). */
function readEndpoint(reader: WireReader, type: number): string {
  if (type === 0) return '.';
  if (type === 1) return formatIpv4(reader.bytes(4), 0);
  if (type === 2) return formatIpv6(reader.bytes(16), 0);
  if (type === 3) return reader.name();
  throw wireFaults.badRdata;
}

export function readGateway(reader: WireReader): IIpseckeyData {
  const precedence = reader.u8();
  const gatewayType = reader.u8();
  const algorithm = reader.u8();
  const gateway = readEndpoint(reader, gatewayType);
  return { precedence, gatewayType, algorithm, gateway, publicKey: reader.rest() };
}

export function readRelay(reader: WireReader): IAmtrelayData {
  const precedence = reader.u8();
  const flagAndType = reader.u8();
  const relayType = flagAndType & 127;
  return { precedence, discoveryOptional: flagAndType > 127, relayType, relay: readEndpoint(reader, relayType) };
}

export function readHostIdentity(reader: WireReader): IHipData {
  const hitBytes = reader.u8();
  const algorithm = reader.u8();
  const keyBytes = reader.u16();
  const hit = reader.bytes(hitBytes);
  const publicKey = reader.bytes(keyBytes);
  const servers: string[] = [];
  while (reader.position < reader.limit) servers.push(reader.name());
  return { algorithm, hit, publicKey, servers };
}
