/**
 * Regular expressions as rules may use them: what can be matched in one pass without going back. Look-around and
 * back-references cannot, and are refused by name.
 *
 * @module
 */
import { ruleLimits } from '../../limits.ts';
import { CODE_MAX, DIGITS, LINE_ENDS, SPACES, WORDS, codeSet, foldedCase, negated, type TCodeSet } from './sets.ts';

/** A pattern's fault, with its place in the pattern. */
export class PatternError extends Error {
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

export type TPart =
  | { readonly kind: 'set'; readonly set: TCodeSet }
  | { readonly kind: 'begin' | 'end' }
  | { readonly kind: 'sequence' | 'choice'; readonly parts: readonly TPart[] }
  /** `max` is Infinity for no limit. */
  | { readonly kind: 'repeat'; readonly part: TPart; readonly min: number; readonly max: number };

const SHORT_CLASSES: Readonly<Record<string, TCodeSet>> = {
  d: DIGITS,
  w: WORDS,
  s: SPACES,
  D: negated(DIGITS),
  W: negated(WORDS),
  S: negated(SPACES),
};
const CONTROLS: Readonly<Record<string, number>> = { n: 0x0a, r: 0x0d, t: 0x09, f: 0x0c, v: 0x0b, 0: 0x00 };
const IGNORE_CASE = '(?i)';

/** @throws PatternError */
export function parsePattern(source: string): TPart {
  if (source.length > ruleLimits.patternChars) {
    throw new PatternError(`the pattern has more than ${ruleLimits.patternChars} characters`, 0);
  }
  return new PatternParser(source).whole();
}

class PatternParser {
  readonly #source: string;
  readonly #ignoreCase: boolean;
  #at: number;
  #depth = 0;

  constructor(source: string) {
    this.#source = source;
    this.#ignoreCase = source.startsWith(IGNORE_CASE);
    this.#at = this.#ignoreCase ? IGNORE_CASE.length : 0;
  }

  whole(): TPart {
    const part = this.#choice();
    if (this.#at < this.#source.length) throw new PatternError("')' closes nothing", this.#at);
    return part;
  }

  get #next(): string {
    return this.#source[this.#at] ?? '';
  }

