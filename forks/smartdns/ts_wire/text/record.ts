/**
 * Single records in text.
 *
 * @module
 */
import { ttlMax } from '../limits.ts';
import { findClassNumber, classToName } from '../numbers/codes.ts';
import { findTypeNumber, typeToName } from '../numbers/types.ts';
import type { IResourceRecord, TRecordData } from '../rdata/interfaces.ts';
import { PresentationError } from './errors.ts';
import { formatRecordData } from './format-data.ts';
import { Lexer } from './lexer.ts';
import { parseDataTokens } from './parse-data.ts';
import { formatName, parseTtl } from './strings.ts';
import { TokenReader } from './tokens.ts';

export interface IParseRecordOptions {
  /** What relative names are relative to. Default the root. */
  origin?: string;
  /** TTL in seconds of records that do not tell one. Default 3600. */
  defaultTtl?: number;
  /** Class of records that do not tell one. Default `IN`. */
  defaultClass?: string;
}

/** Type, class and TTL before the data, in any order of the last two (RFC 1035 §5.1); null where not told. */
export interface IRecordHead {
  ttl: number | null;
  class: string | null;
  type: number;
}

/** Reads `[TTL] [class] type`. */
export function parseHead(tokens: TokenReader): IRecordHead {
  const head: IRecordHead = { ttl: null, class: null, type: 0 };
  for (;;) {
    const text = tokens.text('the record type');
    const seconds = head.ttl === null ? parseTtl(text) : -1;
    if (seconds >= 0) {
      if (seconds > ttlMax) throw tokens.fail(`the TTL ${text} is above ${ttlMax} (RFC 2181 §8)`);
      head.ttl = seconds;
      continue;
    }
    const type = findTypeNumber(text);
    // ANY is a class and a query type; before the type it can only be the class.
    const number = head.class === null && (type < 0 || type === 255) ? findClassNumber(text) : -1;
    if (number >= 0) {
      head.class = classToName(number);
      continue;
    }
    if (type < 0) throw tokens.fail(`"${text}" is neither a TTL nor a class nor a record type`);
    head.type = type;
    return head;
  }
}

/**
 * Reads one record: `www.example.com. 300 IN A 192.0.2.1`.
 *
 * @throws PresentationError
 */
export function parseRecord(text: string, options: IParseRecordOptions = {}): IResourceRecord {
  const lexer = new Lexer(text);
  const entry = lexer.next();
  if (entry === null) throw new PresentationError('there is no record', 1);
  const tokens = new TokenReader(entry.tokens, options.origin ?? '.', entry.line);
  const name = tokens.name('the owner');
  const head = parseHead(tokens);
  const data = parseDataTokens(tokens, head.type);
  if (lexer.next() !== null) throw new PresentationError('more than one record', entry.line + 1);
  return {
    name,
    type: typeToName(head.type),
    class: head.class ?? options.defaultClass ?? 'IN',
    ttl: head.ttl ?? options.defaultTtl ?? 3_600,
    data,
  };
}

/**
 * Reads the data of a record: `parseRecordData('MX', '10 mail.example.com.')`.
 *
 * @param origin what relative names are relative to; default the root.
 * @throws PresentationError
 */
export function parseRecordData(type: string, text: string, origin = '.'): TRecordData {
  const number = findTypeNumber(type);
  if (number < 0) throw new PresentationError(`unknown record type ${type}`, 1);
  const entry = new Lexer(text).next();
  return parseDataTokens(new TokenReader(entry?.tokens ?? [], origin, 1), number);
}

/**
 * One line: owner, TTL, class, type, data, separated by tabs, names absolute.
 *
 * @throws WireEncodeError for data that is no data of the type.
 */
export function formatRecord(record: IResourceRecord): string {
  const data = formatRecordData(record.type, record.data);
  return `${formatName(record.name)}\t${record.ttl}\t${record.class}\t${record.type}${data === '' ? '' : `\t${data}`}`;
}
