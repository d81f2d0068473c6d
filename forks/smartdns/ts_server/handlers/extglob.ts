/**
 * Patterns with character classes, escapes or extended forms, compiled to a regular expression.
 *
 * Only an operator writes patterns, and names have at most 255 octets; nested repetitions such as `+(a|aa)` still cost
 * what a regular expression costs, so they are accepted but not recommended.
 *
 * @module
 */

const posixClasses: Readonly<Record<string, string>> = {
  alnum: 'a-z0-9',
  alpha: 'a-z',
  digit: '0-9',
  lower: 'a-z',
  upper: 'a-z',
  xdigit: 'a-f0-9',
  word: '\\w',
  space: '\\s',
  blank: ' \\t',
  punct: '!-\\/:-@\\[-`{-~',
};

/** Compiles one brace-free pattern in lower case. */
export function globToRegExp(text: string): RegExp {
  const first = text[0];
  // `*`, `?` and classes do not match a leading dot, as in a shell.
  const guard = first === '*' || first === '?' || first === '[' || /^[+@!]\(/.test(text) ? '(?!\\.)' : '';
  const whole = text === '*' ? '[^/]+' : translate(text, '$');
  return new RegExp(`^${guard}${whole}$`, 's');
}

/** Translates `text`; `after` is the expression of everything that follows it, which `!(…)` must look past. */
function translate(text: string, after: string): string {
  let out = '';
  for (let index = 0; index < text.length; index++) {
    const char = text[index] ?? '';
    if (char === '\\') {
      index++;
      out += escapeLiteral(text[index] ?? '\\');
    } else if (/[?*+@!]/.test(char) && text[index + 1] === '(') {
      const close = closingParenthesis(text, index + 1);
      if (close < 0) {
        out += wildcard(char);
        continue;
      }
      const rest = translate(text.slice(close + 1), after);
      return out + extended(char, text.slice(index + 2, close), rest, after) + rest;
    } else if (char === '[') {
      const parsed = characterClass(text, index);
      out += parsed.expression;
      index = parsed.end;
    } else {
      out += wildcard(char);
    }
  }
  return out;
}

function wildcard(char: string): string {
  if (char === '*') {
    return '[^/]*?';
  }
  return char === '?' ? '[^/]' : escapeLiteral(char);
}

function extended(kind: string, body: string, rest: string, after: string): string {
  const choices = alternatives(body).map((part) => translate(part, rest + after));
  const group = choices.join('|');
  switch (kind) {
    case '?':
      return `(?:${group})?`;
    case '*':
      return `(?:${group})*`;
    case '+':
      return `(?:${group})+`;
    case '@':
      return `(?:${group})`;
    default:
      return body === '' ? '[^/]+?' : `(?:(?!(?:${group})${rest}${after})[^/]*?)`;
  }
}

function closingParenthesis(text: string, open: number): number {
  let depth = 0;
  for (let index = open; index < text.length; index++) {
    if (text[index] === '\\') {
      index++;
    } else if (text[index] === '(') {
      depth++;
    } else if (text[index] === ')' && --depth === 0) {
      return index;
    }
  }
  return -1;
}

function alternatives(body: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let index = 0; index < body.length; index++) {
    const char = body[index];
    if (char === '\\') {
      index++;
    } else if (char === '(') {
      depth++;
    } else if (char === ')') {
      depth--;
    } else if (char === '|' && depth === 0) {
      parts.push(body.slice(start, index));
      start = index + 1;
    }
  }
  parts.push(body.slice(start));
  return parts;
}

function characterClass(text: string, open: number): { expression: string; end: number } {
  let index = open + 1;
  const negated = text[index] === '!' || text[index] === '^';
  if (negated) {
    index++;
  }
  const start = index;
  let body = '';
  while (index < text.length && (text[index] !== ']' || index === start)) {
    const posix = text.startsWith('[:', index) ? /^\[:([a-z]+):\]/.exec(text.slice(index)) : null;
    const range = posixClasses[posix?.[1] ?? ''];
    if (posix !== null && range !== undefined) {
      body += range;
      index += posix[0].length;
      continue;
    }
    if (text[index] === '\\') {
      index++;
    }
    const char = text[index] ?? '\\';
    body += char === '-' && index > start && text[index + 1] !== ']' ? '-' : escapeLiteral(char);
    index++;
  }
  if (index >= text.length) {
    return { expression: '\\[', end: open };
  }
  return { expression: `(?!/)[${negated ? '^' : ''}${body}]`, end: index };
}

function escapeLiteral(char: string): string {
  return /[\\^$.*+?()[\]{}|/-]/.test(char) ? `\\${char}` : char;
}
