/**
 * Denial with NSEC records (RFC 4034 §4, RFC 4035 §3.1.3).
 *
 * @module
 */
import { canonicalKey } from '#wire';
import type { IResourceRecord } from '#wire';
import type { ILookupStep, Zone } from '../zone/index.ts';
import { authoritativeNodes, denialTtl, provenTypes, sortTypes } from './denial.ts';
import type { IDenialProver } from './denial.ts';

interface ILink {
  readonly name: string;
  readonly key: string;
  readonly types: readonly string[];
}

/** The chain of a zone's names, made anew when the zone has changed. */
export class NsecProver implements IDenialProver {
  readonly #zone: Zone;
  #links: ILink[] = [];
  #version = 0;

  constructor(zone: Zone) {
    this.#zone = zone;
  }

  prove(step: ILookupStep): IResourceRecord[] {
    this.#refresh();
    const owners = new Set<number>();
    switch (step.kind) {
      case 'nodata':
        if (step.wildcard === null) owners.add(this.#at(step.name));
        else owners.add(this.#at(step.wildcard)).add(this.#at(step.name));
        break;
      case 'nxdomain':
        owners.add(this.#at(step.name)).add(this.#at(wildcardOf(step.closestEncloser)));
        break;
      case 'referral':
        owners.add(this.#at(step.delegation!));
        break;
      default:
        // A wildcard's answer: the name itself is not there.
        owners.add(this.#at(step.name));
    }
    return [...owners].map((index) => this.#record(index));
  }

  /** The record of a name, or undefined where there is no such name. */
  recordAt(name: string): IResourceRecord | undefined {
    this.#refresh();
    const index = this.#at(name);
    return this.#links[index]!.name === name ? this.#record(index) : undefined;
  }

  /** The whole chain. */
  records(): IResourceRecord[] {
    this.#refresh();
    return this.#links.map((_, index) => this.#record(index));
  }

  #refresh(): void {
    if (this.#version === this.#zone.version) return;
    const { tree } = this.#zone;
    // Empty non-terminals have no NSEC record: they lie between two names that have one.
    const nodes = authoritativeNodes(tree).filter((node) => node.sets.size > 0);
    this.#links = nodes.map((node) => ({
      name: node.name,
      key: canonicalKey(node.name),
      types: sortTypes([...provenTypes(tree, node), 'RRSIG', 'NSEC']),
    }));
    this.#links.sort((left, right) => (left.key < right.key ? -1 : 1));
    this.#version = this.#zone.version;
  }

  /** Index of the name, or of the last one before it. The apex comes before every name of the zone. */
  #at(name: string): number {
    const key = canonicalKey(name);
    let low = 0;
    let high = this.#links.length - 1;
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
    const data = { nextDomain: next.name, types: [...link.types] };
    return { name: link.name, type: 'NSEC', class: 'IN', ttl: denialTtl(this.#zone.soa), data };
  }
}

export function wildcardOf(name: string): string {
  return name === '.' ? '*' : `*.${name}`;
}
