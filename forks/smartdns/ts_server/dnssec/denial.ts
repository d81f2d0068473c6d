/**
 * How a zone proves that something is not there.
 *
 * @module
 */
import { findTypeNumber, isNormalSubdomain } from '#wire';
import type { IResourceRecord, ISoaData } from '#wire';
import type { ILookupStep } from '../zone/index.ts';
import type { ZoneNode, ZoneTree } from '../zone/node.ts';

/** `nsec` (RFC 4034 §4), `nsec3` (RFC 5155), or `compact`: made for each question (RFC 9824). */
export type TDenial = 'nsec' | 'nsec3' | 'compact';

/** A way to prove. */
export interface IDenialProver {
  /** Unsigned records that prove what a step of a look-up says. */
  prove(step: ILookupStep): IResourceRecord[];
}

/** TTL of denial records: the shorter of the SOA's TTL and its last field (RFC 9077 §3). */
export function denialTtl(soa: IResourceRecord): number {
  return Math.min(soa.ttl, (soa.data as ISoaData).minimum);
}

/** Types in the order of their numbers, each once. */
export function sortTypes(types: Iterable<string>): string[] {
  return [...new Set(types)].sort((left, right) => findTypeNumber(left) - findTypeNumber(right));
}

/** Whether a step says that something is missing, or came from a wildcard, so that a proof is due. */
export function needsProof(step: ILookupStep): boolean {
  if (step.kind === 'nodata' || step.kind === 'nxdomain') return true;
  // A signed delegation proves itself by its DS.
  if (step.kind === 'referral') return !step.types.includes('DS');
  return step.kind !== 'out-of-zone' && step.wildcard !== null;
}

/** Whether a name is a delegation to another zone. */
export function isDelegation(tree: ZoneTree, node: ZoneNode): boolean {
  return node.name !== tree.origin && node.sets.has('NS');
}

/**
 * Nodes that the zone speaks for, in no order: all but those below delegations and DNAMEs.
 */
export function authoritativeNodes(tree: ZoneTree): ZoneNode[] {
  if (tree.cuts === 0) return [...tree.nodes.values()];
  const cuts: string[] = [];
  for (const node of tree.nodes.values()) {
    if (isDelegation(tree, node) || node.sets.has('DNAME')) cuts.push(node.name);
  }
  const cutNames = new Set(cuts);
  return [...tree.nodes.values()].filter((node) => !isBelow(node.name, tree.origin, cutNames));
}

function isBelow(name: string, origin: string, cuts: ReadonlySet<string>): boolean {
  let at = name;
  while (at !== origin) {
    const end = at.indexOf('.');
    // An escaped dot gives a piece of a label, which is no name of the zone; the walk goes on and finds the next.
    at = end < 0 ? '.' : at.slice(end + 1);
    if (cuts.has(at) && isNormalSubdomain(name, at) && at !== name) return true;
    if (at === '.') return false;
  }
  return false;
}

/** Types that the records of a node let a proof name: only the parent's side of a delegation. */
export function provenTypes(tree: ZoneTree, node: ZoneNode): string[] {
  const types = [...node.sets.keys()];
  return isDelegation(tree, node) ? types.filter((type) => type === 'NS' || type === 'DS') : types;
}
