/**
 * Domain patterns: exact, `*.example.com`, `example.*`, mixed such as `*.shop-*`, and `*`. A `*` is any run of
 * characters, dots included, and `*.example.com` does not cover `example.com` itself.
 *
 * @module
 */
import { domainToASCII } from 'node:url';
import { routeLimits } from '../limits/route.ts';

export type TDomainKind = 'exact' | 'suffix' | 'prefix' | 'general' | 'any';

/** How much of a name a pattern pins down; higher is more specific. A route without domains has 0. */
export const DOMAIN_KIND_RANK: Record<TDomainKind, number> = { exact: 5, suffix: 4, prefix: 3, general: 2, any: 1 };

export interface IDomainPattern {
  readonly source: string;
  readonly kind: TDomainKind;
  /** The name for `exact`, what follows `*.` for `suffix`, what precedes `.*` for `prefix`, else the pattern. */
  readonly text: string;
}

const LABEL = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/;
const LABEL_PATTERN = /^[a-z0-9_*-]{1,63}$/;

/**
 * Reads a pattern; names in other scripts become their ASCII form (RFC 5890).
 *
 * @returns null when the text is no domain pattern.
 */
export function parseDomainPattern(source: string): IDomainPattern | null {
  let text = source.trim().toLowerCase();
  if (text.endsWith('.') && text.length > 1) text = text.slice(0, -1);
  if (/[^\0-\x7f]/.test(text)) text = domainToASCII(text);
  if (text === '' || text.length > routeLimits.domainCharsMax) return null;
  if (text === '*') return { source, kind: 'any', text };
  const labels = text.split('.');
  if (!text.includes('*')) return labels.every((label) => LABEL.test(label)) ? { source, kind: 'exact', text } : null;
  if (!labels.every((label) => LABEL_PATTERN.test(label))) return null;
  const star = text.indexOf('*');
  const single = star === text.lastIndexOf('*');
  if (single && text.startsWith('*.')) return { source, kind: 'suffix', text: text.slice(2) };
  if (single && text.endsWith('.*')) return { source, kind: 'prefix', text: text.slice(0, -2) };
  return { source, kind: 'general', text };
}

/**
 * Where the name in a Host value ends: before its port (RFC 9110 §7.2) and before one trailing dot, which names the
 * same host (RFC 3986 §3.2.2).
 */
export function hostEnd(host: string): number {
  let end = host.length;
  for (let i = end - 1; i >= 0; i -= 1) {
    const code = host.charCodeAt(i);
    if (code >= 0x30 && code <= 0x39) continue;
    // A colon behind digits is the port; inside brackets it belongs to an IPv6 literal and no digits-only run ends it.
    if (code === 0x3a) end = i;
    break;
  }
  return end > 1 && host.charCodeAt(end - 1) === 0x2e ? end - 1 : end;
}

/** Matches `text` (lower case, with stars) against the first `end` characters of a name, without regard to case. */
export function matchesGeneral(text: string, name: string, end: number): boolean {
  let at = 0;
  let i = 0;
  let starAt = -1;
  let resume = 0;
  while (i < end) {
    const code = at < text.length ? text.charCodeAt(at) : -1;
    if (code === 0x2a) {
      starAt = at;
      resume = i;
      at += 1;
    } else if (code === foldCase(name.charCodeAt(i))) {
      at += 1;
      i += 1;
    } else if (starAt >= 0) {
      at = starAt + 1;
      resume += 1;
      i = resume;
    } else return false;
  }
  while (at < text.length && text.charCodeAt(at) === 0x2a) at += 1;
  return at === text.length;
}

/** ASCII letters to lower case; names in DNS differ in nothing else (RFC 4343). */
export function foldCase(code: number): number {
  return code >= 0x41 && code <= 0x5a ? code | 0x20 : code;
}

/** Whether one pattern covers a name; for utilities, the table looks names up. */
export function domainMatches(pattern: IDomainPattern, name: string): boolean {
  const end = hostEnd(name);
  if (end === 0) return false;
  if (pattern.kind === 'any') return true;
  if (pattern.kind === 'suffix') return matchesGeneral(`*.${pattern.text}`, name, end);
  if (pattern.kind === 'prefix') return matchesGeneral(`${pattern.text}.*`, name, end);
  return matchesGeneral(pattern.text, name, end);
}
