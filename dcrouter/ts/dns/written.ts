/**
 * Which names of a zone are written down: records that are made must leave them alone.
 *
 * @module
 */
import type { TZoneConfig } from '../config/schema/index.ts';
import { zoneFrom } from './zones.ts';

/** Types that an address must not stand beside, or that say that the name was thought of. */
const ADDRESSING: ReadonlySet<string> = new Set(['A', 'AAAA', 'CNAME']);

interface IWritten {
  readonly owners: ReadonlySet<string>;
  /** At and below these names the zone has nothing of its own to say: delegations, and below DNAMEs. */
  readonly cuts: ReadonlySet<string>;
}

/** By the zone's settings, which never change: master files are not to be read for every look. */
const known = new WeakMap<TZoneConfig, IWritten>();

/**
 * Whether a name has its addresses from the document: from records of its own, from a wildcard, which they would hide
 * (RFC 4592), or from the zone that it was delegated to.
 *
 * @param name absolute, lower case, without final dot
 * @throws ZoneError
 */
export function isWritten(name: string, origin: string, zoneName: string, zone: TZoneConfig): boolean {
  const { owners, cuts } = writtenIn(origin, zoneName, zone);
  if (owners.has(name) || cuts.has(name)) return true;
  for (let at = name; at !== origin;) {
    at = at.slice(at.indexOf('.') + 1);
    if (cuts.has(at) || owners.has(`*.${at}`)) return true;
  }
  return false;
}

function writtenIn(origin: string, zoneName: string, zone: TZoneConfig): IWritten {
  const before = known.get(zone);
  if (before !== undefined) return before;
  const owners = new Set<string>();
  const cuts = new Set<string>();
  for (const { name, type } of zoneFrom(zoneName, zone).records()) {
    if (ADDRESSING.has(type)) owners.add(name);
    // The apex has its own NS records.
    else if (type === 'DNAME' || (type === 'NS' && name !== origin)) cuts.add(name);
  }
  const written = { owners, cuts };
  known.set(zone, written);
  return written;
}
