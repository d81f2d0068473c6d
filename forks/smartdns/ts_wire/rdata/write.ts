/**
 * Record data to the wire.
 *
 * @module
 */
import { WireEncodeError } from '../errors.ts';
import { characterStringBytesMax, recordDataBytesMax } from '../limits.ts';
import { WireWriter } from '../message/writer.ts';
import { parseIpv4, parseIpv6 } from '../names/addresses.ts';
import { findAlgorithmNumber } from '../numbers/codes.ts';
import { typeToName, typeToNumber } from '../numbers/types.ts';
import { findLayout } from './layouts.ts';
import type { TFieldKind } from './layouts.ts';
import { writeGateway, writeHostIdentity, writeLocation, writePrefixes, writeRelay } from './rare-write.ts';
import { writeSvcParams } from './svcparams.ts';
import { writeTypeBitmap } from './typebitmap.ts';
import {
  base64Bytes,
  describe,
  expectInteger,
  expectString,
  hexBytes,
  missingOr,
  parseBase32,
  textBytes,
} from './values.ts';

type TFieldWriter = (writer: WireWriter, value: unknown, field: string) => void;

function writeIpv4(writer: WireWriter, value: unknown, field: string): void {
  const bytes = typeof value === 'string' ? parseIpv4(value) : null;
  if (bytes === null) throw missingOr(value, 'bad-ipv4', field, 'an IPv4 address such as 192.0.2.1');
  writer.u32(((bytes[0]! << 24) | (bytes[1]! << 16) | (bytes[2]! << 8) | bytes[3]!) >>> 0);
}

function writeIpv6(writer: WireWriter, value: unknown, field: string): void {
  const groups = typeof value === 'string' ? parseIpv6(value) : null;
  if (groups === null) throw missingOr(value, 'bad-ipv6', field, 'an IPv6 address such as 2001:db8::1');
  for (const group of groups) writer.u16(group);
}

function writeString(writer: WireWriter, value: unknown, field: string): void {
  const bytes = textBytes(value, field);
  if (bytes.length > characterStringBytesMax) {
    throw new WireEncodeError('bad-string', `${field} has ${bytes.length} bytes; one character-string holds 255`);
  }
  writer.u8(bytes.length);
  writer.bytes(bytes);
}

/**
 * Character-strings up to the end. Text of more than 255 bytes becomes several strings (RFC 1035 §3.3.14), as readers
 * of TXT records put them together again; a string is cut between characters, so that each part is text too.
 */
function writeStrings(writer: WireWriter, value: unknown, field: string): void {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  if (list.length === 0) throw new WireEncodeError('bad-string', `${field} is empty: at least one string is needed`);
  for (const entry of list) {
    const bytes = textBytes(entry, field);
    let at = 0;
    do {
      const end = typeof entry === 'string' ? characterBoundary(bytes, at) : at + characterStringBytesMax;
      const part = bytes.subarray(at, end);
      writer.u8(part.length);
      writer.bytes(part);
      at = end;
    } while (at < bytes.length);
  }
}

/** Where to cut UTF-8 text so that at most 255 bytes and no broken character stand before the cut. */
function characterBoundary(bytes: Uint8Array, from: number): number {
  let end = from + characterStringBytesMax;
  if (end >= bytes.length) return bytes.length;
  while ((bytes[end]! & 0xc0) === 0x80) end--;
  return end;
}

function writeCounted(writer: WireWriter, bytes: Uint8Array, field: string): void {
  if (bytes.length > 255) throw new WireEncodeError('bad-bytes', `${field} has ${bytes.length} bytes; 255 is the most`);
  writer.u8(bytes.length);
  writer.bytes(bytes);
}

function writeHash(writer: WireWriter, value: unknown, field: string): void {
  const bytes = typeof value === 'string' ? parseBase32(value) : value instanceof Uint8Array ? value : null;
  if (bytes === null) throw missingOr(value, 'bad-bytes', field, 'bytes or base32hex text');
  writeCounted(writer, bytes, field);
}

function writeGroups(groups: number, digits: number): TFieldWriter {
  const pattern = new RegExp(`^[0-9a-fA-F]{1,${digits}}(?:[:-][0-9a-fA-F]{1,${digits}}){${groups - 1}}$`);
  return (writer, value, field) => {
    if (typeof value !== 'string' || !pattern.test(value)) {
      throw missingOr(value, 'bad-bytes', field, `${groups} groups of ${digits} hexadecimal digits`);
    }
    const parts = value.split(/[:-]/).map((part) => part.padStart(digits, '0'));
    writer.bytes(Buffer.from(parts.join(''), 'hex'));
  };
}

