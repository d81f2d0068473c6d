/**
 * A whole zone with its signatures.
 *
 * @module
 */
import { canonicalKey } from '#wire';
import type { IResourceRecord } from '#wire';
import type { Zone } from '../zone/index.ts';
import type { ZoneNode } from '../zone/node.ts';
import { authoritativeNodes, isDelegation } from './denial.ts';

/**
 * All records of a zone, signatures behind each set, and the denial chain.
 *
 * @param chain unsigned NSEC or NSEC3 records.
 */
export function exportZone(
  zone: Zone,
  chain: readonly IResourceRecord[],
  sign: (records: readonly IResourceRecord[]) => readonly IResourceRecord[],
): IResourceRecord[] {
  const { tree } = zone;
  const ours = new Set(authoritativeNodes(tree));
  const records: IResourceRecord[] = [];
  for (const node of inOrder([...tree.nodes.values()])) {
    const signable = ours.has(node);
    const delegation = isDelegation(tree, node);
    for (const set of node.sets.values()) {
      records.push(...set.records);
      // On the parent's side of a cut only the DS is ours (RFC 4035 §2.2).
      if (signable && (!delegation || set.type === 'DS')) records.push(...sign(set.records));
    }
  }
  for (const record of chain) records.push(record, ...sign([record]));
  return records.sort((left, right) => soaFirst(left) - soaFirst(right));
}

function inOrder(nodes: ZoneNode[]): ZoneNode[] {
  const keyed = nodes.map((node) => ({ node, key: canonicalKey(node.name) }));
  keyed.sort((left, right) => (left.key < right.key ? -1 : 1));
  return keyed.map(({ node }) => node);
}

function soaFirst(record: IResourceRecord): number {
  return record.type === 'SOA' ? 0 : 1;
}
