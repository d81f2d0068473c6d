/**
 * Domain patterns: minimatch's semantics on dotted names, without regard to case (RFC 4343), compiled once.
 *
 * `*` and `?` cross dots but not `/`; braces, character classes and the extended forms
 * `?(…) *(…) +(…) @(…) !(…)` work; a leading `!` negates, even before a parenthesis, and a
 * leading `#` never matches.
 *
 * @module
 */
import { patternCharsMax } from '../limits/index.ts';
import { expandBraces } from './braces.ts';
import { globToRegExp } from './extglob.ts';

/** One pattern, ready to test names. */
export interface IGlob {
  /** The name that alone matches, in lower case, when the pattern has no magic. */
  readonly exact: string | undefined;
  /** Literal start and end that every matching name has; empty when there is none. */
  readonly prefix: string;
  readonly suffix: string;
  /** Tests a name in lower case without final dot. */
  matches(name: string): boolean;
}

const never: IGlob = { exact: undefined, prefix: '', suffix: '', matches: () => false };
const magic = /[*?[\]\\]|[@!+]\(/;

/**
 * Compiles a pattern to the globs its braces expand to.
 *
 * @throws RangeError for a pattern over the length or expansion limit
 */
export function compilePattern(pattern: string): IGlob[] {
  if (pattern.length > patternCharsMax) {
    throw new RangeError(`domain pattern of ${pattern.length} characters; at most ${patternCharsMax} are accepted`);
  }
  if (pattern.startsWith('#')) {
    return [never];
  }
  let body = pattern.toLowerCase();
  let negated = false;
  while (body.startsWith('!')) {
    negated = !negated;
    body = body.slice(1);
  }
  const globs = expandBraces(body).map(compileGlob);
  if (!negated) {
    return globs;
  }
  return [{ exact: undefined, prefix: '', suffix: '', matches: (name) => !globs.some((glob) => glob.matches(name)) }];
}

function compileGlob(text: string): IGlob {
  if (!magic.test(text)) {
    return { exact: text, prefix: text, suffix: text, matches: (name) => name === text };
  }
  if (!/[[\]\\]|[?*+@!]\(/.test(text)) {
    return new WildcardGlob(text);
  }
  const expression = globToRegExp(text);
  return { exact: undefined, prefix: '', suffix: literalSuffix(text), matches: (name) => expression.test(name) };
}

/** The literal tail behind the last magic character, cut at a dot so that it is whole labels. */
function literalSuffix(text: string): string {
  return /\.[a-z0-9_.-]*$/.exec(text)?.[0] ?? '';
}

/** A pattern of literals, `*` and `?` only: matched in O(name × stars) without a regular expression. */
class WildcardGlob implements IGlob {
  readonly exact = undefined;
  readonly prefix: string;
  readonly suffix: string;
  readonly #text: string;
  readonly #suffixOnly: boolean;
  readonly #needsCharacter: boolean;

  constructor(text: string) {
    this.#text = text.replace(/\*+/g, '*');
    this.prefix = /^[^*?]*/.exec(this.#text)?.[0] ?? '';
    this.suffix = /[^*?]*$/.exec(this.#text)?.[0] ?? '';
    this.#suffixOnly = this.#text.startsWith('*') && this.suffix.length === this.#text.length - 1;
    this.#needsCharacter = this.#text === '*';
  }

  matches(name: string): boolean {
    if (this.prefix === '' && name.startsWith('.')) {
      return false;
    }
    if (this.#needsCharacter) {
      return name !== '' && !name.includes('/');
    }
    if (this.#suffixOnly) {
      return name.endsWith(this.suffix) && !name.slice(0, name.length - this.suffix.length).includes('/');
    }
    return wildcardMatches(this.#text, name);
  }
}

function wildcardMatches(text: string, name: string): boolean {
  let at = 0;
  let index = 0;
  let starAt = -1;
  let starIndex = 0;
  while (index < name.length) {
    const wanted = text[at];
    if (wanted === '*') {
      starAt = at++;
      starIndex = index;
    } else if (wanted === name[index] || (wanted === '?' && name[index] !== '/')) {
      at++;
      index++;
    } else if (starAt >= 0 && name[starIndex] !== '/') {
      at = starAt + 1;
      index = ++starIndex;
    } else {
      return false;
    }
  }
  while (text[at] === '*') {
    at++;
  }
  return at === text.length;
}
