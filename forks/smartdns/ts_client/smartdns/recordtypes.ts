/**
 * Upstream's record type names and results.
 *
 * @module
 */

/** The type names of upstream's results (`@tsclass/tsclass`). */
export type TDnsRecordType =
  | 'A'
  | 'AAAA'
  | 'CNAME'
  | 'LOC'
  | 'PTR'
  | 'MX'
  | 'NAPTR'
  | 'NS'
  | 'SRV'
  | 'TXT'
  | 'CAA'
  | 'CERT'
  | 'DNSKEY'
  | 'DS'
  | 'HTTPS'
  | 'SMIMEA'
  | 'SSHFP'
  | 'SVCB'
  | 'TLSA'
  | 'URI';

/** One record with its data as text, as upstream gives it. */
export interface IDnsRecord {
  /** The record's owner: the asked name, or an alias target. */
  name: string;
  type: TDnsRecordType;
  /** `10 mail.example.com` for MX, `10 60 5060 host` for SRV, the joined strings for TXT; names without final dot. */
  value: string;
  /** The resolver set AD: it says that it has validated the records. */
  dnsSecEnabled: boolean;
}

/** A record of any type, such as `SOA` or `TYPE65280`. */
export interface IAnyDnsRecord extends Omit<IDnsRecord, 'type'> {
  type: string;
}
