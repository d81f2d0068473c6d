/**
 * Classes, opcodes, rcodes, EDNS option and extended error codes (IANA "Domain Name System (DNS) Parameters").
 *
 * @module
 */
import { WireEncodeError } from '../errors.ts';

/** Classes by mnemonic. */
export const recordClasses = { IN: 1, CS: 2, CH: 3, HS: 4, NONE: 254, ANY: 255 } as const;

/** Operation codes (RFC 6895 §2.2). */
export const opcodes = { QUERY: 0, IQUERY: 1, STATUS: 2, NOTIFY: 4, UPDATE: 5, DSO: 6 } as const;

/** Response codes (RFC 6895 §2.3); those above 15 need EDNS. */
export const rcodes = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  YXDOMAIN: 6,
  YXRRSET: 7,
  NXRRSET: 8,
  NOTAUTH: 9,
  NOTZONE: 10,
  DSOTYPENI: 11,
  BADVERS: 16,
  BADKEY: 17,
  BADTIME: 18,
  BADMODE: 19,
  BADNAME: 20,
  BADALG: 21,
  BADTRUNC: 22,
  BADCOOKIE: 23,
} as const;

/** EDNS option codes. */
export const ednsOptions = {
  LLQ: 1,
  UL: 2,
  NSID: 3,
  DAU: 5,
  DHU: 6,
  N3U: 7,
  CLIENT_SUBNET: 8,
  EXPIRE: 9,
  COOKIE: 10,
  KEEPALIVE: 11,
  PADDING: 12,
  CHAIN: 13,
  KEY_TAG: 14,
  EXTENDED_ERROR: 15,
  REPORT_CHANNEL: 18,
  ZONEVERSION: 19,
} as const;

/** Extended DNS errors (RFC 8914 §5.2). */
export const extendedErrors = {
  OTHER: 0,
  UNSUPPORTED_DNSKEY_ALGORITHM: 1,
  UNSUPPORTED_DS_DIGEST_TYPE: 2,
  STALE_ANSWER: 3,
  FORGED_ANSWER: 4,
  DNSSEC_INDETERMINATE: 5,
  DNSSEC_BOGUS: 6,
  SIGNATURE_EXPIRED: 7,
  SIGNATURE_NOT_YET_VALID: 8,
  DNSKEY_MISSING: 9,
  RRSIGS_MISSING: 10,
  NO_ZONE_KEY_BIT_SET: 11,
  NSEC_MISSING: 12,
  CACHED_ERROR: 13,
  NOT_READY: 14,
  BLOCKED: 15,
  CENSORED: 16,
  FILTERED: 17,
  PROHIBITED: 18,
  STALE_NXDOMAIN_ANSWER: 19,
  NOT_AUTHORITATIVE: 20,
  NOT_SUPPORTED: 21,
  NO_REACHABLE_AUTHORITY: 22,
  NETWORK_ERROR: 23,
  INVALID_DATA: 24,
} as const;

/** DNSSEC algorithms (IANA "DNS Security Algorithm Numbers"). */
export const dnssecAlgorithms = {
  'RSASHA1': 5,
  'RSASHA1-NSEC3-SHA1': 7,
  'RSASHA256': 8,
  'RSASHA512': 10,
  'ECDSAP256SHA256': 13,
  'ECDSAP384SHA384': 14,
  'ED25519': 15,
  'ED448': 16,
} as const;

function invert(table: Readonly<Record<string, number>>): Map<number, string> {
  return new Map(Object.entries(table).map(([name, number]) => [number, name]));
}

const classNames = invert(recordClasses);
const rcodeNames = invert(rcodes);
const opcodeNames = invert(opcodes);
const algorithmNumbers = new Map<string, number>(Object.entries(dnssecAlgorithms));

/**
 * Number of a class given as mnemonic, as `CLASSn` (RFC 3597 §5) or as a number.
 *
 * @throws WireEncodeError `unknown-class`
 */
export function classToNumber(name: string | number): number {
  const number = typeof name === 'number' ? name : findClassNumber(name);
  if (!Number.isInteger(number) || number < 0 || number > 0xffff) {
    throw new WireEncodeError('unknown-class', `unknown class ${String(name)}: use IN, CH, HS, NONE, ANY or CLASSn`);
  }
  return number;
}

/** Number of a class, or -1 when it is neither a mnemonic nor `CLASSn`. */
export function findClassNumber(name: string): number {
  if (name === 'IN') return recordClasses.IN;
  const upper = name.toUpperCase();
  if (Object.hasOwn(recordClasses, upper)) return recordClasses[upper as keyof typeof recordClasses];
  const generic = /^CLASS(\d{1,5})$/.exec(upper);
  const value = generic === null ? -1 : Number(generic[1]);
  return value <= 0xffff ? value : -1;
}

/** Mnemonic of a class, or `CLASSn`. */
export function classToName(number: number): string {
  return number === recordClasses.IN ? 'IN' : (classNames.get(number) ?? `CLASS${number}`);
}

/** Mnemonic of a response code, or `RCODEn`. */
export function rcodeToName(rcode: number): string {
  return rcodeNames.get(rcode) ?? `RCODE${rcode}`;
}

/** Mnemonic of an operation code, or `OPCODEn`. */
export function opcodeToName(opcode: number): string {
  return opcodeNames.get(opcode) ?? `OPCODE${opcode}`;
}

/** Number of a DNSSEC algorithm given as mnemonic, or -1. */
export function findAlgorithmNumber(name: string): number {
  return algorithmNumbers.get(name.toUpperCase()) ?? -1;
}
