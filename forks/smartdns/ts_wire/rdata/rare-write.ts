/**
 * Writing the types whose data is not a plain list of fields: LOC, APL, IPSECKEY, AMTRELAY, HIP.
 *
 * @module
 */
import { WireEncodeError } from '../errors.ts';
import type { WireWriter } from '../message/writer.ts';
import { parseIpv4, parseIpv6 } from '../names/addresses.ts';
import { altitudeBaseMetres, arcUnitsPerDegree } from './rare-read.ts';
import { base64Bytes, describe, expectInteger, expectString, hexBytes } from './values.ts';

function expectObject(value: unknown, field: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  throw new WireEncodeError('bad-data', `${field} is ${describe(value)}, not an object`);
}

function expectFinite(value: unknown, low: number, high: number, field: string): number {
  if (typeof value === 'number' && value >= low && value <= high) return value;
  throw new WireEncodeError('bad-number', `${field} is ${describe(value)}, not a number from ${low} to ${high}`);
}

/** Mantissa and exponent of a length; digits after the first are lost, as in the format itself. */
function precisionByte(value: unknown, field: string): number {
  const centimetres = Math.round(expectFinite(value, 0, 90_000_000, field) * 100);
  let exponent = 0;
  let mantissa = centimetres;
  while (mantissa > 9) {
    mantissa = Math.floor(mantissa / 10);
    exponent++;
  }
  return (mantissa << 4) | exponent;
}

export function writeLocation(writer: WireWriter, value: unknown, field: string): void {
  const data = expectObject(value, field);
  writer.u8(0);
  writer.u8(precisionByte(data['size'] ?? 1, `${field} size`));
  writer.u8(precisionByte(data['horizontalPrecision'] ?? 10_000, `${field} horizontalPrecision`));
  writer.u8(precisionByte(data['verticalPrecision'] ?? 10, `${field} verticalPrecision`));
  const latitude = expectFinite(data['latitude'], -90, 90, `${field} latitude`);
  const longitude = expectFinite(data['longitude'], -180, 180, `${field} longitude`);
  const highest = (0xffffffff - altitudeBaseMetres * 100) / 100;
  const altitude = expectFinite(data['altitude'] ?? 0, -altitudeBaseMetres, highest, `${field} altitude`);
  writer.u32(Math.round(latitude * arcUnitsPerDegree) + 0x80000000);
  writer.u32(Math.round(longitude * arcUnitsPerDegree) + 0x80000000);
  writer.u32(Math.round(altitude * 100) + altitudeBaseMetres * 100);
}

function addressBytes(family: number, address: unknown, field: string): Uint8Array {
  if (family === 1) {
    const bytes = parseIpv4(expectString(address, field));
    if (bytes === null) throw new WireEncodeError('bad-ipv4', `${field} is no IPv4 address`);
    return Uint8Array.from(bytes);
  }
  const groups = parseIpv6(expectString(address, field));
  if (groups === null) throw new WireEncodeError('bad-ipv6', `${field} is no IPv6 address`);
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 255]));
}

export function writePrefixes(writer: WireWriter, value: unknown, field: string): void {
  if (!Array.isArray(value)) throw new WireEncodeError('bad-data', `${field} is not an array`);
  for (const entry of value) {
    const item = expectObject(entry, field);
    const family = expectInteger(item['family'], 0xffff, `${field} family`);
    const known = family === 1 || family === 2;
    const bytes = known ? addressBytes(family, item['address'], `${field} address`) : hexBytes(item['address'], field);
    let length = bytes.length;
    while (length > 0 && bytes[length - 1] === 0) length--;
    if (length > 127) throw new WireEncodeError('bad-bytes', `${field} address has more than 127 bytes`);
    writer.u16(family);
    const longest = family === 1 ? 32 : family === 2 ? 128 : 255;
    writer.u8(expectInteger(item['prefixLength'], longest, `${field} prefixLength`));
    writer.u8((item['negate'] === true ? 128 : 0) | length);
    writer.bytes(bytes.subarray(0, length));
  }
}

function writeEndpoint(writer: WireWriter, type: number, value: unknown, field: string): void {
  if (type === 0) return;
  if (type === 1 || type === 2) writer.bytes(addressBytes(type, value, field));
  else if (type === 3) writer.plainName(expectString(value, field));
  else throw new WireEncodeError('bad-number', `${field}: type ${type} is unknown; 0, 1, 2 or 3 are possible`);
}

export function writeGateway(writer: WireWriter, value: unknown, field: string): void {
  const data = expectObject(value, field);
  const type = expectInteger(data['gatewayType'], 255, `${field} gatewayType`);
  writer.u8(expectInteger(data['precedence'], 255, `${field} precedence`));
  writer.u8(type);
  writer.u8(expectInteger(data['algorithm'], 255, `${field} algorithm`));
  writeEndpoint(writer, type, data['gateway'], `${field} gateway`);
  writer.bytes(base64Bytes(data['publicKey'] ?? '', `${field} publicKey`));
}

export function writeRelay(writer: WireWriter, value: unknown, field: string): void {
  const data = expectObject(value, field);
  const type = expectInteger(data['relayType'], 127, `${field} relayType`);
  writer.u8(expectInteger(data['precedence'], 255, `${field} precedence`));
  writer.u8((data['discoveryOptional'] === true ? 128 : 0) | type);
  writeEndpoint(writer, type, data['relay'], `${field} relay`);
}

export function writeHostIdentity(writer: WireWriter, value: unknown, field: string): void {
  const data = expectObject(value, field);
  const hit = hexBytes(data['hit'], `${field} hit`);
  const publicKey = base64Bytes(data['publicKey'], `${field} publicKey`);
  writer.u8(expectInteger(hit.length, 255, `${field} hit length`));
  writer.u8(expectInteger(data['algorithm'], 255, `${field} algorithm`));
  writer.u16(expectInteger(publicKey.length, 0xffff, `${field} publicKey length`));
  writer.bytes(hit);
  writer.bytes(publicKey);
  const servers = data['servers'] ?? [];
  if (!Array.isArray(servers)) throw new WireEncodeError('bad-data', `${field} servers is not an array`);
  for (const server of servers) writer.plainName(expectString(server, `${field} servers`));
}
