/**
 * Master files (RFC 1035 §5, RFC 2308 §4).
 *
 * @module
 */
import { ttlMax, zoneErrorsMax, zoneIncludesNestedMax, zoneTextCharactersMax } from '../limits.ts';
import { canonicalKey } from '../names/names.ts';
import { isMetaType, recordTypes, typeToName } from '../numbers/types.ts';
import type { IResourceRecord, ISoaData } from '../rdata/interfaces.ts';
import { PresentationError } from './errors.ts';
import { expandGenerate } from './generate.ts';
import { Lexer } from './lexer.ts';
import type { IEntry } from './lexer.ts';
import { parseDataTokens } from './parse-data.ts';
import { formatRecord, parseHead } from './record.ts';
import { parseTtl } from './strings.ts';
import { TokenReader } from './tokens.ts';

export interface IParseZoneOptions {
  /** What relative names are relative to until a `$ORIGIN` line. Default the root. */
  origin?: string;
  /** TTL in seconds where neither the record, nor `$TTL`, nor a record before tells one. */
  defaultTtl?: number;
  /** Text of an included file, or null when there is none. Without this, `$INCLUDE` is an error. */
  include?: (file: string) => string | null;
  /** Name of the file, for errors. */
  file?: string;
}

/** One thing that is wrong with a master file. */
export interface IZoneTextError {
  /** File as given to `$INCLUDE`, or the `file` option. */
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

export interface IParsedZone {
  readonly records: IResourceRecord[];
  /** Line of each record, by index. */
  readonly lines: number[];
  /** Empty when all of the text was understood. */
  readonly errors: IZoneTextError[];
}

/**
 * Reads a master file. Every broken entry is reported with its line, and reading goes on after it.
 *
 * @example
 * ```ts
 * const { records, errors } = parseZone('@ 3600 IN SOA ns1 host 1 1h 15m 1w 5m\n@ NS ns1\n', { origin: 'example.com' });
 * ```
 */
export function parseZone(text: string, options: IParseZoneOptions = {}): IParsedZone {
  const parser = new ZoneParser(options);
  parser.parse(text, options.file ?? '', 0);
  return { records: parser.records, lines: parser.lines, errors: parser.errors };
}

class ZoneParser {
  readonly records: IResourceRecord[] = [];
  readonly lines: number[] = [];
  readonly errors: IZoneTextError[] = [];
  readonly #options: IParseZoneOptions;
  #origin: string;
  #owner: string | null = null;
  /** From `$TTL`. */
  #ttl: number | null = null;
  #lastTtl: number | null;
  #lastClass = 'IN';

  constructor(options: IParseZoneOptions) {
    this.#options = options;
    this.#origin = new TokenReader([], '.', 0).absoluteName(options.origin || '.', 'origin');
    this.#lastTtl = options.defaultTtl ?? null;
  }

  parse(text: string, file: string, depth: number): void {
    if (text.length > zoneTextCharactersMax) {
      this.errors.push({ file, line: 1, message: `the text has more than ${zoneTextCharactersMax} characters` });
      return;
    }
    const lexer = new Lexer(text);
    while (this.errors.length < zoneErrorsMax) {
      try {
        const entry = lexer.next();
        if (entry === null) return;
        this.#entry(entry, file, depth);
      } catch (error) {
        if (!(error instanceof PresentationError)) throw error;
        this.errors.push({ file, line: error.line, message: error.message });
      }
    }
  }

  #entry(entry: IEntry, file: string, depth: number): void {
    const tokens = new TokenReader(entry.tokens, this.#origin, entry.line);
    const first = entry.tokens[0]!;
    if (!entry.continued && !first.quoted && first.text.startsWith('$')) this.#directive(tokens, file, depth);
    else this.#record(tokens, entry.continued);
  }

  #directive(tokens: TokenReader, file: string, depth: number): void {
    const directive = tokens.text('directive').toUpperCase();
    if (directive === '$ORIGIN') this.#origin = tokens.name('$ORIGIN');
    else if (directive === '$TTL') {
      const text = tokens.text('$TTL');
      const ttl = parseTtl(text);
      if (ttl < 0 || ttl > ttlMax) throw tokens.fail(`$TTL is "${text}", not a number of seconds such as 3600 or 1h`);
      this.#ttl = ttl;
    } else if (directive === '$INCLUDE') {
      this.#include(tokens, depth);
      return;
    } else if (directive === '$GENERATE') {
      for (const generated of expandGenerate(tokens)) {
        this.#record(new TokenReader(generated, this.#origin, tokens.line), false);
      }
      return;
    } else throw tokens.fail(`${directive} in ${file || 'the text'} is not understood`);
    if (!tokens.done) throw tokens.fail(`"${tokens.text('')}" is left over after ${directive}`);
  }

  /** RFC 1035 §5.1: origin and owner of the including file come back afterwards. */
  #include(tokens: TokenReader, depth: number): void {
    const file = tokens.text('$INCLUDE file');
    const origin = tokens.done ? this.#origin : tokens.name('$INCLUDE origin');
    if (this.#options.include === undefined) throw tokens.fail('$INCLUDE is not allowed here');
    if (depth >= zoneIncludesNestedMax) throw tokens.fail(`$INCLUDE is nested more than ${zoneIncludesNestedMax} deep`);
    const text = this.#options.include(file);
    if (text === null) throw tokens.fail(`$INCLUDE: there is no file "${file}"`);
    const outer = { origin: this.#origin, owner: this.#owner };
    this.#origin = origin;
    this.parse(text, file, depth + 1);
    this.#origin = outer.origin;
    this.#owner = outer.owner;
  }

  #record(tokens: TokenReader, continued: boolean): void {
    if (continued) {
      if (this.#owner === null) throw tokens.fail('the first record has no owner');
    } else this.#owner = tokens.name('the owner');
    const head = parseHead(tokens);
    if (isMetaType(head.type)) throw tokens.fail(`${typeToName(head.type)} records cannot be in a zone`);
    const data = parseDataTokens(tokens, head.type);
    // RFC 2308 §4: $TTL rules records without a TTL; before it existed, the last one did (RFC 1035 §5.1).
    let ttl = head.ttl ?? this.#ttl ?? this.#lastTtl;
    if (ttl === null) {
      if (head.type !== recordTypes.SOA)
        throw tokens.fail('the record has no TTL, and there is no $TTL line before it');
      ttl = Math.min((data as ISoaData).minimum, ttlMax);
    }
    this.#lastTtl = ttl;
    this.#lastClass = head.class ?? this.#lastClass;
    this.records.push({ name: this.#owner!, type: typeToName(head.type), class: this.#lastClass, ttl, data });
    this.lines.push(tokens.line);
  }
}

/**
 * A master file of the records: the SOA first, then owners in canonical order, one record per line, names absolute.
 *
 * @throws WireEncodeError for a record whose data is no data of its type.
 */
export function formatZone(records: readonly IResourceRecord[]): string {
  const keyed = records.map((record, index) => ({ record, index, key: canonicalKey(record.name) }));
  keyed.sort((left, right) => {
    if (left.key !== right.key) return left.key < right.key ? -1 : 1;
    const soa = Number(right.record.type === 'SOA') - Number(left.record.type === 'SOA');
    return soa === 0 ? left.index - right.index : soa;
  });
  return keyed.map(({ record }) => `${formatRecord(record)}\n`).join('');
}
