/**
 * Denial with NSEC3 records (RFC 5155).
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { formatBase32, joinName, nameToCanonicalWire, parentName } from '#wire';
import type { IResourceRecord } from '#wire';
import { nsec3HashesMax, nsec3Iterations, nsec3IterationsMax } from '../limits/dnssec.ts';
import type { ILookupStep, Zone } from '../zone/index.ts';
import type { ZoneNode } from '../zone/node.ts';
import { authoritativeNodes, denialTtl, isDelegation, provenTypes, sortTypes } from './denial.ts';
import type { IDenialProver } from './denial.ts';
import { wildcardOf } from './nsec.ts';

/** Parameters (RFC 9276 asks for 0 iterations and no salt, which are the defaults). */
export interface INsec3Options {
  iterations?: number;
  salt?: Buffer;
}

/** SHA-1, the only hash that NSEC3 has (RFC 5155 §11). */
const hashAlgorithm = 1;

interface ILink {
  /** Hash as Latin-1 text: its order is the order of the chain. */
  readonly key: string;
  readonly hash: Buffer;
  readonly types: readonly string[];
}

/** Hash of a name (RFC 5155 §5). */
export function nsec3Hash(name: string, salt: Buffer, iterations: number): Buffer {
  let digest = createHash('sha1').update(nameToCanonicalWire(name)).update(salt).digest();
  for (let round = 0; round < iterations; round++) digest = createHash('sha1').update(digest).update(salt).digest();
  return digest;
}

/** The chain of a zone's hashed names, made anew when the zone has changed; hashes of names that stay are kept. */
export class Nsec3Prover implements IDenialProver {
  readonly #zone: Zone;
  readonly #iterations: number;
  readonly #salt: Buffer;
  readonly #hashes = new Map<string, Buffer>();
  #links: ILink[] = [];
  #version = 0;

  constructor(zone: Zone, options: INsec3Options) {
    this.#zone = zone;
    this.#iterations = options.iterations ?? nsec3Iterations;
    this.#salt = options.salt ?? Buffer.alloc(0);
    if (!Number.isInteger(this.#iterations) || this.#iterations < 0 || this.#iterations > nsec3IterationsMax) {
      throw new RangeError(`NSEC3 iterations are ${this.#iterations}; validators accept 0 to ${nsec3IterationsMax}`);
    }
    if (this.#salt.length > 255) throw new RangeError('an NSEC3 salt has at most 255 bytes');
  }

  /** The record at the apex that tells the parameters (RFC 5155 §4). */
  parameters(): IResourceRecord {
    const data = { algorithm: hashAlgorithm, flags: 0, iterations: this.#iterations, salt: this.#salt };
    return { name: this.#zone.origin, type: 'NSEC3PARAM', class: 'IN', ttl: 0, data };
  }

  prove(step: ILookupStep): IResourceRecord[] {
    this.#refresh();
    const owners = new Set<number>();
    switch (step.kind) {
      case 'nodata':
        if (step.wildcard === null) owners.add(this.#at(step.name));
        else this.#proveEncloser(owners, step).add(this.#at(step.wildcard));
        break;
      case 'nxdomain':
        this.#proveEncloser(owners, step).add(this.#at(wildcardOf(step.closestEncloser)));
        break;
      case 'referral':
        owners.add(this.#at(step.delegation!));
        break;
      default:
        // RFC 5155 §7.2.6: a wildcard's answer needs only that the next closer name is not there.
        owners.add(this.#at(nextCloser(step.name, step.closestEncloser)));
    }
    return [...owners].map((index) => this.#record(index));
  }

  /** The whole chain. */
  records(): IResourceRecord[] {
    this.#refresh();
    return this.#links.map((_, index) => this.#record(index));
  }

  /** RFC 5155 §7.2.1: the closest encloser is there, the next closer name is not. */
  #proveEncloser(owners: Set<number>, step: ILookupStep): Set<number> {
    return owners.add(this.#at(step.closestEncloser)).add(this.#at(nextCloser(step.name, step.closestEncloser)));
  }

  #refresh(): void {
    if (this.#version === this.#zone.version) return;
    const { tree } = this.#zone;
    if (this.#hashes.size > nsec3HashesMax) this.#hashes.clear();
    this.#links = authoritativeNodes(tree).map((node) => {
      const hash = this.#hash(node.name);
      return { key: hash.toString('latin1'), hash, types: this.#types(node) };
    });
    this.#links.sort((left, right) => (left.key < right.key ? -1 : 1));
    this.#version = this.#zone.version;
  }

  /** RFC 5155 §7.1: RRSIG only where something is signed, which an unsigned delegation and an empty name are not. */
  #types(node: ZoneNode): string[] {
    const types = provenTypes(this.#zone.tree, node);
    const signed = types.length > 0 && (!isDelegation(this.#zone.tree, node) || types.includes('DS'));
    return sortTypes(signed ? [...types, 'RRSIG'] : types);
  }

  #hash(name: string): Buffer {
    const known = this.#hashes.get(name);
    if (known !== undefined) return known;
    const digest = nsec3Hash(name, this.#salt, this.#iterations);
    this.#hashes.set(name, digest);
    return digest;
  }

  /** Index of the record that matches the name's hash, or else covers it. */
  #at(name: string): number {
    // Asked names are hashed without being kept, or a flood of them would fill the memory.
    const key = (this.#hashes.get(name) ?? nsec3Hash(name, this.#salt, this.#iterations)).toString('latin1');
    let low = 0;
    let high = this.#links.length - 1;
    if (key < this.#links[0]!.key) return high;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#links[middle]!.key <= key) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #record(index: number): IResourceRecord {
    const link = this.#links[index]!;
    const next = this.#links[(index + 1) % this.#links.length]!;
    const data = {
      algorithm: hashAlgorithm,
      flags: 0,
      iterations: this.#iterations,
      salt: this.#salt,
      nextHashedOwner: next.hash,
      types: [...link.types],
    };
    const name = joinName(formatBase32(link.hash).toLowerCase(), this.#zone.origin);
    return { name, type: 'NSEC3', class: 'IN', ttl: denialTtl(this.#zone.soa), data };
  }
}

/** The name one label longer than the encloser, on the way to `name` (RFC 5155 §1.3). */
function nextCloser(name: string, encloser: string): string {
  let at = name;
  for (;;) {
    const parent = parentName(at);
    if (parent === encloser || parent === at) return at;
    at = parent;
  }
}
