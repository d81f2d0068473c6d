/**
 * The conditions of a match that are not looked up but asked one by one: client address, TLS version, method, headers.
 *
 * @module
 */
import type { IRouteMatch } from '../interfaces/route.ts';
import { parseIpPattern, type IIpRange } from '../security/ip-pattern.ts';
import { IpSet } from '../security/ip-set.ts';

/** Gives a request header's value by lower-case name. */
export type THeaderLookup = (name: string) => string | undefined;

/** One header condition. */
export class HeaderCondition {
  /** Lower case. */
  readonly name: string;
  /** Lower case; null where a pattern is tested. An empty text matches a missing or empty header. */
  readonly #text: string | null;
  readonly #pattern: RegExp | null;

  constructor(name: string, value: string | RegExp) {
    this.name = name.toLowerCase();
    this.#text = typeof value === 'string' ? value.toLowerCase() : null;
    // `g` and `y` make test() depend on the call before it.
    this.#pattern = typeof value === 'string' ? null : new RegExp(value.source, value.flags.replaceAll(/[gy]/g, ''));
  }

  matches(header: THeaderLookup): boolean {
    const value = header(this.name);
    if (this.#text !== null) {
      return (value ?? '') === this.#text || (value !== undefined && value.toLowerCase() === this.#text);
    }
    return value !== undefined && this.#pattern!.test(value);
  }
}

export function compileHeaders(headers: Record<string, string | RegExp> | undefined): HeaderCondition[] | null {
  const list = Object.entries(headers ?? {}).map(([name, value]) => new HeaderCondition(name, value));
  return list.length > 0 ? list : null;
}

export function allHeadersMatch(conditions: readonly HeaderCondition[], header: THeaderLookup): boolean {
  for (let i = 0; i < conditions.length; i += 1) if (!conditions[i]!.matches(header)) return false;
  return true;
}

/** Null when any address will do. Patterns must have been validated. */
export function compileClientIps(patterns: readonly string[] | undefined): IpSet | null {
  if (!patterns || patterns.length === 0) return null;
  return new IpSet(patterns.map((pattern) => parseIpPattern(pattern)).filter((range): range is IIpRange => !!range));
}

/** `TLSv1.3`, `tls1.3`, `1.3` are one version. */
export function normalizeTlsVersion(text: string): string {
  const found = /^(?:tls)?[ _-]?v?(1(?:[._][0-3])?)$/i.exec(text.trim());
  if (!found) return text;
  const version = found[1]!.replace('_', '.');
  return `TLSv${version === '1.0' ? '1' : version}`;
}

export function compileTlsVersions(versions: readonly string[] | undefined): ReadonlySet<string> | null {
  return versions && versions.length > 0 ? new Set(versions.map(normalizeTlsVersion)) : null;
}

/** Methods are case-sensitive (RFC 9110 §9.1); configured ones are written in upper case by everybody. */
export function compileMethods(method: IRouteMatch['method']): ReadonlySet<string> | null {
  if (method === undefined) return null;
  const list = typeof method === 'string' ? [method] : method;
  return list.length > 0 ? new Set(list.map((item) => item.toUpperCase())) : null;
}