function integerWriter(max: number, write: (writer: WireWriter, value: number) => void): TFieldWriter {
  return (writer, value, field) => write(writer, expectInteger(value, max, field));
}

const writeU8 = integerWriter(0xff, (writer, value) => writer.u8(value));
const writeU16 = integerWriter(0xffff, (writer, value) => writer.u16(value));
const writeU32 = integerWriter(0xffffffff, (writer, value) => writer.u32(value));

const fieldWriters: Readonly<Record<TFieldKind, TFieldWriter>> = {
  u8: writeU8,
  u16: writeU16,
  u32: writeU32,
  ttl: writeU32,
  time: writeU32,
  u48: integerWriter(2 ** 48 - 1, (writer, value) => writer.u48(value)),
  type: (writer, value) => writer.u16(typeToNumber(value as string)),
  algorithm: (writer, value, field) =>
    writeU8(writer, typeof value === 'string' ? findAlgorithmNumber(value) : value, field),
  certificate: writeU16,
  ipv4: writeIpv4,
  ipv6: writeIpv6,
  name: (writer, value, field) => writer.compressedName(expectString(value, field)),
  lowered: (writer, value, field) => writer.loweredName(expectString(value, field)),
  plain: (writer, value, field) => writer.plainName(expectString(value, field)),
  string: writeString,
  tag: writeString,
  strings: writeStrings,
  optionalString: (writer, value, field) => {
    if (value !== undefined) writeString(writer, value, field);
  },
  text: (writer, value, field) => writer.bytes(textBytes(value, field)),
  hex: (writer, value, field) => writer.bytes(hexBytes(value, field)),
  base64: (writer, value, field) => writer.bytes(base64Bytes(value, field)),
  salt: (writer, value, field) => writeCounted(writer, value === '-' ? Buffer.alloc(0) : hexBytes(value, field), field),
  hash: writeHash,
  base64Counted: (writer, value, field) => {
    const bytes = base64Bytes(value, field);
    writer.u16(expectInteger(bytes.length, 0xffff, `${field} length`));
    writer.bytes(bytes);
  },
  locator: writeGroups(4, 4),
  eui48: writeGroups(6, 2),
  eui64: writeGroups(8, 2),
  types: writeTypeBitmap,
  svcParams: writeSvcParams,
  location: writeLocation,
  prefixes: writePrefixes,
  gateway: writeGateway,
  relay: writeRelay,
  hostIdentity: writeHostIdentity,
};

/**
 * Writes the data of a record of the given type. Types without a layout take a Buffer as it is (RFC 3597).
 *
 * @throws WireEncodeError
 */
export function writeRecordData(writer: WireWriter, type: number, data: unknown): void {
  const layout = findLayout(type);
  if (layout === undefined) {
    if (!(data instanceof Uint8Array)) throw missingOr(data, 'bad-bytes', `${typeToName(type)} data`, 'a Buffer');
    writer.bytes(data);
    return;
  }
  if (layout.fields === null) {
    fieldWriters[layout.bare](writer, data, `${typeToName(type)} data`);
    return;
  }
  if (typeof data !== 'object' || data === null || Array.isArray(data) || data instanceof Uint8Array) {
    const names = layout.fields.map(([name]) => name).join(', ');
    throw new WireEncodeError('bad-data', `${typeToName(type)} data is ${describe(data)}, not an object with ${names}`);
  }
  for (const [name, kind] of layout.fields) {
    fieldWriters[kind](writer, (data as Readonly<Record<string, unknown>>)[name], `${typeToName(type)} ${name}`);
  }
}

let dataWriter: WireWriter | null = null;

function encodeData(type: string | number, data: unknown, canonical: boolean): Buffer {
  dataWriter ??= new WireWriter();
  dataWriter.begin(0, recordDataBytesMax, false, canonical);
  writeRecordData(dataWriter, typeToNumber(type), data);
  return dataWriter.copy();
}

/**
 * Wire data of a record, names uncompressed.
 *
 * @throws WireEncodeError
 */
export function encodeRecordData(type: string | number, data: unknown): Buffer {
  return encodeData(type, data, false);
}

/**
 * Wire data of a record in canonical form: names uncompressed and lower case where RFC 4034 §6.2 says so.
 *
 * @throws WireEncodeError
 */
export function encodeCanonicalRecordData(type: string | number, data: unknown): Buffer {
  return encodeData(type, data, true);
}
