/**
 * Record data from the wire.
 *
 * @module
 */
import { WireDecodeError, wireFaults } from '../errors.ts';
import type { WireReader } from '../message/reader.ts';
import { WireReader as Reader } from '../message/reader.ts';
import { formatIpv4, formatIpv6 } from '../names/addresses.ts';
import { typeToName } from '../numbers/types.ts';
import type { TRecordData, TText } from './interfaces.ts';
import { findLayout } from './layouts.ts';
import type { TFieldKind } from './layouts.ts';
import { readGateway, readHostIdentity, readLocation, readPrefixes, readRelay } from './rare-read.ts';
import { readSvcParams } from './svcparams.ts';
import { readTypeBitmap } from './typebitmap.ts';
import { bytesText } from './values.ts';

/** A character-string (RFC 1035 §3.3). */
function readString(reader: WireReader): TText {
  return bytesText(reader.bytes(reader.u8()));
}

function readStrings(reader: WireReader): TText[] {
  const strings: TText[] = [];
  while (reader.position < reader.limit) strings.push(readString(reader));
  // RFC 1035 §3.3.14: one or more character-strings.
  if (strings.length === 0) throw wireFaults.badRdata;
  return strings;
}

function readIpv4(reader: WireReader): string {
  const at = reader.position;
  if (at + 4 > reader.limit) throw wireFaults.badRdata;
  reader.position = at + 4;
  return formatIpv4(reader.packet, at);
}

function readIpv6(reader: WireReader): string {
  const at = reader.position;
  if (at + 16 > reader.limit) throw wireFaults.badRdata;
  reader.position = at + 16;
  return formatIpv6(reader.packet, at);
}

function readGroups(reader: WireReader, groups: number, groupBytes: number, separator: string): string {
  const bytes = reader.bytes(groups * groupBytes);
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += groupBytes) parts.push(bytes.toString('hex', at, at + groupBytes));
  return parts.join(separator);
}

function readName(reader: WireReader): string {
  return reader.name();
}

type TFieldReader = (reader: WireReader) => unknown;

const fieldReaders: Readonly<Record<TFieldKind, TFieldReader>> = {
  u8: (reader) => reader.u8(),
  u16: (reader) => reader.u16(),
  u32: (reader) => reader.u32(),
  ttl: (reader) => reader.u32(),
  time: (reader) => reader.u32(),
  u48: (reader) => reader.u48(),
  type: (reader) => typeToName(reader.u16()),
  algorithm: (reader) => reader.u8(),
  certificate: (reader) => reader.u16(),
  ipv4: readIpv4,
  ipv6: readIpv6,
  name: readName,
  lowered: readName,
  plain: readName,
  string: readString,
  tag: readString,
  strings: readStrings,
  optionalString: (reader) => (reader.position < reader.limit ? readString(reader) : undefined),
  text: (reader) => bytesText(reader.rest()),
  hex: (reader) => reader.rest(),
  base64: (reader) => reader.rest(),
  salt: (reader) => reader.bytes(reader.u8()),
  hash: (reader) => reader.bytes(reader.u8()),
  base64Counted: (reader) => reader.bytes(reader.u16()),
  locator: (reader) => readGroups(reader, 4, 2, ':'),
  eui48: (reader) => readGroups(reader, 6, 1, '-'),
  eui64: (reader) => readGroups(reader, 8, 1, '-'),
  types: readTypeBitmap,
  svcParams: readSvcParams,
  location: readLocation,
  prefixes: readPrefixes,
  gateway: readGateway,
  relay: readRelay,
  hostIdentity: readHostIdentity,
};

/**
 * Reads the data between the reader's position and `dataEnd`, and leaves the reader there.
 *
 * @throws the prepared faults; `bad-rdata` when the fields do not fill the data exactly.
 */
export function readRecordData(reader: WireReader, type: number, dataEnd: number): TRecordData {
  const messageLimit = reader.limit;
  if (dataEnd > messageLimit) throw wireFaults.truncated;
  reader.limit = dataEnd;
  const data = readLayout(reader, type);
  if (reader.position !== dataEnd) throw wireFaults.badRdata;
  reader.limit = messageLimit;
  return data;
}

function readLayout(reader: WireReader, type: number): TRecordData {
  const layout = findLayout(type);
  if (layout === undefined) return reader.rest();
  if (layout.fields === null) return fieldReaders[layout.bare](reader) as TRecordData;
  const data: Record<string, unknown> = {};
  for (const [name, kind] of layout.fields) data[name] = fieldReaders[kind](reader);
  return data as TRecordData;
}

/**
 * Decodes the data of one record.
 *
 * @param type number of the type.
 * @param packet holds the message from offset 0, so that compression pointers can be followed.
 * @param start offset of the data.
 * @param end offset after the data.
 * @throws WireDecodeError
 */
export function decodeRecordData(type: number, packet: Uint8Array, start = 0, end = packet.length): TRecordData {
  const reader = new Reader(packet, 0, Math.min(end, packet.length));
  reader.position = start;
  reader.pointerFloor = 0;
  try {
    return readRecordData(reader, type, end);
  } catch (error) {
    if (error instanceof WireDecodeError) {
      throw new WireDecodeError(error.reason, `${typeToName(type)} data: ${error.message}`);
    }
    throw error;
  }
}
