/**
 * Byte tables of the HTTP grammar and the bytes that have names.
 *
 * @module
 */

export const HTAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SP = 0x20;
export const COLON = 0x3a;
export const SEMICOLON = 0x3b;
export const COMMA = 0x2c;
export const SLASH = 0x2f;
export const QUERY = 0x3f;
export const PERCENT = 0x25;
export const STAR = 0x2a;
export const DEL = 0x7f;

const TABLE_SIZE = 256;
const DIGIT_0 = 0x30;

/** 1 for `tchar`, RFC 9110 §5.6.2: field names and methods. */
export const TOKEN = makeTable("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

/** 1 for what a field value may hold, RFC 9110 §5.5: HTAB, SP, VCHAR, obs-text. */
export const FIELD_VALUE = makeRange((byte) => byte === HTAB || (byte >= SP && byte !== DEL));

/**
 * 1 for what a request target may hold: visible ASCII without `#`. A fragment never belongs on the wire
 * (RFC 9112 §3.2), and parsers disagree about where the path ends when there is one.
 */
export const TARGET = makeRange((byte) => byte > SP && byte < DEL && byte !== 0x23);

/** 1 for what a Host or authority may hold: reg-name without percent-encoding, IPv4, `[IPv6]`, port. */
export const AUTHORITY = makeTable("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-._~!$&'()*+;=:[]");

/** Value of a hex digit, 255 for other bytes. */
export const HEX = makeHex();

/** ASCII lower case of a byte. */
export const LOWER = makeLower();

/** Value of a decimal digit, or a number above 9. */
export function digit(byte: number): number {
  return (byte - DIGIT_0) & 0xff;
}

/** Compares `bytes[start, end)` with a lower-case ASCII word, ignoring case. */
export function equalsLower(bytes: Uint8Array, start: number, end: number, word: string): boolean {
  if (end - start !== word.length) return false;
  for (let at = 0; at < word.length; at += 1) {
    if (LOWER[bytes[start + at]!] !== word.charCodeAt(at)) return false;
  }
  return true;
}

function makeTable(members: string): Uint8Array {
  const table = new Uint8Array(TABLE_SIZE);
  for (let at = 0; at < members.length; at += 1) table[members.charCodeAt(at)] = 1;
  return table;
}

function makeRange(isMember: (byte: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: TABLE_SIZE }, (_, byte) => (isMember(byte) ? 1 : 0));
}

function makeHex(): Uint8Array {
  const table = new Uint8Array(TABLE_SIZE).fill(255);
  for (let value = 0; value < 16; value += 1) {
    const symbol = value.toString(16);
    table[symbol.charCodeAt(0)] = value;
    table[symbol.toUpperCase().charCodeAt(0)] = value;
  }
  return table;
}

function makeLower(): Uint8Array {
  return Uint8Array.from({ length: TABLE_SIZE }, (_, byte) => (byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte));
}
