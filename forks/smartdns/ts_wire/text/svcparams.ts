/**
 * Service parameters in text (RFC 9460 §2.1, appendix A).
 *
 * @module
 */
import { parseIpv4, parseIpv6 } from '../names/addresses.ts';
import type { ISvcParams, TText } from '../rdata/interfaces.ts';
import { findSvcParamKey, svcParamKeys, svcParamName } from '../rdata/svcparams.ts';
import { base64Bytes, bytesText, textBytes } from '../rdata/values.ts';
import { quoteText, unescapeBytes } from './strings.ts';
import type { TokenReader } from './tokens.ts';

const comma = 44;
const backslash = 92;

export function parseSvcParams(tokens: TokenReader, field: string): ISvcParams {
  const params: Record<string, unknown> = {};
  while (!tokens.done) {
    const text = tokens.text(field);
    const equals = text.indexOf('=');
    const name = equals < 0 ? text : text.slice(0, equals);
    const key = findSvcParamKey(name);
    if (key < 0) throw tokens.fail(`${field}: "${name}" is no service parameter: use a name or keyN`);
    const known = svcParamName(key);
    if (Object.hasOwn(params, known)) throw tokens.fail(`${field}: ${known} stands there twice`);
    const bytes = equals < 0 ? null : unescapeBytes(text.slice(equals + 1));
    if (equals >= 0 && bytes === null) throw tokens.fail(`${field}: ${known} has a malformed escape`);
    params[known] = parseValue(tokens, key, known, bytes);
  }
  return params as ISvcParams;
}

function parseValue(tokens: TokenReader, key: number, name: string, bytes: Buffer | null): unknown {
  if (key === svcParamKeys['no-default-alpn'] || key === svcParamKeys.ohttp) {
    if (bytes !== null && bytes.length > 0) throw tokens.fail(`${name} carries no value`);
    return true;
  }
  const value = bytes ?? Buffer.alloc(0);
  switch (key) {
    case svcParamKeys.mandatory:
      return value.toString('latin1').split(',');
    case svcParamKeys.alpn:
      return splitList(value);
    case svcParamKeys.port: {
      const port = value.toString('latin1');
      if (!/^\d{1,5}$/.test(port)) throw tokens.fail(`port is "${port}", not a number from 0 to 65535`);
      return Number(port);
    }
    case svcParamKeys.ipv4hint:
    case svcParamKeys.ipv6hint: {
      const addresses = value.toString('latin1').split(',');
      for (const address of addresses) {
        const valid = key === svcParamKeys.ipv4hint ? parseIpv4(address) : parseIpv6(address);
        if (valid === null) throw tokens.fail(`${name} has "${address}", which is no such address`);
      }
      return addresses;
    }
    case svcParamKeys.ech:
      return Buffer.from(base64Bytes(value.toString('latin1'), name));
    case svcParamKeys.dohpath:
      return bytesText(value);
    default:
      return value;
  }
}

/** Items of a comma-separated list; `\,` and `\\` stand for themselves (RFC 9460 appendix A.1). */
function splitList(bytes: Buffer): TText[] {
  const items: TText[] = [];
  let item: number[] = [];
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index]!;
    if (byte === comma) {
      items.push(bytesText(Buffer.from(item)));
      item = [];
    } else if (byte === backslash && index + 1 < bytes.length) item.push(bytes[++index]!);
    else item.push(byte);
  }
  items.push(bytesText(Buffer.from(item)));
  return items;
}

export function formatSvcParams(params: ISvcParams): string {
  const entries = Object.entries(params)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [findSvcParamKey(name), value] as const)
    .sort((left, right) => left[0] - right[0]);
  return entries.map(([key, value]) => formatParam(key, value)).join(' ');
}

function formatParam(key: number, value: unknown): string {
  const name = svcParamName(key);
  if (value === true) return name;
  switch (key) {
    case svcParamKeys.port:
      return `${name}=${String(value)}`;
    case svcParamKeys.mandatory:
    case svcParamKeys.ipv4hint:
    case svcParamKeys.ipv6hint:
      return `${name}=${(value as string[]).join(',')}`;
    case svcParamKeys.alpn:
      return `${name}=${quoteText(joinList(value as TText[]))}`;
    case svcParamKeys.ech:
      return `${name}=${Buffer.from(base64Bytes(value, name)).toString('base64')}`;
    default: {
      const bytes = textBytes(value, name);
      return bytes.length === 0 ? name : `${name}=${quoteText(bytes)}`;
    }
  }
}

function joinList(items: readonly TText[]): Buffer {
  const bytes: number[] = [];
  for (const [index, item] of items.entries()) {
    if (index > 0) bytes.push(comma);
    for (const byte of textBytes(item, 'alpn')) {
      if (byte === comma || byte === backslash) bytes.push(backslash);
      bytes.push(byte);
    }
  }
  return Buffer.from(bytes);
}
