/**
 * What must at least be so for an expression to hold, in a form that can be looked up: of a thousand rules only those
 * are asked whose key fits. Keys are hashes; two that meet by chance cost a question, never a wrong answer.
 *
 * @module
 */
import { ipWords, parseIp } from '@dcrouter/smartproxy';
import type { TTyped } from './lang/typed.ts';

/** What is looked up. */
export const DIMENSION = {
  host: 0,
  sni: 1,
  qname: 2,
  path: 3,
  address: 4,
  method: 5,
  qtype: 6,
  port: 7,
  route: 8,
} as const;
export const DIMENSIONS = 9;

/** How a key is compared: the whole value, the end of a name, the beginning of a path, a network. */
export type TKeyKind = 'whole' | 'part';

export interface IKey {
  readonly dimension: number;
  readonly kind: TKeyKind;
  readonly hash: number;
  /** Bits of a network, otherwise 0. */
  readonly bits: number;
}

const FIELD_DIMENSIONS: Readonly<Record<string, number>> = {
  'http.host': DIMENSION.host,
  'tls.sni': DIMENSION.sni,
  'dns.qname': DIMENSION.qname,
  'http.path': DIMENSION.path,
  'client.ip': DIMENSION.address,
  'http.method': DIMENSION.method,
  'dns.qtype': DIMENSION.qtype,
  'conn.port': DIMENSION.port,
  'route.name': DIMENSION.route,
};

/** Lower is more telling: what to choose where several conditions must hold. */
const WEIGHTS = [1, 1, 1, 2, 3, 8, 8, 7, 6];
const PART_PENALTY = 3;
/** Sets with more members are asked as they are: their own look-up is fast, and keys need memory. */
const SET_KEYS_MAX = 1_000;

const FNV_BASIS = 0x811c9dc5 | 0;
const FNV_PRIME = 0x01000193;

/** One more character of a hash; for names from their end, for paths from their beginning. */
export function hashStep(hash: number, code: number): number {
  return Math.imul(hash ^ code, FNV_PRIME);
}

export const hashStart = FNV_BASIS;

export function hashForwards(text: string): number {
  let hash = hashStart;
  for (let at = 0; at < text.length; at += 1) hash = hashStep(hash, text.charCodeAt(at));
  return hash;
}

export function hashBackwards(text: string): number {
  let hash = hashStart;
  for (let at = text.length - 1; at >= 0; at -= 1) hash = hashStep(hash, text.charCodeAt(at));
  return hash;
}

/** The hash of the network of `bits` bits that an address lies in. */
export function hashNetwork(words: Uint32Array, bits: number): number {
  let hash = hashStep(hashStart, bits);
  for (let word = 0; word < 4; word += 1) {
    const keep = bits - word * 32;
    if (keep <= 0) break;
    hash = hashStep(hash, keep >= 32 ? words[word]! : words[word]! & (-1 << (32 - keep)));
  }
  return hash;
}

/** Keys of which one must fit for the expression to hold; null when nothing can be said. */
export function keysOf(typed: TTyped): readonly IKey[] | null {
  switch (typed.kind) {
    case 'and':
      return best(typed.parts.map(keysOf));
    case 'or':
      return union(typed.parts.map(keysOf));
    case 'equal':
      return typed.isNegated || typed.right.kind !== 'constant'
        ? null
        : wholes(typed.left, [String(typed.right.value)]);
    case 'member':
      return typed.isNegated ? null : memberKeys(typed);
    case 'match':
      return matchKeys(typed);
    default:
      return null;
  }
}

function best(choices: ReadonlyArray<readonly IKey[] | null>): readonly IKey[] | null {
  let found: readonly IKey[] | null = null;
  for (const keys of choices) if (keys !== null && (found === null || weight(keys) < weight(found))) found = keys;
  return found;
}

function weight(keys: readonly IKey[]): number {
  return keys.reduce((most, { dimension, kind }) => {
    return Math.max(
      most,
      WEIGHTS[dimension]! + (kind === 'part' && dimension !== DIMENSION.address ? PART_PENALTY : 0),
    );
  }, 0);
}

