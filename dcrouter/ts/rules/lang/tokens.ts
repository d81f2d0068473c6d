/**
 * Cuts an expression into words.
 *
 * @module
 */
import { RuleError } from './error.ts';

export type TTokenKind = 'name' | 'text' | 'number' | 'duration' | 'address' | 'list' | 'symbol' | 'end';

export interface IToken {
  readonly kind: TTokenKind;
  /** As written; of a text what stands between the quotes, escapes read. */
  readonly text: string;
  /** Of a number (sizes in bytes) or duration (milliseconds). */
  readonly value: number;
  readonly start: number;
  readonly end: number;
}

const SPACE = /\s+/y;
const ADDRESS = /(?:\d{1,3}(?:\.\d{1,3}){3}|(?:[0-9a-fA-F]{0,4}:){2,}[0-9a-fA-F:.]*)(?:\/\d{1,3})?(?![\w.:])/y;
const NUMBER = /-?\d+(?:\.\d+)?([A-Za-z]*)/y;
const NAME = /[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*/y;
const LIST = /@([A-Za-z_][A-Za-z0-9_-]*)/y;
const SYMBOL = /==|!=|<=|>=|&&|\|\||[()[\],<>!]/y;

const DURATION_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const SIZE_BYTES: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1_000,
  MB: 1_000_000,
  GB: 1_000_000_000,
  KiB: 1_024,
  MiB: 1_048_576,
  GiB: 1_073_741_824,
};
const ESCAPES: Readonly<Record<string, string>> = { 'n': '\n', 't': '\t', 'r': '\r', '\\': '\\', '"': '"', "'": "'" };

/** @throws RuleError naming the place of what is no word */
export function tokenize(source: string): IToken[] {
  const tokens: IToken[] = [];
  let at = 0;
  while (at < source.length) {
    const space = match(SPACE, source, at);
    if (space !== null) {
      at += space[0].length;
      continue;
    }
    const token = readToken(source, at);
    tokens.push(token);
    at = token.end;
  }
  tokens.push({ kind: 'end', text: '', value: 0, start: source.length, end: source.length });
  return tokens;
}

function match(pattern: RegExp, source: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(source);
}

function readToken(source: string, at: number): IToken {
  const first = source[at]!;
  if (first === '"' || first === "'") return readText(source, at, first);
  const address = match(ADDRESS, source, at);
  if (address !== null) return token('address', address[0], at);
  const number = match(NUMBER, source, at);
  if (number !== null) return readNumber(number, at);
  const name = match(NAME, source, at);
  if (name !== null) return token('name', name[0], at);
  const list = match(LIST, source, at);
  if (list !== null) return { ...token('list', list[0], at), text: list[1]! };
  const symbol = match(SYMBOL, source, at);
  if (symbol !== null) return token('symbol', symbol[0], at);
  if (first === '=') throw new RuleError("'=' is no operator; compare with '=='", at);
  throw new RuleError(`'${first}' has no meaning here`, at);
}

function token(kind: TTokenKind, text: string, start: number, value = 0): IToken {
  return { kind, text, value, start, end: start + text.length };
}

/** The unit follows the digits at once: `10s`, `64kB`. */
function readNumber(found: RegExpExecArray, at: number): IToken {
  const [text, unit = ''] = found;
  const value = Number(text.slice(0, text.length - unit.length));
  if (unit === '') return token('number', text, at, value);
  const milliseconds = DURATION_MS[unit];
  if (milliseconds !== undefined) return token('duration', text, at, value * milliseconds);
  const bytes = SIZE_BYTES[unit];
  if (bytes !== undefined) return token('number', text, at, value * bytes);
  const known = [...Object.keys(DURATION_MS), ...Object.keys(SIZE_BYTES)].join(', ');
  throw new RuleError(`'${unit}' is no unit; known are ${known}`, at + text.length - unit.length);
}

function readText(source: string, start: number, quote: string): IToken {
  let text = '';
  for (let at = start + 1; at < source.length; at += 1) {
    const character = source[at]!;
    if (character === quote) return { kind: 'text', text, value: 0, start, end: at + 1 };
    if (character !== '\\') {
      text += character;
      continue;
    }
    at += 1;
    // A pattern's own escapes (`\d`, `\.`) keep their backslash.
    text += ESCAPES[source[at] ?? ''] ?? `\\${source[at] ?? ''}`;
  }
  throw new RuleError(`a text begins here and its closing ${quote} is missing`, start);
}

/** Reads `10s` as it stands in texts, such as `client.rate("10s")`; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const found = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)$/.exec(text);
  return found === null ? undefined : Number(found[1]) * DURATION_MS[found[2]!]!;
}
