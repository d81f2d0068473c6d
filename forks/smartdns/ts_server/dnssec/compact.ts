/**
 * Compact denial (RFC 9824): each question gets an NSEC record of its own, which claims the smallest gap there is.
 * Needs no list of the zone's names, so it also serves names that only a handler knows.
 *
 * @module
 */
import { nameFromWire, nameToCanonicalWire } from '#wire';
import type { IResourceRecord } from '#wire';
import type { ILookupStep } from '../zone/index.ts';
import { sortTypes } from './denial.ts';
import type { IDenialProver } from './denial.ts';

const nameBytesMax = 255;
const labelBytesMax = 63;

export class CompactProver implements IDenialProver {
  readonly #origin: string;
  readonly #ttl: () => number;

  /** @param ttl seconds for denial records. */
  constructor(origin: string, ttl: () => number) {
    this.#origin = origin;
    this.#ttl = ttl;
  }

  prove(step: ILookupStep): IResourceRecord[] {
    // What a wildcard or handler made is signed as the name's own, and so needs no proof.
    if (step.kind === 'answer' || step.kind === 'cname') return [];
    const owner = step.delegation ?? step.name;
    return [this.#record(owner, this.#types(step))];
  }

  /** The record of a name that is there. */
  recordAt(name: string, types: readonly string[]): IResourceRecord {
    return this.#record(name, [...types, 'RRSIG', 'NSEC']);
  }

  #types(step: ILookupStep): string[] {
    // RFC 9824 §2, §3.1: the name is there, and says with NXNAME that it is not.
    if (step.kind === 'nxdomain') return ['RRSIG', 'NSEC', 'NXNAME'];
    const types = step.kind === 'referral' ? step.types.filter((type) => type === 'NS' || type === 'DS') : step.types;
    return [...types, 'RRSIG', 'NSEC'];
  }

  #record(owner: string, types: readonly string[]): IResourceRecord {
    const data = { nextDomain: nextName(owner, this.#origin), types: sortTypes(types) };
    return { name: owner, type: 'NSEC', class: 'IN', ttl: this.#ttl(), data };
  }
}

/**
 * The name right after another in canonical order: `\000` in front of it, or, where that is too long, the next possible
 * one (RFC 4471 §3.1.2).
 */
export function nextName(name: string, origin: string): string {
  let wire = nameToCanonicalWire(name);
  if (wire.length + 2 <= nameBytesMax) return nameFromWire(Buffer.concat([Buffer.of(1, 0), wire]));
  const apexBytes = nameToCanonicalWire(origin).length;
  while (wire.length > apexBytes) {
    const next = followingSibling(wire);
    if (next !== null) return nameFromWire(next);
    // Every byte of the label is the highest: what follows comes after its parent.
    wire = wire.subarray(wire[0]! + 1);
  }
  return origin;
}

function followingSibling(wire: Buffer): Buffer | null {
  const size = wire[0]!;
  const rest = wire.subarray(size + 1);
  if (size < labelBytesMax && wire.length < nameBytesMax) {
    return Buffer.concat([Buffer.of(size + 1), wire.subarray(1, size + 1), Buffer.of(0), rest]);
  }
  let end = size;
  while (end > 0 && wire[end] === 0xff) end--;
  if (end === 0) return null;
  const label = Buffer.from(wire.subarray(1, end + 1));
  const last = label[end - 1]! + 1;
  // Upper case letters would be the lower case ones again.
  label[end - 1] = last >= 0x41 && last <= 0x5a ? 0x5b : last;
  return Buffer.concat([Buffer.of(end), label, rest]);
}
