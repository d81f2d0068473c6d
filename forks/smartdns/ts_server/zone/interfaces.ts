/**
 * What zones take and give.
 *
 * @module
 */
import type { IResourceRecord, ISoaData, TRecordData } from '#wire';
import type { TSerialPolicy } from './serial.ts';

/** A record as the records API takes it. */
export interface IZoneRecordInput {
  /** Owner, absolute; `@` is the origin. */
  name: string;
  type: string;
  /** Default `IN`, the only class that zones have. */
  class?: string;
  /** Seconds; default the zone's `defaultTtl`. */
  ttl?: number;
  /** The type's data, or its text as in a master file, relative names being relative to the origin. */
  data: TRecordData;
}

/** Which records to remove: all of a name, of a type, or the one with this data. */
export interface IZoneRecordFilter {
  name: string;
  type?: string;
  data?: TRecordData;
}

/** Records with one owner and type. Frozen. */
export interface IRrset {
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  readonly records: readonly IResourceRecord[];
}

export interface IZoneOptions {
  /** Name of the apex. */
  origin: string;
  /** SOA fields; those not given have the defaults of RIPE-203 and `hostmaster.<origin>`. */
  soa?: Partial<ISoaData>;
  /** Names of the name servers; needed unless `records` has NS records at the apex. */
  nameservers?: readonly string[];
  /** First records. May hold the SOA and NS records. */
  records?: readonly IZoneRecordInput[];
  /** Seconds for records that tell no TTL; default 3600. */
  defaultTtl?: number;
  /** Default `increment`. */
  serialPolicy?: TSerialPolicy;
  /** Unix time in milliseconds; default the system's clock. */
  nowMs?: () => number;
}

/** What a question finds. */
export type TLookupKind =
  /** Records of the type. */
  | 'answer'
  /** An alias (CNAME or DNAME) that leads out of the zone, into a delegation, or round in circles. */
  | 'cname'
  /** The name exists, the type does not. */
  | 'nodata'
  | 'nxdomain'
  /** The name is at or below a delegation. */
  | 'referral'
  /** The name is not in the zone. */
  | 'out-of-zone';

/** One name on the way of a question: itself, or what an alias led to. Signing proves each of them. */
export interface ILookupStep {
  readonly name: string;
  readonly kind: TLookupKind;
  /** Owner of the wildcard that the name matched (RFC 4592), else null. */
  readonly wildcard: string | null;
  /** The name itself where it exists, else its longest existing ancestor. */
  readonly closestEncloser: string;
  /** Types at the name, or at its wildcard; none where there is no such name. */
  readonly types: readonly string[];
  /** Owner of the NS records of a referral, else null. */
  readonly delegation: string | null;
}

export interface IZoneLookup {
  /** What the last step found; the answer as a whole. */
  readonly kind: TLookupKind;
  /** 0, or 3 when the last name does not exist (RFC 6604 §3). */
  readonly rcode: number;
  /** AA: false for referrals. */
  readonly authoritative: boolean;
  readonly answers: IResourceRecord[];
  readonly authorities: IResourceRecord[];
  readonly additionals: IResourceRecord[];
  /** Whether a wildcard was used on the way. */
  readonly wildcardUsed: boolean;
  readonly steps: readonly ILookupStep[];
}
