/**
 * Service parameters of SVCB and HTTPS (RFC 9460).
 *
 * @module
 */
import { WireEncodeError, wireFaults } from '../errors.ts';
import type { WireReader } from '../message/reader.ts';
import type { WireWriter } from '../message/writer.ts';
import { formatIpv4, formatIpv6, parseIpv4, parseIpv6 } from '../names/addresses.ts';
import type { ISvcParams, TText } from './interfaces.ts';
import { base64Bytes, bytesText, expectInteger, expectString, textBytes } from './values.ts';

/** Parameter keys by name (RFC 9460 §14.3.2, RFC 9461 §5, RFC 9540 §4). */
export const svcParamKeys = {
  'mandatory': 0,
  'alpn': 1,
  'no-default-alpn': 2,
  'port': 3,
  'ipv4hint': 4,
  'ech': 5,
  'ipv6hint': 6,
  'dohpath': 7,
  'ohttp': 8,
} as const;

type TSvcParamName = keyof typeof svcParamKeys;

const names = new Map<number, TSvcParamName>(
  Object.entries(svcParamKeys).map(([name, key]) => [key, name as TSvcParamName]),
);

/** Name of a parameter key, or `keyN`. */
export function svcParamName(key: number): string {
  return names.get(key) ?? `key${key}`;
}

/** Number of a parameter name or `keyN` (no leading zeros, RFC 9460 §2.1), or -1. */
export function findSvcParamKey(name: string): number {
  if (Object.hasOwn(svcParamKeys, name)) return svcParamKeys[name as TSvcParamName];
  const generic = /^key(0|[1-9]\d{0,4})$/.exec(name);
  const key = generic === null ? -1 : Number(generic[1]);
  return key <= 65_535 ? key : -1;
}

export function readSvcParams(reader: WireReader): ISvcParams {
  const params: Record<string, unknown> = {};
  const dataEnd = reader.limit;
  const keys = new Set<number>();
  let previous = -1;
  while (reader.position < dataEnd) {
    const key = reader.u16();
    const length = reader.u16();
    const end = reader.position + length;
    // RFC 9460 §2.2: strictly increasing order of keys.
    if (key <= previous || end > dataEnd) throw wireFaults.badRdata;
    previous = key;
    keys.add(key);
    reader.limit = end;
    params[svcParamName(key)] = readValue(reader, key);
    if (reader.position !== end) throw wireFaults.badRdata;
    reader.limit = dataEnd;
  }
  if (relationError(keys, params['mandatory'] as string[] | undefined) !== null) throw wireFaults.badRdata;
  return params as ISvcParams;
}

function readValue(reader: WireReader, key: number): unknown {
  const size = reader.limit - reader.position;
  switch (key) {
    case svcParamKeys.mandatory: {
      if (size === 0 || size % 2 !== 0) throw wireFaults.badRdata;
      const keys: string[] = [];
      while (reader.position < reader.limit) keys.push(svcParamName(reader.u16()));
      return keys;
    }
    case svcParamKeys.alpn: {
      const ids: TText[] = [];
      while (reader.position < reader.limit) {
        const length = reader.u8();
        if (length === 0) throw wireFaults.badRdata;
        ids.push(bytesText(reader.bytes(length)));
      }
      if (ids.length === 0) throw wireFaults.badRdata;
      return ids;
    }
    case svcParamKeys['no-default-alpn']:
    case svcParamKeys.ohttp:
      if (size !== 0) throw wireFaults.badRdata;
      return true;
    case svcParamKeys.port:
      return reader.u16();
    case svcParamKeys.ipv4hint:
      return readAddresses(reader, 4);
    case svcParamKeys.ipv6hint:
      return readAddresses(reader, 16);
    case svcParamKeys.dohpath:
      return bytesText(reader.rest());
    default:
      return reader.rest();
  }
}

function readAddresses(reader: WireReader, bytesEach: number): string[] {
  const bytes = reader.rest();
  if (bytes.length === 0 || bytes.length % bytesEach !== 0) throw wireFaults.badRdata;
  const addresses: string[] = [];
  for (let at = 0; at < bytes.length; at += bytesEach) {
    addresses.push(bytesEach === 4 ? formatIpv4(bytes, at) : formatIpv6(bytes, at));
  }
  return addresses;
}

