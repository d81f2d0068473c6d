/**
 * Record types: numbers and mnemonics (IANA "Resource Record (RR) TYPEs").
 *
 * @module
 */
import { WireEncodeError } from '../errors.ts';

/** Record and query types by mnemonic. */
export const recordTypes = {
  A: 1,
  NS: 2,
  MD: 3,
  MF: 4,
  CNAME: 5,
  SOA: 6,
  MB: 7,
  MG: 8,
  MR: 9,
  NULL: 10,
  WKS: 11,
  PTR: 12,
  HINFO: 13,
  MINFO: 14,
  MX: 15,
  TXT: 16,
  RP: 17,
  AFSDB: 18,
  X25: 19,
  ISDN: 20,
  RT: 21,
  NSAP: 22,
  SIG: 24,
  KEY: 25,
  PX: 26,
  GPOS: 27,
  AAAA: 28,
  LOC: 29,
  NXT: 30,
  SRV: 33,
  NAPTR: 35,
  KX: 36,
  CERT: 37,
  A6: 38,
  DNAME: 39,
  OPT: 41,
  APL: 42,
  DS: 43,
  SSHFP: 44,
  IPSECKEY: 45,
  RRSIG: 46,
  NSEC: 47,
  DNSKEY: 48,
  DHCID: 49,
  NSEC3: 50,
  NSEC3PARAM: 51,
  TLSA: 52,
  SMIMEA: 53,
  HIP: 55,
  NINFO: 56,
  RKEY: 57,
  TALINK: 58,
  CDS: 59,
  CDNSKEY: 60,
  OPENPGPKEY: 61,
  CSYNC: 62,
  ZONEMD: 63,
  SVCB: 64,
  HTTPS: 65,
  DSYNC: 66,
  SPF: 99,
  NID: 104,
  L32: 105,
  L64: 106,
  LP: 107,
  EUI48: 108,
  EUI64: 109,
  NXNAME: 128,
  TKEY: 249,
  TSIG: 250,
  IXFR: 251,
  AXFR: 252,
  MAILB: 253,
  MAILA: 254,
  ANY: 255,
  URI: 256,
  CAA: 257,
  AVC: 258,
  DOA: 259,
  AMTRELAY: 260,
  RESINFO: 261,
  WALLET: 262,
  TA: 32768,
  DLV: 32769,
} as const;

/** Mnemonic of a type that has one. */
export type TKnownTypeName = keyof typeof recordTypes;

const namesByNumber = new Map<number, string>(Object.entries(recordTypes).map(([name, number]) => [number, name]));
const numbersByName = new Map<string, number>(Object.entries(recordTypes));
const genericType = /^TYPE(\d{1,5})$/;

/**
 * Number of a type given as mnemonic (`AAAA`), in the generic form `TYPE65280` (RFC 3597 §5), or as a number.
 * Letter case does not matter.
 *
 * @throws WireEncodeError `unknown-type`
 */
export function typeToNumber(type: string | number): number {
  const number = typeof type === 'number' ? type : findTypeNumber(type);
  if (!Number.isInteger(number) || number < 0 || number > 0xffff) {
    throw new WireEncodeError('unknown-type', `unknown record type ${String(type)}: use a mnemonic or TYPE0…TYPE65535`);
  }
  return number;
}

/** Number of a type, or -1 when it is neither a mnemonic nor `TYPEn`. */
export function findTypeNumber(type: string): number {
  const number = numbersByName.get(type) ?? numbersByName.get(type.toUpperCase());
  if (number !== undefined) return number;
  const generic = genericType.exec(type.toUpperCase());
  if (generic === null) return -1;
  const value = Number(generic[1]);
  return value <= 0xffff ? value : -1;
}

/** Mnemonic of a type, or `TYPEn` where there is none (RFC 3597 §5). */
export function typeToName(type: number): string {
  return namesByNumber.get(type) ?? `TYPE${type}`;
}

/**
 * Whether a type may only be asked for or travel with a message, but not be stored in a zone (RFC 6895 §3.1):
 * OPT, 128…255, and the reserved 0.
 */
export function isMetaType(type: number): boolean {
  return type === 0 || type === recordTypes.OPT || (type >= 128 && type <= 255);
}
