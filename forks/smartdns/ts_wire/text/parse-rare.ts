/**
 * Text of the types whose data is not a plain list of fields: LOC, APL, IPSECKEY, AMTRELAY, HIP.
 *
 * @module
 */
import { formatIpv6, parseIpv4, parseIpv6 } from '../names/addresses.ts';
import type { IAmtrelayData, IAplItem, IHipData, IIpseckeyData, ILocData } from '../rdata/interfaces.ts';
import { base64Bytes, hexBytes } from '../rdata/values.ts';
import type { TokenReader } from './tokens.ts';

/** Degrees of `d [m [s]] {N|S}` (RFC 1876 §3). */
function parseDegrees(tokens: TokenReader, positive: string, negative: string, field: string): number {
  const parts: number[] = [];
  for (;;) {
    const text = tokens.text(field);
    const upper = text.toUpperCase();
    if (upper === positive || upper === negative) {
      if (parts.length === 0) throw tokens.fail(`${field} has no degrees`);
      const [degrees = 0, minutes = 0, seconds = 0] = parts;
      const size = degrees + minutes / 60 + seconds / 3_600;
      return upper === positive ? size : -size;
    }
    const pattern = parts.length === 2 ? /^\d{1,2}(?:\.\d{1,3})?$/ : /^\d{1,3}$/;
    const value = pattern.test(text) && parts.length < 3 ? Number(text) : -1;
    if (value < 0 || (parts.length > 0 && value >= 60)) throw tokens.fail(`${field} has "${text}"`);
    parts.push(value);
  }
}

function parseMetres(tokens: TokenReader, field: string, fallback: number): number {
  if (tokens.done) return fallback;
  const text = tokens.text(field);
  if (!/^-?\d{1,9}(?:\.\d{1,2})?m?$/i.test(text)) throw tokens.fail(`${field} is "${text}", not a length in metres`);
  return Number.parseFloat(text);
}

export function parseLocation(tokens: TokenReader): ILocData {
  const latitude = parseDegrees(tokens, 'N', 'S', 'LOC latitude');
  const longitude = parseDegrees(tokens, 'E', 'W', 'LOC longitude');
  if (tokens.done) throw tokens.fail('LOC altitude is missing');
  const altitude = parseMetres(tokens, 'LOC altitude', 0);
  // RFC 1876 §3: 1 m, 10,000 m and 10 m where nothing is said.
  const size = parseMetres(tokens, 'LOC size', 1);
  const horizontalPrecision = parseMetres(tokens, 'LOC horizontal precision', 10_000);
  const verticalPrecision = parseMetres(tokens, 'LOC vertical precision', 10);
  return { latitude, longitude, altitude, size, horizontalPrecision, verticalPrecision };
}

export function parsePrefixes(tokens: TokenReader): IAplItem[] {
  const items: IAplItem[] = [];
  while (!tokens.done) {
    const text = tokens.text('APL item');
    const parts = /^(!?)(\d{1,5}):(.*)\/(\d{1,3})$/.exec(text);
    if (parts === null) throw tokens.fail(`APL item is "${text}", not [!]FAMILY:ADDRESS/LENGTH`);
    const [, negation, familyText, address, lengthText] = parts as unknown as [string, string, string, string, string];
    const family = Number(familyText);
    const item = { family, prefixLength: Number(lengthText), negate: negation === '!' };
    const valid = family === 1 ? parseIpv4(address) : family === 2 ? parseIpv6(address) : null;
    if (valid === null) throw tokens.fail(`APL item "${text}" has no IPv4 (family 1) or IPv6 (family 2) address`);
    items.push({ ...item, address: family === 1 ? address : normalIpv6(valid) });
  }
  return items;
}

function normalIpv6(groups: readonly number[]): string {
  return formatIpv6(Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 255])), 0);
}

/** A gateway or relay: `.`, an address or a name, as its type says. */
function parseEndpoint(tokens: TokenReader, type: number, field: string): string {
  if (type === 3) return tokens.name(field);
  const text = tokens.text(field);
  if (type === 0 && text === '.') return '.';
  if (type === 1 && parseIpv4(text) !== null) return text;
  const groups = type === 2 ? parseIpv6(text) : null;
  if (groups !== null) return normalIpv6(groups);
  throw tokens.fail(`${field} is "${text}", which is not of type ${type}`);
}

export function parseGateway(tokens: TokenReader): IIpseckeyData {
  const precedence = tokens.integer('IPSECKEY precedence', 255);
  const gatewayType = tokens.integer('IPSECKEY gateway type', 255);
  const algorithm = tokens.integer('IPSECKEY algorithm', 255);
  const gateway = parseEndpoint(tokens, gatewayType, 'IPSECKEY gateway');
  const publicKey = Buffer.from(base64Bytes(tokens.joined(), 'IPSECKEY public key'));
  return { precedence, gatewayType, algorithm, gateway, publicKey };
}

export function parseRelay(tokens: TokenReader): IAmtrelayData {
  const precedence = tokens.integer('AMTRELAY precedence', 255);
  const discoveryOptional = tokens.integer('AMTRELAY discovery-optional', 1) === 1;
  const relayType = tokens.integer('AMTRELAY relay type', 127);
  // RFC 8777 §4.3.1: the relay of type 0 is written as a dot.
  return { precedence, discoveryOptional, relayType, relay: parseEndpoint(tokens, relayType, 'AMTRELAY relay') };
}

export function parseHostIdentity(tokens: TokenReader): IHipData {
  const algorithm = tokens.integer('HIP algorithm', 255);
  const hit = Buffer.from(hexBytes(tokens.text('HIP hit'), 'HIP hit'));
  const publicKey = Buffer.from(base64Bytes(tokens.text('HIP public key'), 'HIP public key'));
  const servers: string[] = [];
  while (!tokens.done) servers.push(tokens.name('HIP server'));
  return { algorithm, hit, publicKey, servers };
}
