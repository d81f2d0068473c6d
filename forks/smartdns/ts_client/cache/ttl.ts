/**
 * How long an answer may be kept, and what remains of it.
 *
 * @module
 */
import type { IResourceRecord } from '#wire';

/** RFC 2181 §8: a TTL is 31 bits; one with the top bit set counts as 0. */
const ttlMaxSeconds = 0x7fff_ffff;

/** A TTL as received, put right. */
export function saneTtl(ttl: number): number {
  return ttl > ttlMaxSeconds || ttl < 0 ? 0 : ttl;
}

/** The smallest TTL of some records; 0 when there are none. */
export function lowestTtl(records: readonly IResourceRecord[]): number {
  let lowest = ttlMaxSeconds;
  for (const record of records) lowest = Math.min(lowest, saneTtl(record.ttl));
  return records.length === 0 ? 0 : lowest;
}

/** The records with their TTLs lowered by an age in whole seconds; the same array while that is 0. */
export function agedRecords(records: readonly IResourceRecord[], ageSeconds: number): readonly IResourceRecord[] {
  if (ageSeconds === 0 || records.length === 0) return records;
  return records.map((record) => Object.freeze({ ...record, ttl: Math.max(0, record.ttl - ageSeconds) }));
}

/** The records with one TTL, as a stale answer wants it (RFC 8767 §4). */
export function recordsWithTtl(records: readonly IResourceRecord[], ttl: number): readonly IResourceRecord[] {
  return records.map((record) => Object.freeze({ ...record, ttl }));
}
