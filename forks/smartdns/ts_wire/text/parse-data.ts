/**
 * Record data from text.
 *
 * @module
 */
import { WireDecodeError, WireEncodeError } from '../errors.ts';
import { recordDataBytesMax } from '../limits.ts';
import { formatIpv4, formatIpv6, parseIpv4, parseIpv6 } from '../names/addresses.ts';
import { findAlgorithmNumber } from '../numbers/codes.ts';
import { findTypeNumber, typeToName } from '../numbers/types.ts';
import type { TRecordData } from '../rdata/interfaces.ts';
import { findLayout } from '../rdata/layouts.ts';
import type { TFieldKind } from '../rdata/layouts.ts';
import { decodeRecordData } from '../rdata/read.ts';
import { base64Bytes, hexBytes, parseBase32 } from '../rdata/values.ts';
import { encodeRecordData } from '../rdata/write.ts';
import { parseGateway, parseHostIdentity, parseLocation, parsePrefixes, parseRelay } from './parse-rare.ts';
import { parseSvcParams } from './svcparams.ts';
import { parseTime, parseTtl } from './strings.ts';
import type { TokenReader } from './tokens.ts';

type TFieldParser = (tokens: TokenReader, field: string) => unknown;

/** Certificate types by mnemonic (RFC 4398 §2.1). */
const certificateTypes: Readonly<Record<string, number>> = {
  PKIX: 1,
  SPKI: 2,
  PGP: 3,
  IPKIX: 4,
  ISPKI: 5,
  IPGP: 6,
  ACPKIX: 7,
  IACPKIX: 8,
  URI: 253,
  OID: 254,
};

function parseIpv4Field(tokens: TokenReader, field: string): string {
  const text = tokens.text(field);
  const bytes = parseIpv4(text);
  if (bytes === null) throw tokens.fail(`${field} is "${text}", not an IPv4 address`);
  return formatIpv4(Uint8Array.from(bytes), 0);
}

function parseIpv6Field(tokens: TokenReader, field: string): string {
  const text = tokens.text(field);
  const groups = parseIpv6(text);
  if (groups === null) throw tokens.fail(`${field} is "${text}", not an IPv6 address`);
  return formatIpv6(Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 255])), 0);
}

function parseType(tokens: TokenReader, field: string): string {
  const text = tokens.text(field);
  const number = findTypeNumber(text);
  if (number < 0) throw tokens.fail(`${field} is "${text}", not a record type`);
  return typeToName(number);
}

function parseSeconds(tokens: TokenReader, field: string): number {
  const text = tokens.text(field);
  const seconds = parseTtl(text);
  if (seconds < 0) throw tokens.fail(`${field} is "${text}", not a number of seconds such as 3600 or 1h`);
  return seconds;
}

function parseInstant(tokens: TokenReader, field: string): number {
  const text = tokens.text(field);
  const seconds = parseTime(text);
  if (seconds < 0) throw tokens.fail(`${field} is "${text}", not a time such as 20260101000000`);
  return seconds;
}

function parseMnemonic(tokens: TokenReader, field: string, max: number, find: (text: string) => number): number {
  const text = tokens.text(field);
  const number = /^\d{1,6}$/.test(text) ? Number(text) : find(text);
  if (number < 0 || number > max) throw tokens.fail(`${field} is "${text}", which is unknown`);
  return number;
}

function parseStrings(tokens: TokenReader, field: string): unknown {
  const strings = [];
  do strings.push(tokens.string(field));
  while (!tokens.done);
  return strings;
}

function parseTag(tokens: TokenReader, field: string): string {
  const text = tokens.text(field);
  if (!/^[a-zA-Z0-9]{1,255}$/.test(text)) throw tokens.fail(`${field} is "${text}", not letters and digits`);
  return text;
}

/** Data that goes on to the end; none at all is a line cut short. */
function parseJoined(tokens: TokenReader, field: string): string {
  if (tokens.done) throw tokens.fail(`${field} is missing`);
  return tokens.joined();
}

function parseSalt(tokens: TokenReader, field: string): Buffer {
  const text = tokens.text(field);
  return text === '-' ? Buffer.alloc(0) : Buffer.from(hexBytes(text, field));
}

function parseHash(tokens: TokenReader, field: string): Buffer {
  const text = tokens.text(field);
  const bytes = parseBase32(text);
  if (bytes === null) throw tokens.fail(`${field} is "${text}", not base32hex`);
  return bytes;
}

function parseTypes(tokens: TokenReader, field: string): string[] {
  const types: string[] = [];
  while (!tokens.done) types.push(parseType(tokens, field));
  return types;
}

