/**
 * The data of each record type as a list of fields. Reading, writing, parsing and formatting all walk this one table,
 * so a type is described once.
 *
 * @module
 */
import { recordTypes } from '../numbers/types.ts';
import type { TKnownTypeName } from '../numbers/types.ts';

/** How a field looks on the wire and in text. */
export type TFieldKind =
  | 'u8'
  | 'u16'
  | 'u32'
  /** Seconds; in text also with units (`1h30m`). */
  | 'ttl'
  /** Signature time: Unix seconds modulo 2^32; in text YYYYMMDDHHmmSS (RFC 4034 §3.2). */
  | 'time'
  | 'u48'
  /** A record type's mnemonic. */
  | 'type'
  /** A DNSSEC algorithm; in text a number or mnemonic. */
  | 'algorithm'
  /** A certificate type (RFC 4398 §2.1); in text a number or mnemonic. */
  | 'certificate'
  | 'ipv4'
  | 'ipv6'
  /** A name that may be compressed; lower case in canonical form. */
  | 'name'
  /** A name that is never compressed; lower case in canonical form (RFC 4034 §6.2, RFC 3597 §4). */
  | 'lowered'
  /** A name that is never compressed and keeps its case (RFC 6840 §5.1 and types after RFC 3597). */
  | 'plain'
  /** One character-string. */
  | 'string'
  /** A character-string of letters and digits; in text without quotes (RFC 8659 §4.1.1). */
  | 'tag'
  /** One or more character-strings up to the end. */
  | 'strings'
  /** A character-string that need not be there. */
  | 'optionalString'
  /** Text up to the end, without a length. */
  | 'text'
  /** Bytes up to the end, in text hexadecimal or base64. */
  | 'hex'
  | 'base64'
  /** Bytes after a one-byte length: hexadecimal with `-` for none, or base32hex (RFC 5155 §3.3). */
  | 'salt'
  | 'hash'
  /** Bytes after a two-byte length, base64. */
  | 'base64Counted'
  /** Eight or six bytes in groups. */
  | 'locator'
  | 'eui48'
  | 'eui64'
  /** Windows of type numbers (RFC 4034 §4.1.2). */
  | 'types'
  | 'svcParams'
  | 'location'
  | 'prefixes'
  | 'gateway'
  | 'relay'
  | 'hostIdentity';

/** One field of record data. */
export type TField = readonly [name: string, kind: TFieldKind];

/** The data is either one bare value or an object of fields. */
export type TLayout =
  { readonly bare: TFieldKind; readonly fields: null } | { readonly bare: null; readonly fields: readonly TField[] };

function bare(kind: TFieldKind): TLayout {
  return { bare: kind, fields: null };
}

function fields(...list: TField[]): TLayout {
  return { bare: null, fields: list };
}

const dnskey = fields(['flags', 'u16'], ['protocol', 'u8'], ['algorithm', 'algorithm'], ['publicKey', 'base64']);
const ds = fields(['keyTag', 'u16'], ['algorithm', 'algorithm'], ['digestType', 'u8'], ['digest', 'hex']);
const rrsig = fields(
  ['typeCovered', 'type'],
  ['algorithm', 'algorithm'],
  ['labels', 'u8'],
  ['originalTtl', 'ttl'],
  ['expiration', 'time'],
  ['inception', 'time'],
  ['keyTag', 'u16'],
  ['signerName', 'lowered'],
  ['signature', 'base64'],
);
const tlsa = fields(['usage', 'u8'], ['selector', 'u8'], ['matchingType', 'u8'], ['certificate', 'hex']);
const svcb = fields(['priority', 'u16'], ['target', 'plain'], ['params', 'svcParams']);

