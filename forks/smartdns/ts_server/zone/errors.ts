/**
 * Why a change of a zone was refused.
 *
 * @module
 */

/** Stable. */
export type TZoneErrorReason =
  /** The owner is not in the zone. */
  | 'out-of-zone'
  /** A class other than IN. */
  | 'class'
  /** A type that cannot be stored, or that the server makes itself. */
  | 'type'
  /** Data that no record of the type can have. */
  | 'data'
  /** A CNAME beside other records, or two of them (RFC 2181 §10.1). */
  | 'cname'
  /** DNAME beside a CNAME, twice, or with names below it (RFC 6672 §2.4). */
  | 'dname'
  /** No SOA, two of them, or one that is not at the apex. */
  | 'soa'
  /** No NS records at the apex. */
  | 'ns'
  /** NS or DNAME at a wildcard (RFC 4592 §4.2, §4.4). */
  | 'wildcard'
  /** More records than a zone or an RRset may have. */
  | 'too-many'
  /** The text is no master file. */
  | 'text';

/** One thing that is wrong; `line` where it came from a master file. */
export interface IZoneProblem {
  readonly reason: TZoneErrorReason;
  readonly message: string;
  readonly line?: number;
  readonly file?: string;
}

/** A change that was refused as a whole: the zone is as it was. */
export class ZoneError extends Error {
  readonly code = 'ERR_DNS_ZONE';
  readonly reason: TZoneErrorReason;
  /** At least one. */
  readonly problems: readonly IZoneProblem[];

  constructor(origin: string, problems: readonly IZoneProblem[]) {
    const first = problems[0]!;
    const place = first.line === undefined ? '' : `${first.file ? `${first.file} ` : ''}line ${first.line}: `;
    const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
    super(`zone ${origin}: ${place}${first.message}${more}`);
    this.name = 'ZoneError';
    this.reason = first.reason;
    this.problems = problems;
  }
}
