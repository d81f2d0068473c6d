/**
 * What remains of an answer's TTLs.
 *
 * @module
 */
import type { IResourceRecord } from '#wire';

/** The records with their TTLs lowered by an age in whole seconds; the same array while that is 0. */
export function agedRecords(records: readonly IResourceRecord[], ageSeconds: number): readonly IResourceRecord[] {
  if (ageSeconds === 0 || records.length === 0) return records;
  return records.map((record) => Object.freeze({ ...record, ttl: Math.max(0, record.ttl - ageSeconds) }));
}

/** The records with one TTL, as a stale answer wants it (RFC 8767 §4). */
export function recordsWithTtl(records: readonly IResourceRecord[], ttl: number): readonly IResourceRecord[] {
  return records.map((record) => Object.freeze({ ...record, ttl }));
}