function union(choices: ReadonlyArray<readonly IKey[] | null>): readonly IKey[] | null {
  const all: IKey[] = [];
  for (const keys of choices) {
    if (keys === null) return null;
    all.push(...keys);
  }
  return all;
}

function dimensionOf(typed: TTyped): number | undefined {
  return typed.kind === 'field' ? FIELD_DIMENSIONS[typed.name] : undefined;
}

function isName(dimension: number): boolean {
  return dimension === DIMENSION.host || dimension === DIMENSION.sni || dimension === DIMENSION.qname;
}

function wholes(left: TTyped, values: readonly string[]): readonly IKey[] | null {
  const dimension = dimensionOf(left);
  if (dimension === undefined || dimension === DIMENSION.address) return null;
  return values.map((value) => ({ dimension, kind: 'whole', hash: hashValue(dimension, value), bits: 0 }));
}

function hashValue(dimension: number, value: string): number {
  if (dimension === DIMENSION.port) return Number(value);
  return isName(dimension) ? hashBackwards(value) : hashForwards(value);
}

function memberKeys({ left, set }: TTyped & { kind: 'member' }): readonly IKey[] | null {
  const { texts, numbers, suffixes, networks, addresses } = set;
  if (texts.size + numbers.size + suffixes.size + networks.length > SET_KEYS_MAX) return null;
  if (addresses !== null) return networkKeys(networks);
  const keys = wholes(left, [...texts, ...[...numbers].map(String)]);
  const dimension = dimensionOf(left);
  if (keys === null || dimension === undefined || (suffixes.size > 0 && !isName(dimension))) return null;
  return [...keys, ...[...suffixes].map((suffix) => suffixKey(dimension, suffix))];
}

function suffixKey(dimension: number, suffix: string): IKey {
  return { dimension, kind: 'part', hash: hashBackwards(suffix), bits: 0 };
}

function networkKeys(networks: readonly string[]): readonly IKey[] | null {
  const keys: IKey[] = [];
  for (const network of networks) {
    const [address = '', length] = network.split('/');
    // Ranges and wildcards are not one network.
    if (parseIp(address) === 0) return null;
    const isDotted = !address.includes(':');
    const bits = length === undefined ? 128 : Number(length) + (isDotted ? 96 : 0);
    keys.push({ dimension: DIMENSION.address, kind: 'part', hash: hashNetwork(ipWords, bits), bits });
  }
  return keys;
}

function matchKeys({ operator, left, pattern }: TTyped & { kind: 'match' }): readonly IKey[] | null {
  const dimension = dimensionOf(left);
  if (dimension === undefined) return null;
  if (isName(dimension)) return nameKeys(dimension, operator, pattern);
  if (dimension !== DIMENSION.path) return null;
  const prefix = operator === 'like' ? pattern.split(/[*?]/, 1)[0]! : pattern;
  if (operator === 'like' && prefix === pattern) return wholes(left, [pattern]);
  if (operator === 'under') return pathKey(pattern.endsWith('/') ? pattern.slice(0, -1) : pattern);
  if (operator !== 'like' && operator !== 'starts_with') return null;
  // Of `/api/v1` only `/api` is sure to end at a slash.
  return pathKey(prefix.slice(0, Math.max(0, prefix.lastIndexOf('/'))));
}

function pathKey(folder: string): readonly IKey[] | null {
  if (folder === '') return null;
  return [{ dimension: DIMENSION.path, kind: 'part', hash: hashForwards(folder), bits: 0 }];
}

function nameKeys(dimension: number, operator: string, pattern: string): readonly IKey[] | null {
  const whole: IKey = { dimension, kind: 'whole', hash: hashBackwards(pattern), bits: 0 };
  if (operator === 'under') {
    return pattern === '.' || pattern === '' ? null : [whole, suffixKey(dimension, `.${pattern}`)];
  }
  if (operator === 'ends_with') return pattern.startsWith('.') ? [suffixKey(dimension, pattern)] : null;
  if (operator !== 'like') return null;
  const rest = pattern.slice(1);
  if (!/[*?]/.test(pattern)) return [whole];
  return pattern.startsWith('*.') && !/[*?]/.test(rest) ? [suffixKey(dimension, rest)] : null;
}
