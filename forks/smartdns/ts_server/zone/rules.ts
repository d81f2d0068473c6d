/**
 * What may be in a zone.
 *
 * @module
 */
import {
  encodeCanonicalRecordData,
  findTypeNumber,
  isMetaType,
  isNormalSubdomain,
  isWildcardName,
  normalizeName,
  parseRecordData,
  PresentationError,
  recordLayouts,
  ttlMax,
  typeToName,
  WireEncodeError,
} from '#wire';
import type { IResourceRecord, TKnownTypeName, TRecordData } from '#wire';
import { rrsetRecordsMax, zoneRecordsMax } from '../limits/zone.ts';
import type { IZoneProblem, TZoneErrorReason } from './errors.ts';
import type { IRrset, IZoneRecordInput } from './interfaces.ts';
import type { ZoneTree } from './node.ts';

/** Types that signing makes; zones do not store them. */
const signingTypes = new Set(['RRSIG', 'NSEC', 'NSEC3', 'NSEC3PARAM', 'SIG', 'NXT']);

/** One problem found while a record was read; becomes part of a ZoneError. */
export class RecordProblem extends Error {
  readonly problem: IZoneProblem;

  constructor(reason: TZoneErrorReason, message: string) {
    super(message);
    this.problem = { reason, message };
  }
}

/** Whether a record is one that signing makes anew, so that a signed master file can be loaded without it. */
export function isSigningType(type: string): boolean {
  return signingTypes.has(type);
}

/**
 * A record in the form that zones store: owner and type in normal form, data checked. Frozen.
 *
 * @throws RecordProblem
 */
export function toZoneRecord(input: IZoneRecordInput, origin: string, defaultTtl: number): IResourceRecord {
  const where = `${input.name} ${input.type}`;
  const name = input.name === '@' ? origin : ownerName(input.name, where);
  if (!isNormalSubdomain(name, origin))
    throw new RecordProblem('out-of-zone', `${where}: the owner is not in the zone`);
  if ((input.class ?? 'IN') !== 'IN') throw new RecordProblem('class', `${where}: class ${input.class} instead of IN`);
  const number = findTypeNumber(input.type);
  if (number < 0 || isMetaType(number)) throw new RecordProblem('type', `${where}: no type that a zone can have`);
  const type = typeToName(number);
  if (signingTypes.has(type)) throw new RecordProblem('type', `${where}: the server makes ${type} records itself`);
  const ttl = input.ttl ?? defaultTtl;
  if (!Number.isInteger(ttl) || ttl < 0 || ttl > ttlMax) {
    throw new RecordProblem('data', `${where}: the TTL ${ttl} is not an integer from 0 to ${ttlMax}`);
  }
  if (isWildcardName(name) && (type === 'NS' || type === 'DNAME')) {
    throw new RecordProblem('wildcard', `${where}: ${type} records at a wildcard have no defined meaning`);
  }
  return Object.freeze({ name, type, class: 'IN', ttl, data: checkedData(input.data, type, origin, where) });
}

function ownerName(name: string, where: string): string {
  try {
    return normalizeName(name);
  } catch (error) {
    if (error instanceof WireEncodeError) throw new RecordProblem('data', `${where}: ${error.message}`);
    throw error;
  }
}

function checkedData(data: TRecordData, type: string, origin: string, where: string): TRecordData {
  try {
    const layout = recordLayouts[type as TKnownTypeName];
    const asText = typeof data === 'string' && (layout === undefined || layout.fields !== null);
    const value = asText ? parseRecordData(type, data, origin) : data;
    encodeCanonicalRecordData(type, value);
    return value;
  } catch (error) {
    if (error instanceof WireEncodeError || error instanceof PresentationError) {
      throw new RecordProblem('data', `${where}: ${error.message}`);
    }
    throw error;
  }
}

/** Canonical bytes of a record's data as a string, to tell whether two records are one (RFC 2181 §5). */
export function dataKey(record: IResourceRecord): string {
  return encodeCanonicalRecordData(record.type, record.data).toString('latin1');
}

/** A set of records that share owner and type, each once, with one TTL (RFC 2181 §5.2). */
export function makeRrset(name: string, type: string, records: readonly IResourceRecord[], ttl?: number): IRrset {
  const shared = ttl ?? Math.min(...records.map((record) => record.ttl));
  const byData = new Map<string, IResourceRecord>();
  for (const record of records) {
    const key = dataKey(record);
    if (byData.has(key)) continue;
    byData.set(key, record.ttl === shared ? record : Object.freeze({ ...record, ttl: shared }));
  }
  return Object.freeze({ name, type, ttl: shared, records: Object.freeze([...byData.values()]) });
}

/** What is wrong at a name after a change; the tree is already changed. */
export function problemsAt(tree: ZoneTree, name: string): IZoneProblem[] {
  const problems: IZoneProblem[] = [];
  const complain = (reason: TZoneErrorReason, message: string): number => problems.push({ reason, message });
  const node = tree.nodes.get(name);
  if (node === undefined) return problems;
  const { sets } = node;
  const alias = sets.get('CNAME');
  if (alias !== undefined && sets.size > 1) {
    const others = [...sets.keys()].filter((type) => type !== 'CNAME').join(', ');
    complain('cname', `${name} has a CNAME beside ${others}`);
  }
  if (alias !== undefined && alias.records.length > 1) complain('cname', `${name} has more than one CNAME`);
  const subtree = sets.get('DNAME');
  if (subtree !== undefined && subtree.records.length > 1) complain('dname', `${name} has more than one DNAME`);
  if (subtree !== undefined && node.children > 0) complain('dname', `${name} has a DNAME and names below it`);
  if (sets.has('SOA') && name !== tree.origin) complain('soa', `${name} has a SOA but is not the apex`);
  for (const set of sets.values()) {
    if (set.records.length > rrsetRecordsMax) {
      complain('too-many', `${name} ${set.type} has more than ${rrsetRecordsMax} records`);
    }
  }
  return problems;
}

/** What is wrong with the zone as a whole. */
export function problemsOfZone(tree: ZoneTree): IZoneProblem[] {
  const problems: IZoneProblem[] = [];
  const soa = tree.apex.sets.get('SOA');
  if (soa === undefined) problems.push({ reason: 'soa', message: 'there is no SOA at the apex' });
  else if (soa.records.length > 1) problems.push({ reason: 'soa', message: 'there is more than one SOA' });
  if (!tree.apex.sets.has('NS')) problems.push({ reason: 'ns', message: 'there are no NS records at the apex' });
  if (tree.records > zoneRecordsMax) {
    problems.push({ reason: 'too-many', message: `there are more than ${zoneRecordsMax} records` });
  }
  return problems;
}

/** Whether a DNAME above the name hides it; names may not be added there. */
export function dnameAbove(tree: ZoneTree, ancestors: readonly string[]): string | null {
  return ancestors.find((name) => tree.get(name, 'DNAME') !== undefined) ?? null;
}
