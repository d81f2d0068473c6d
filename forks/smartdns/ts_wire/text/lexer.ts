/**
 * Cuts master file text into entries of tokens (RFC 1035 §5.1).
 *
 * @module
 */
import { zoneEntryCharactersMax } from '../limits.ts';
import { PresentationError } from './errors.ts';

/** A word of a master file, escapes still in place, quotes taken off. */
export interface IToken {
  readonly text: string;
  readonly quoted: boolean;
}

/** One entry: a line, or several within parentheses. */
export interface IEntry {
  /** Line where the entry begins, from 1. */
  readonly line: number;
  /** The entry begins with a blank: its owner is the previous one's. */
  readonly continued: boolean;
  readonly tokens: readonly IToken[];
}

const tab = 9;
const newline = 10;
const carriageReturn = 13;
const space = 32;
const quote = 34;
const open = 40;
const close = 41;
const semicolon = 59;
const backslash = 92;

/** Reads entry after entry; blank lines and comments give none. */
export class Lexer {
  readonly #text: string;
  #index = 0;
  #line = 1;

  constructor(text: string) {
    this.#text = text;
    // A byte order mark is no part of the first owner.
    if (text.charCodeAt(0) === 0xfeff) this.#index = 1;
  }

  /**
   * The next entry, or null at the end.
   *
   * @throws PresentationError for unbalanced quotes and parentheses; reading may go on with the next line.
   */
  next(): IEntry | null {
    while (this.#index < this.#text.length) {
      const entry = this.#entry();
      if (entry.tokens.length > 0) return entry;
    }
    return null;
  }

  #entry(): IEntry {
    const text = this.#text;
    const line = this.#line;
    const from = this.#index;
    const first = text.charCodeAt(from);
    const tokens: IToken[] = [];
    let depth = 0;
    while (this.#index < text.length) {
      const code = text.charCodeAt(this.#index);
      if (this.#index - from > zoneEntryCharactersMax) throw this.#fail('the entry is too long', line);
      if (code === newline) {
        this.#index++;
        this.#line++;
        if (depth === 0) break;
      } else if (code === space || code === tab || code === carriageReturn) this.#index++;
      else if (code === semicolon) this.#skipComment();
      else if (code === open) {
        depth++;
        this.#index++;
      } else if (code === close) {
        if (depth === 0) throw this.#fail('a closing parenthesis without an opening one', this.#line);
        depth--;
        this.#index++;
      } else tokens.push(this.#token());
    }
    if (depth > 0) throw this.#fail('an opening parenthesis is never closed', line);
    return { line, continued: first === space || first === tab, tokens };
  }

  #token(): IToken {
    const text = this.#text;
    if (text.charCodeAt(this.#index) === quote) return { text: this.#quotedPart(), quoted: true };
    let from = this.#index;
    let value = '';
    while (this.#index < text.length) {
      const code = text.charCodeAt(this.#index);
      if (isDelimiter(code)) break;
      if (code === quote) {
        // Quotes within a word, as in alpn="h2,h3" (RFC 9460 §2.1), keep blanks together.
        value += text.slice(from, this.#index) + this.#quotedPart();
        from = this.#index;
      } else this.#step(code);
    }
    return { text: value + text.slice(from, this.#index), quoted: false };
  }

  /** Goes over one character, or over a backslash with the character that it escapes. */
  #step(code: number): void {
    this.#index++;
    if (code === backslash && this.#index < this.#text.length && this.#text.charCodeAt(this.#index) !== newline) {
      this.#index++;
    }
  }

  /** From an opening quote to after the closing one; returns what stands between them. */
  #quotedPart(): string {
    const text = this.#text;
    this.#index++;
    const from = this.#index;
    while (this.#index < text.length) {
      const code = text.charCodeAt(this.#index);
      if (code === quote) {
        this.#index++;
        return text.slice(from, this.#index - 1);
      }
      if (code === newline) break;
      this.#step(code);
    }
    throw this.#fail('a quoted string does not end on its line', this.#line);
  }

  #skipComment(): void {
    const end = this.#text.indexOf('\n', this.#index);
    this.#index = end < 0 ? this.#text.length : end;
  }

  /** Moves past the broken line, so that the errors after it are found too. */
  #fail(message: string, line: number): PresentationError {
    this.#skipComment();
    if (this.#index < this.#text.length) {
      this.#index++;
      this.#line++;
    }
    return new PresentationError(message, line);
  }
}

function isDelimiter(code: number): boolean {
  return (
    code === space ||
    code === tab ||
    code === carriageReturn ||
    code === semicolon ||
    code === open ||
    code === close ||
    code === newline
  );
}
