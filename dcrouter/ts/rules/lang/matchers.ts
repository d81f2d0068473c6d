/**
 * What stands behind `like`, `under`, `matches` and their kin, made once.
 *
 * @module
 */
import type { TForm } from './fields.ts';
import { Pattern } from './pattern/pattern.ts';
import type { TMatchOperator } from './typed.ts';

/** @throws PatternError for a regular expression that cannot be used */
export function matcher(operator: TMatchOperator, pattern: string, form: TForm): (text: string) => boolean {
  switch (operator) {
    case 'starts_with':
      return (text) => text.startsWith(pattern);
    case 'ends_with':
      return (text) => text.endsWith(pattern);
    case 'contains':
      return (text) => text.includes(pattern);
    case 'like':
      return glob(pattern);
    case 'under':
      return form === 'path' ? underPath(pattern) : underName(pattern);
    default: {
      const compiled = new Pattern(pattern);
      return (text) => compiled.test(text);
    }
  }
}

function underName(name: string): (text: string) => boolean {
  if (name === '.' || name === '') return () => true;
  const suffix = `.${name}`;
  return (text) => text === name || text.endsWith(suffix);
}

function underPath(path: string): (text: string) => boolean {
  const below = path.endsWith('/') ? path : `${path}/`;
  const itself = below.slice(0, -1);
  return (text) => text.startsWith(below) || text === itself;
}

/** `*` stands for any characters, `?` for one. The usual shapes need no search. */
export function glob(pattern: string): (text: string) => boolean {
  const rest = pattern.replaceAll('*', '');
  const stars = pattern.length - rest.length;
  if (!pattern.includes('?')) {
    if (stars === 0) return (text) => text === pattern;
    if (stars === 1 && pattern.startsWith('*')) return (text) => text.endsWith(rest);
    if (stars === 1 && pattern.endsWith('*')) return (text) => text.startsWith(rest);
  }
  return (text) => globMatches(pattern, text);
}

/** Goes back to the latest `*` only, so that the work is at most pattern times text. */
function globMatches(pattern: string, text: string): boolean {
  let at = 0;
  let star = -1;
  let resume = 0;
  let index = 0;
  while (index < text.length) {
    const sign = pattern[at];
    if (sign === '*') {
      star = at;
      resume = index;
      at += 1;
    } else if (sign === '?' || (sign !== undefined && sign === text[index])) {
      at += 1;
      index += 1;
    } else if (star !== -1) {
      at = star + 1;
      resume += 1;
      index = resume;
    } else return false;
  }
  while (pattern[at] === '*') at += 1;
  return at === pattern.length;
}
