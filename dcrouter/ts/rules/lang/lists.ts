/**
 * Named lists: addresses and networks, or host names.
 *
 * @module
 */
import { IpSet, parseIpPattern, type IIpRange } from '@dcrouter/smartproxy';
import { RuleError } from './error.ts';
import type { IMemberSet } from './typed.ts';

export interface INamedList {
  readonly kind: 'addresses' | 'names';
  readonly set: IMemberSet;
}

const NO_TEXTS: ReadonlySet<string> = new Set();
const NO_NUMBERS: ReadonlySet<number> = new Set();

export function addressSet(networks: readonly string[], ranges: readonly IIpRange[]): IMemberSet {
  return { texts: NO_TEXTS, numbers: NO_NUMBERS, suffixes: NO_TEXTS, addresses: new IpSet(ranges), networks };
}

export function textSet(texts: readonly string[], suffixes: readonly string[] = []): IMemberSet {
  return { texts: new Set(texts), numbers: NO_NUMBERS, suffixes: new Set(suffixes), addresses: null, networks: [] };
}

export function numberSet(numbers: readonly number[]): IMemberSet {
  return { texts: NO_TEXTS, numbers: new Set(numbers), suffixes: NO_TEXTS, addresses: null, networks: [] };
}

/** What an entry that is neither may look like: a host name, `*.` in front for what is below it. */
const NAME = /^(?:\*\.)?[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_-])?$/;

/** The index of the entry that does not fit is `at` of the error's place. */
export class ListError extends RuleError {
  readonly index: number;

  constructor(message: string, index: number) {
    super(message);
    this.index = index;
  }
}

/** @throws ListError */
export function compileList(entries: readonly string[]): INamedList {
  const ranges = entries.map((entry) => parseIpPattern(entry));
  if (ranges.every((range) => range !== null)) return { kind: 'addresses', set: addressSet(entries, ranges) };
  const names = entries.map(normalName);
  const texts: string[] = [];
  const suffixes: string[] = [];
  for (const [index, name] of names.entries()) {
    if (ranges[index] !== null || !NAME.test(name)) {
      const expected = ranges[0] === null ? 'a host name, as the others' : 'an address or network, as the others';
      throw new ListError(`got '${entries[index]}', expected ${expected}`, index);
    }
    if (name.startsWith('*.')) suffixes.push(name.slice(1));
    else texts.push(name);
  }
  return { kind: 'names', set: textSet(texts, suffixes) };
}

/** As host names are compared: lower case, no final dot. */
export function normalName(name: string): string {
  const lower = name.toLowerCase();
  return lower.length > 1 && lower.endsWith('.') ? lower.slice(0, -1) : lower;
}