export function writeSvcParams(writer: WireWriter, value: unknown, field: string): void {
  if (value === undefined) return;
  if (typeof value !== 'object' || value === null) {
    throw new WireEncodeError('bad-data', `${field} is not an object of service parameters`);
  }
  const params: Array<[number, unknown]> = [];
  for (const [name, content] of Object.entries(value)) {
    if (content === undefined) continue;
    const key = findSvcParamKey(name);
    if (key < 0) throw new WireEncodeError('bad-data', `${field}.${name} is no service parameter: use a name or keyN`);
    params.push([key, content]);
  }
  params.sort((left, right) => left[0] - right[0]);
  checkParams(params, field);
  for (const [key, content] of params) {
    writer.u16(key);
    const lengthAt = writer.position;
    writer.u16(0);
    writeValue(writer, key, content, `${field}.${svcParamName(key)}`);
    writer.patchU16(lengthAt, writer.position - lengthAt - 2);
  }
}

/** What is wrong between the parameters, or null: mandatory keys (RFC 9460 §8) and ALPN (§7.1.1). */
function relationError(keys: ReadonlySet<number>, mandatory: readonly string[] | undefined): string | null {
  if (keys.has(svcParamKeys['no-default-alpn']) && !keys.has(svcParamKeys.alpn))
    return 'has no-default-alpn without alpn';
  if (mandatory === undefined) return null;
  const wanted = mandatory.map((name) => findSvcParamKey(String(name)));
  if (wanted.length === 0 || new Set(wanted).size !== wanted.length) return 'has a mandatory list with repetitions';
  const missing = wanted.find((key) => key === svcParamKeys.mandatory || !keys.has(key));
  return missing === undefined ? null : `names ${svcParamName(missing)} as mandatory, which is not there`;
}

function checkParams(params: ReadonlyArray<readonly [number, unknown]>, field: string): void {
  const keys = new Set(params.map(([key]) => key));
  if (keys.size !== params.length) throw new WireEncodeError('bad-data', `${field} has one parameter twice`);
  const mandatory = params.find(([key]) => key === svcParamKeys.mandatory)?.[1];
  if (mandatory !== undefined && !Array.isArray(mandatory)) {
    throw new WireEncodeError('bad-data', `${field}.mandatory is not a list`);
  }
  const problem = relationError(keys, mandatory as string[] | undefined);
  if (problem !== null) throw new WireEncodeError('bad-data', `${field} ${problem}`);
}

function writeValue(writer: WireWriter, key: number, value: unknown, field: string): void {
  switch (key) {
    case svcParamKeys.mandatory:
      for (const wanted of (value as string[]).map(findSvcParamKey).sort((left, right) => left - right)) {
        writer.u16(wanted);
      }
      return;
    case svcParamKeys.alpn:
      for (const id of expectList(value, field)) {
        const bytes = textBytes(id, field);
        if (bytes.length === 0 || bytes.length > 255) {
          throw new WireEncodeError('bad-string', `${field} has an id of ${bytes.length} bytes: 1 to 255 are possible`);
        }
        writer.u8(bytes.length);
        writer.bytes(bytes);
      }
      return;
    case svcParamKeys['no-default-alpn']:
    case svcParamKeys.ohttp:
      if (value !== true) throw new WireEncodeError('bad-data', `${field} carries no value: set it to true`);
      return;
    case svcParamKeys.port:
      writer.u16(expectInteger(value, 0xffff, field));
      return;
    case svcParamKeys.ipv4hint:
    case svcParamKeys.ipv6hint:
      for (const address of expectList(value, field)) writeAddress(writer, key, expectString(address, field), field);
      return;
    case svcParamKeys.ech:
      writer.bytes(base64Bytes(value, field));
      return;
    default:
      writer.bytes(textBytes(value, field));
  }
}

function expectList(value: unknown, field: string): unknown[] {
  if (Array.isArray(value) && value.length > 0) return value;
  throw new WireEncodeError('bad-data', `${field} is not a list of at least one entry`);
}

function writeAddress(writer: WireWriter, key: number, address: string, field: string): void {
  if (key === svcParamKeys.ipv4hint) {
    const bytes = parseIpv4(address);
    if (bytes === null)
      throw new WireEncodeError('bad-ipv4', `${field}: ${JSON.stringify(address)} is no IPv4 address`);
    for (const byte of bytes) writer.u8(byte);
    return;
  }
  const groups = parseIpv6(address);
  if (groups === null) throw new WireEncodeError('bad-ipv6', `${field}: ${JSON.stringify(address)} is no IPv6 address`);
  for (const group of groups) writer.u16(group);
}
