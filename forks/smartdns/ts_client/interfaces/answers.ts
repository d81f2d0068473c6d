/**
 * What a resolution yields.
 *
 * @module
 */
import type { IResourceRecord } from '#wire';

/** The way an answer came in. */
export type TClientSource = 'udp' | 'tcp' | 'tls' | 'https' | 'system';

/** The rcodes that are answers; every other one is an error. */
export type TAnswerRcode = 'NOERROR' | 'NXDOMAIN';

/** A checked answer: what it says, independent of when and how it is read. */
export interface IDnsAnswer {
  readonly rcode: TAnswerRcode;
  /** No records of the asked type: the name does not exist, or has none. */
  readonly negative: boolean;
  /** AD: the resolver says that it has validated every record (RFC 4035 §3.2.3). As trustworthy as the path to it. */
  readonly authenticated: boolean;
  /** The answer section that belongs to the question: aliases in order, then the records, with their signatures. */
  readonly answers: readonly IResourceRecord[];
  /** The authority records that belong to a negative answer: SOA, NSEC, NSEC3 and their signatures. */
  readonly authorities: readonly IResourceRecord[];
  /** The name at the end of the aliases; the asked name when there are none. */
  readonly canonicalName: string;
  /** Seconds for which the whole answer may be kept; 0 when it must not be. */
  readonly ttl: number;
  /** Size of the message on the wire; 0 from the system's own resolver. */
  readonly bytes: number;
  readonly source: TClientSource;
  /** The resolver as configured. */
  readonly upstream: string;
}

/** The result of `Resolver.resolve()`. */
export interface IResolution {
  /** The name as asked, without final dot. */
  readonly name: string;
  readonly type: string;
  readonly rcode: TAnswerRcode;
  /** The records of the asked type, with the TTLs that remain; empty when there are none. */
  readonly records: readonly IResourceRecord[];
  /** The whole answer section, aliases (CNAME, DNAME) and signatures included. */
  readonly answers: readonly IResourceRecord[];
  /** SOA and proofs of a negative answer. */
  readonly authorities: readonly IResourceRecord[];
  readonly canonicalName: string;
  /** The resolver vouches for the answer with AD. */
  readonly authenticated: boolean;
  /** Seconds for which the answer may still be kept. */
  readonly ttl: number;
  readonly source: TClientSource;
  readonly upstream: string;
  readonly cached: boolean;
  /** Past its TTL, given because no resolver answered (RFC 8767). */
  readonly stale: boolean;
  /** The answer came over TCP after a truncated or doubtful one over UDP, or from a TCP resolver. */
  readonly fromTcp: boolean;
  readonly latencyMs: number;
}