/** Layouts by mnemonic. Types that are not here are opaque bytes (RFC 3597). */
export const layouts: Readonly<Partial<Record<TKnownTypeName, TLayout>>> = {
  A: bare('ipv4'),
  NS: bare('name'),
  MD: bare('name'),
  MF: bare('name'),
  CNAME: bare('name'),
  SOA: fields(
    ['mname', 'name'],
    ['rname', 'name'],
    ['serial', 'u32'],
    ['refresh', 'ttl'],
    ['retry', 'ttl'],
    ['expire', 'ttl'],
    ['minimum', 'ttl'],
  ),
  MB: bare('name'),
  MG: bare('name'),
  MR: bare('name'),
  PTR: bare('name'),
  HINFO: fields(['cpu', 'string'], ['os', 'string']),
  MINFO: fields(['rmailbx', 'name'], ['emailbx', 'name']),
  MX: fields(['preference', 'u16'], ['exchange', 'name']),
  TXT: bare('strings'),
  RP: fields(['mbox', 'lowered'], ['txt', 'lowered']),
  AFSDB: fields(['subtype', 'u16'], ['hostname', 'lowered']),
  X25: bare('string'),
  ISDN: fields(['address', 'string'], ['subaddress', 'optionalString']),
  RT: fields(['preference', 'u16'], ['host', 'lowered']),
  SIG: rrsig,
  KEY: dnskey,
  PX: fields(['preference', 'u16'], ['map822', 'lowered'], ['mapx400', 'lowered']),
  GPOS: fields(['longitude', 'string'], ['latitude', 'string'], ['altitude', 'string']),
  AAAA: bare('ipv6'),
  LOC: bare('location'),
  SRV: fields(['priority', 'u16'], ['weight', 'u16'], ['port', 'u16'], ['target', 'lowered']),
  NAPTR: fields(
    ['order', 'u16'],
    ['preference', 'u16'],
    ['flags', 'string'],
    ['services', 'string'],
    ['regexp', 'string'],
    ['replacement', 'lowered'],
  ),
  KX: fields(['preference', 'u16'], ['exchanger', 'lowered']),
  CERT: fields(['type', 'certificate'], ['keyTag', 'u16'], ['algorithm', 'algorithm'], ['certificate', 'base64']),
  DNAME: bare('lowered'),
  APL: bare('prefixes'),
  DS: ds,
  SSHFP: fields(['algorithm', 'u8'], ['type', 'u8'], ['fingerprint', 'hex']),
  IPSECKEY: bare('gateway'),
  RRSIG: rrsig,
  NSEC: fields(['nextDomain', 'plain'], ['types', 'types']),
  DNSKEY: dnskey,
  DHCID: bare('base64'),
  NSEC3: fields(
    ['algorithm', 'u8'],
    ['flags', 'u8'],
    ['iterations', 'u16'],
    ['salt', 'salt'],
    ['nextHashedOwner', 'hash'],
    ['types', 'types'],
  ),
  NSEC3PARAM: fields(['algorithm', 'u8'], ['flags', 'u8'], ['iterations', 'u16'], ['salt', 'salt']),
  TLSA: tlsa,
  SMIMEA: tlsa,
  HIP: bare('hostIdentity'),
  NINFO: bare('strings'),
  RKEY: dnskey,
  TALINK: fields(['start', 'plain'], ['end', 'plain']),
  CDS: ds,
  CDNSKEY: dnskey,
  OPENPGPKEY: bare('base64'),
  CSYNC: fields(['serial', 'u32'], ['flags', 'u16'], ['types', 'types']),
  ZONEMD: fields(['serial', 'u32'], ['scheme', 'u8'], ['algorithm', 'u8'], ['digest', 'hex']),
  SVCB: svcb,
  HTTPS: svcb,
  SPF: bare('strings'),
  NID: fields(['preference', 'u16'], ['nodeId', 'locator']),
  L32: fields(['preference', 'u16'], ['locator', 'ipv4']),
  L64: fields(['preference', 'u16'], ['locator', 'locator']),
  LP: fields(['preference', 'u16'], ['fqdn', 'plain']),
  EUI48: bare('eui48'),
  EUI64: bare('eui64'),
  TKEY: fields(
    ['algorithm', 'plain'],
    ['inception', 'u32'],
    ['expiration', 'u32'],
    ['mode', 'u16'],
    ['error', 'u16'],
    ['key', 'base64Counted'],
    ['otherData', 'base64Counted'],
  ),
  TSIG: fields(
    ['algorithm', 'plain'],
    ['timeSigned', 'u48'],
    ['fudge', 'u16'],
    ['mac', 'base64Counted'],
    ['originalId', 'u16'],
    ['error', 'u16'],
    ['otherData', 'base64Counted'],
  ),
  URI: fields(['priority', 'u16'], ['weight', 'u16'], ['target', 'text']),
  CAA: fields(['flags', 'u8'], ['tag', 'tag'], ['value', 'text']),
  AVC: bare('strings'),
  AMTRELAY: bare('relay'),
  RESINFO: bare('strings'),
  WALLET: bare('strings'),
  TA: ds,
  DLV: ds,
};

const layoutsByNumber: Array<TLayout | undefined> = [];
for (const [name, layout] of Object.entries(layouts)) layoutsByNumber[recordTypes[name as TKnownTypeName]] = layout;

/** Layout of a type, or undefined for opaque data. */
export function findLayout(type: number): TLayout | undefined {
  return layoutsByNumber[type];
}