  #choice(): TPart {
    const parts = [this.#sequence()];
    while (this.#next === '|') {
      this.#at += 1;
      parts.push(this.#sequence());
    }
    return parts.length === 1 ? parts[0]! : { kind: 'choice', parts };
  }

  #sequence(): TPart {
    const parts: TPart[] = [];
    while (this.#next !== '' && this.#next !== '|' && this.#next !== ')') parts.push(this.#repeated());
    return { kind: 'sequence', parts };
  }

  #repeated(): TPart {
    const start = this.#at;
    const part = this.#atom();
    const bounds = this.#bounds();
    if (bounds === null) return part;
    if (part.kind === 'begin' || part.kind === 'end') throw new PatternError('nothing to repeat', start);
    // Lazy or greedy makes no difference to whether a text matches.
    if (this.#next === '?') this.#at += 1;
    if (this.#bounds() !== null)
      throw new PatternError('a repeat of a repeat; put the inner one into (…)', this.#at - 1);
    return { kind: 'repeat', part, ...bounds };
  }

  #bounds(): { min: number; max: number } | null {
    const start = this.#at;
    const sign = this.#next;
    if (sign === '*' || sign === '+' || sign === '?') {
      this.#at += 1;
      return { min: sign === '+' ? 1 : 0, max: sign === '?' ? 1 : Infinity };
    }
    if (sign !== '{') return null;
    const found = /^\{(\d{1,4})(?:(,)(\d{1,4})?)?\}/.exec(this.#source.slice(this.#at));
    if (found === null) throw new PatternError("'{' begins no repeat; write \\{ for the sign itself", start);
    this.#at += found[0].length;
    const min = Number(found[1]);
    const max = found[2] === undefined ? min : found[3] === undefined ? Infinity : Number(found[3]);
    if (max < min) throw new PatternError(`{${min},${max}} is the wrong way round`, start);
    if (min > ruleLimits.patternRepeats || (max !== Infinity && max > ruleLimits.patternRepeats)) {
      throw new PatternError(`a repeat of more than ${ruleLimits.patternRepeats}`, start);
    }
    return { min, max };
  }

  #atom(): TPart {
    const start = this.#at;
    const sign = this.#next;
    this.#at += 1;
    switch (sign) {
      case '(':
        return this.#group(start);
      case '[':
        return this.#set(this.#characterClass(start));
      case '.':
        return { kind: 'set', set: negated(LINE_ENDS) };
      case '^':
        return { kind: 'begin' };
      case '$':
        return { kind: 'end' };
      case '\\':
        return this.#set(this.#escape(start));
      case '*':
      case '+':
      case '?':
      case '{':
        throw new PatternError(`'${sign}' repeats nothing; write \\${sign} for the sign itself`, start);
      default:
        return this.#set([[sign.charCodeAt(0), sign.charCodeAt(0)]]);
    }
  }

  #set(set: TCodeSet): TPart {
    return { kind: 'set', set: this.#ignoreCase ? foldedCase(set) : set };
  }

  #group(start: number): TPart {
    if (this.#source.startsWith('?:', this.#at)) this.#at += 2;
    else if (this.#next === '?') {
      throw new PatternError('look-around, named groups and flags inside are not supported; (?i) may begin it', start);
    }
    this.#depth += 1;
    if (this.#depth > ruleLimits.depth)
      throw new PatternError(`more than ${ruleLimits.depth} groups inside groups`, start);
    const part = this.#choice();
    if (this.#next !== ')') throw new PatternError("this '(' is not closed", start);
    this.#at += 1;
    this.#depth -= 1;
    return part;
  }

  /** Behind a backslash. */
  #escape(start: number): TCodeSet {
    const sign = this.#next;
    const shortClass = SHORT_CLASSES[sign];
    if (shortClass !== undefined) {
      this.#at += 1;
      return shortClass;
    }
    const code = this.#escapedCode(start);
    return [[code, code]];
  }

  #escapedCode(start: number): number {
    const sign = this.#next;
    this.#at += 1;
    if (/^[1-9]$/.test(sign)) throw new PatternError('back-references are not supported', start);
    const control = CONTROLS[sign];
    if (control !== undefined) return control;
    if (sign === 'x' || sign === 'u') {
      const digits = sign === 'x' ? 2 : 4;
      const text = this.#source.slice(this.#at, this.#at + digits);
      if (text.length !== digits || !/^[0-9A-Fa-f]+$/.test(text)) {
        throw new PatternError(`\\${sign} wants ${digits} hexadecimal digits`, start);
      }
      this.#at += digits;
      return Number.parseInt(text, 16);
    }
    if (sign === '' || /^[A-Za-z]$/.test(sign)) throw new PatternError(`\\${sign} is not supported`, start);
    return sign.charCodeAt(0);
  }

  #characterClass(start: number): TCodeSet {
    const isNegated = this.#next === '^';
    if (isNegated) this.#at += 1;
    const ranges: Array<readonly [number, number]> = [];
    while (this.#next !== ']') {
      if (this.#next === '') throw new PatternError("this '[' is not closed", start);
      ranges.push(...this.#classItem());
    }
    this.#at += 1;
    let set = codeSet(ranges);
    // Before it is turned round: [^a] in any case is neither a nor A.
    if (this.#ignoreCase) set = foldedCase(set);
    return isNegated ? negated(set) : set;
  }

  #classItem(): TCodeSet {
    const start = this.#at;
    const low = this.#classEnd();
    if (this.#next !== '-' || this.#source[this.#at + 1] === ']' || this.#at + 1 >= this.#source.length) return low;
    this.#at += 1;
    const high = this.#classEnd();
    const from = low[0]![0];
    const to = high[0]![0];
    if (low.length > 1 || high.length > 1 || low[0]![1] !== from || high[0]![1] !== to || to < from || to > CODE_MAX) {
      throw new PatternError('this is no range of characters', start);
    }
    return [[from, to]];
  }

  #classEnd(): TCodeSet {
    const start = this.#at;
    const sign = this.#next;
    this.#at += 1;
    if (sign === '\\') return this.#next === 'b' ? this.#backspace() : this.#escape(start);
    return [[sign.charCodeAt(0), sign.charCodeAt(0)]];
  }

  #backspace(): TCodeSet {
    this.#at += 1;
    return [[0x08, 0x08]];
  }
}
