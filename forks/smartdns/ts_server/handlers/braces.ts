/**
 * Brace expansion of domain patterns: `{a,b}`, `{1..3}`, `{01..10..2}`, `{a..c}`, nested.
 *
 * @module
 */
import { patternExpansionsMax } from '../limits/index.ts';

/** Index of the brace that closes the one at `open`, and of the commas at its own level; undefined if it never closes. */
function braceParts(text: string, open: number): { close: number; commas: number[] } | undefined {
  const commas: number[] = [];
  let depth = 0;
  for (let index = open; index < text.length; index++) {
    const char = text[index];
    if (char === '\\') {
      index++;
    } else if (char === '{') {
      depth++;
    } else if (char === ',' && depth === 1) {
      commas.push(index);
    } else if (char === '}' && --depth === 0) {
      return { close: index, commas };
    }
  }
  return undefined;
}

function expandRange(body: string): string[] | undefined {
  const range = /^(-?\d+|[a-z])\.\.(-?\d+|[a-z])(?:\.\.(-?\d+))?$/i.exec(body);
  if (range?.[1] === undefined || range[2] === undefined) {
    return undefined;
  }
  const [, from, to] = range;
  const numeric = /\d/.test(from) && /\d/.test(to);
  if (!numeric && (/\d/.test(from) || /\d/.test(to))) {
    return undefined;
  }
  const first = numeric ? Number(from) : from.charCodeAt(0);
  const last = numeric ? Number(to) : to.charCodeAt(0);
  const step = Math.max(1, Math.abs(Number(range[3] ?? 1)));
  const width = /^-?0\d/.test(from) || /^-?0\d/.test(to) ? Math.max(from.length, to.length) : 0;
  const values: string[] = [];
  const direction = first <= last ? step : -step;
  for (let value = first; direction > 0 ? value <= last : value >= last; value += direction) {
    if (values.length >= patternExpansionsMax) {
      throw new RangeError(`braces of a domain pattern expand to more than ${patternExpansionsMax} patterns`);
    }
    const text = numeric
      ? String(Math.abs(value)).padStart(value < 0 ? width - 1 : width, '0')
      : String.fromCharCode(value);
    values.push(numeric && value < 0 ? `-${text}` : text);
  }
  return values;
}

/**
 * All patterns that `text` stands for; `text` itself when it has no braces to expand.
 *
 * @throws RangeError past the limit of patterns
 */
export function expandBraces(text: string): string[] {
  for (let open = 0; open < text.length; open++) {
    if (text[open] === '\\') {
      open++;
      continue;
    }
    if (text[open] !== '{') {
      continue;
    }
    const parts = braceParts(text, open);
    if (parts === undefined) {
      continue;
    }
    const body = text.slice(open + 1, parts.close);
    const values =
      parts.commas.length > 0
        ? splitAt(
            body,
            parts.commas.map((comma) => comma - open - 1),
          )
        : expandRange(body);
    if (values === undefined) {
      continue;
    }
    const head = text.slice(0, open);
    const tail = text.slice(parts.close + 1);
    const tails = expandBraces(tail);
    const results: string[] = [];
    for (const value of values) {
      for (const inner of parts.commas.length > 0 ? expandBraces(value) : [value]) {
        for (const end of tails) {
          results.push(head + inner + end);
        }
        if (results.length > patternExpansionsMax) {
          throw new RangeError(`braces of a domain pattern expand to more than ${patternExpansionsMax} patterns`);
        }
      }
    }
    return results;
  }
  return [text];
}

function splitAt(text: string, commas: number[]): string[] {
  const parts: string[] = [];
  let start = 0;
  for (const comma of [...commas, text.length]) {
    parts.push(text.slice(start, comma));
    start = comma + 1;
  }
  return parts;
}