/** Bytes after their count, as TSIG and TKEY are shown; no token follows a count of 0. */
function parseCounted(tokens: TokenReader, field: string): Buffer {
  const count = tokens.integer(`${field} length`, recordDataBytesMax);
  const bytes = count === 0 ? Buffer.alloc(0) : Buffer.from(base64Bytes(tokens.text(field), field));
  if (bytes.length !== count) throw tokens.fail(`${field} has ${bytes.length} bytes, not ${count}`);
  return bytes;
}

/** Groups of hexadecimal digits with their leading zeros. How many there must be is checked when they are encoded. */
function parseGroups(tokens: TokenReader, field: string, digits: number, separator: string): string {
  const groups = tokens.text(field).toLowerCase().split(separator);
  return groups.map((group) => group.padStart(digits, '0')).join(separator);
}

function parseName(tokens: TokenReader, field: string): string {
  return tokens.name(field);
}

const fieldParsers: Readonly<Record<TFieldKind, TFieldParser>> = {
  u8: (tokens, field) => tokens.integer(field, 0xff),
  u16: (tokens, field) => tokens.integer(field, 0xffff),
  u32: (tokens, field) => tokens.integer(field, 0xffffffff),
  ttl: parseSeconds,
  time: parseInstant,
  u48: (tokens, field) => tokens.integer(field, 2 ** 48 - 1),
  type: parseType,
  algorithm: (tokens, field) => parseMnemonic(tokens, field, 0xff, findAlgorithmNumber),
  certificate: (tokens, field) =>
    parseMnemonic(tokens, field, 0xffff, (text) => certificateTypes[text.toUpperCase()] ?? -1),
  ipv4: parseIpv4Field,
  ipv6: parseIpv6Field,
  name: parseName,
  lowered: parseName,
  plain: parseName,
  string: (tokens, field) => tokens.string(field),
  tag: parseTag,
  strings: parseStrings,
  optionalString: (tokens, field) => (tokens.done ? undefined : tokens.string(field)),
  text: (tokens, field) => tokens.string(field),
  hex: (tokens, field) => Buffer.from(hexBytes(parseJoined(tokens, field), field)),
  base64: (tokens, field) => Buffer.from(base64Bytes(parseJoined(tokens, field), field)),
  salt: parseSalt,
  hash: parseHash,
  base64Counted: parseCounted,
  locator: (tokens, field) => parseGroups(tokens, field, 4, ':'),
  eui48: (tokens, field) => parseGroups(tokens, field, 2, '-'),
  eui64: (tokens, field) => parseGroups(tokens, field, 2, '-'),
  types: parseTypes,
  svcParams: parseSvcParams,
  location: parseLocation,
  prefixes: parsePrefixes,
  gateway: parseGateway,
  relay: parseRelay,
  hostIdentity: parseHostIdentity,
};

/** Data of a type from the tokens that remain; all of them must belong to it. */
export function parseDataTokens(tokens: TokenReader, type: number): TRecordData {
  try {
    const first = tokens.tokens[tokens.index];
    if (first !== undefined && !first.quoted && first.text === '\\#') return parseGeneric(tokens, type);
    const data = parseLayout(tokens, type);
    if (!tokens.done) throw tokens.fail(`"${tokens.text('')}" is left over after the ${typeToName(type)} data`);
    // Ranges and relations between fields are the encoder's to know.
    encodeRecordData(type, data);
    return data;
  } catch (error) {
    if (error instanceof WireEncodeError || error instanceof WireDecodeError) throw tokens.fail(error.message);
    throw error;
  }
}

function parseLayout(tokens: TokenReader, type: number): TRecordData {
  const layout = findLayout(type);
  const name = typeToName(type);
  if (layout === undefined) throw tokens.fail(`${name} has no text form of its own: write its data as \\# LENGTH HEX`);
  if (layout.fields === null) return fieldParsers[layout.bare](tokens, `${name} data`) as TRecordData;
  const data: Record<string, unknown> = {};
  for (const [field, kind] of layout.fields) data[field] = fieldParsers[kind](tokens, `${name} ${field}`);
  return data as TRecordData;
}

/** The generic form of any type's data (RFC 3597 §5). */
function parseGeneric(tokens: TokenReader, type: number): TRecordData {
  tokens.index++;
  const length = tokens.integer('data length', recordDataBytesMax);
  const bytes = Buffer.from(hexBytes(tokens.joined(), 'data'));
  if (bytes.length !== length) throw tokens.fail(`the data has ${bytes.length} bytes, not ${length}`);
  return decodeRecordData(type, bytes);
}
