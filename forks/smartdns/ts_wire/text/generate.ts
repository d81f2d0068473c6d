/**
 * `$GENERATE` lines, BIND's extension to master files.
 *
 * @module
 */
import { zoneGenerateMax } from '../limits.ts';
import type { IToken } from './lexer.ts';
import type { TokenReader } from './tokens.ts';

/** Tokens of each record that the line stands for. */
export function* expandGenerate(tokens: TokenReader): Generator<IToken[]> {
  const range = tokens.text('$GENERATE range');
  const parts = /^(\d{1,9})-(\d{1,9})(?:\/(\d{1,9}))?$/.exec(range);
  if (parts === null) throw tokens.fail(`$GENERATE range is "${range}", not START-STOP[/STEP]`);
  const start = Number(parts[1]);
  const stop = Number(parts[2]);
  const step = Number(parts[3] ?? 1);
  if (step < 1 || stop < start || (stop - start) / step >= zoneGenerateMax) {
    throw tokens.fail(`$GENERATE ${range} is empty or makes more than ${zoneGenerateMax} records`);
  }
  const template = tokens.tokens.slice(tokens.index);
  if (template.length < 3) throw tokens.fail('$GENERATE needs an owner, a type and data');
  for (let value = start; value <= stop; value += step) {
    yield template.map((token) => ({ text: expand(token.text, value, tokens), quoted: token.quoted }));
  }
}

/** Replaces `$`, `${offset[,width[,base]]}`; `$$` and `\$` are a dollar sign. */
function expand(text: string, value: number, tokens: TokenReader): string {
  return text.replace(/\\\$|\$\$|\$\{([^}]*)\}|\$/g, (match: string, modifier: string | undefined) => {
    if (match === '\\$' || match === '$$') return '\\$';
    if (modifier === undefined) return String(value);
    const parts = /^(-?\d{1,9})(?:,(\d{1,3}))?(?:,([doxXnN]))?$/.exec(modifier);
    if (parts === null) throw tokens.fail(`$GENERATE modifier {${modifier}} is not {OFFSET[,WIDTH[,BASE]]}`);
    return formatCounter(value + Number(parts[1]), Number(parts[2] ?? 0), parts[3] ?? 'd');
  });
}

function formatCounter(value: number, width: number, base: string): string {
  if (base === 'o') return value.toString(8).padStart(width, '0');
  if (base === 'x') return value.toString(16).padStart(width, '0');
  if (base === 'X') return value.toString(16).toUpperCase().padStart(width, '0');
  if (base === 'd') return String(value).padStart(width, '0');
  // Nibbles, lowest first, with dots between; the width counts digits and dots.
  let digits = value.toString(16);
  digits = digits.padStart(Math.ceil(width / 2), '0');
  const nibbles = digits.split('').reverse().join('.');
  return base === 'N' ? nibbles.toUpperCase() : nibbles;
}
