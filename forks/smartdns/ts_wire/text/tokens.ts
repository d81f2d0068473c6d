/**
 * Takes the tokens of one entry, one field after the other.
 *
 * @module
 */
import { WireEncodeError } from '../errors.ts';
import { nameFromWire, nameToWire } from '../names/bytes.ts';
import { joinName } from '../names/names.ts';
import { bytesText } from '../rdata/values.ts';
import type { TText } from '../rdata/interfaces.ts';
import { PresentationError } from './errors.ts';
import type { IToken } from './lexer.ts';
import { isAbsolute, unescapeBytes } from './strings.ts';

/** Names that need no second look: plain letters, digits, hyphens, underscores and asterisks. */
const ordinaryName = /^(?:[a-zA-Z0-9_*-]{1,63}\.)*[a-zA-Z0-9_*-]{1,63}$/;

export class TokenReader {
  readonly tokens: readonly IToken[];
  /** What relative names are relative to. */
  readonly origin: string;
  readonly line: number;
  index = 0;

  constructor(tokens: readonly IToken[], origin: string, line: number) {
    this.tokens = tokens;
    this.origin = origin;
    this.line = line;
  }

  get done(): boolean {
    return this.index >= this.tokens.length;
  }

  fail(message: string): PresentationError {
    return new PresentationError(message, this.line);
  }

  token(field: string): IToken {
    const token = this.tokens[this.index];
    if (token === undefined) throw this.fail(`${field} is missing`);
    this.index++;
    return token;
  }

  /** Text of the next token. */
  text(field: string): string {
    return this.token(field).text;
  }

  /** All remaining tokens as one text, as hexadecimal and base64 data are written. */
  joined(): string {
    let text = '';
    while (this.index < this.tokens.length) text += this.tokens[this.index++]!.text;
    return text;
  }

  integer(field: string, max: number): number {
    const text = this.text(field);
    const value = /^\d{1,15}$/.test(text) ? Number(text) : -1;
    if (value < 0 || value > max) throw this.fail(`${field} is "${text}", not a number from 0 to ${max}`);
    return value;
  }

  /** Bytes of a character-string. */
  bytes(field: string): Buffer {
    const bytes = unescapeBytes(this.text(field));
    if (bytes === null) throw this.fail(`${field} has a malformed escape: \\DDD goes up to 255`);
    return bytes;
  }

  string(field: string): TText {
    return bytesText(this.bytes(field));
  }

  name(field: string): string {
    const token = this.token(field);
    return this.absoluteName(token.text, field);
  }

  /** A name's text made absolute and written without its final dot. */
  absoluteName(text: string, field: string): string {
    if (text === '@') return this.origin;
    if (text === '') throw this.fail(`${field} is an empty name`);
    const absolute = isAbsolute(text);
    const full = absolute ? text.slice(0, -1) : joinName(text, this.origin);
    if (full.length < 200 && ordinaryName.test(full)) return full;
    try {
      return full === '' ? '.' : nameFromWire(nameToWire(full));
    } catch (error) {
      if (error instanceof WireEncodeError) throw this.fail(`${field}: ${error.message}`);
      throw error;
    }
  }
}
