/**
 * How address patterns are written: exact, CIDR, range, wildcard.
 *
 * @module
 */
import { ipWords, parseIp } from './ip.ts';

/** An inclusive range of 128-bit addresses, four words each, most significant first. */
export interface IIpRange {
  readonly low: Uint32Array;
  readonly high: Uint32Array;
}

/** IPv4 lies in the last 32 of 128 bits. */
const IPV4_PREFIX_BITS = 96;

/**
 * Reads `10.0.0.1`, `2001:db8::1`, `10.0.0.0/8`, `2001:db8::/32`, `10.0.0.1-10.0.0.9`, `10.0.0.1-9`, `10.0.*`,
 * `10.0.*.*`, or `*`. Bits of a CIDR beyond its length are ignored.
 *
 * @returns the range, or null when the text is none of these.
 */
export function parseIpPattern(pattern: string): IIpRange | null {
  const text = pattern.trim();
  if (text === '*') return { low: new Uint32Array(4), high: new Uint32Array(4).fill(0xffffffff) };
  const slash = text.indexOf('/');
  if (slash >= 0) return parseCidr(text.slice(0, slash), text.slice(slash + 1));
  const dash = text.indexOf('-');
  if (dash >= 0) return parseRange(text.slice(0, dash).trim(), text.slice(dash + 1).trim());
  if (text.endsWith('*')) return parseWildcard(text);
  if (parseIp(text) === 0) return null;
  return { low: ipWords.slice(), high: ipWords.slice() };
}

function parseCidr(address: string, length: string): IIpRange | null {
  if (!/^(?:0|[1-9]\d{0,2})$/.test(length)) return null;
  const family = parseIp(address);
  if (family === 0) return null;
  // A mapped address written with colons counts its prefix over 128 bits, dotted decimal over 32.
  const dotted = !address.includes(':');
  const bits = Number(length) + (dotted ? IPV4_PREFIX_BITS : 0);
  if (bits > 128) return null;
  const low = ipWords.slice();
  const high = ipWords.slice();
  for (let word = 0; word < 4; word += 1) {
    const keep = Math.min(32, Math.max(0, bits - word * 32));
    const mask = keep === 0 ? 0 : (0xffffffff << (32 - keep)) >>> 0;
    low[word] = low[word]! & mask;
    high[word] = high[word]! | ~mask;
  }
  return { low, high };
}

function parseRange(from: string, to: string): IIpRange | null {
  const family = parseIp(from);
  if (family === 0) return null;
  const low = ipWords.slice();
  const high = low.slice();
  if (/^\d{1,3}$/.test(to) && family === 4) {
    if (Number(to) > 255) return null;
    high[3] = ((low[3]! & 0xffffff00) | Number(to)) >>> 0;
  } else {
    if (parseIp(to) !== family) return null;
    high.set(ipWords);
  }
  return compareWords(low, 0, high, 0) <= 0 ? { low, high } : null;
}

/** `10.*`, `10.0.*.*`: leading octets, the rest free. */
function parseWildcard(text: string): IIpRange | null {
  const octets = text.split('.');
  const first = octets.indexOf('*');
  if (octets.length > 4 || first === 0 || octets.slice(first).some((octet) => octet !== '*')) return null;
  const fixed = octets.slice(0, first);
  const fill = (octet: string) => [...fixed, ...Array.from({ length: 4 - first }, () => octet)].join('.');
  if (parseIp(fill('0')) !== 4) return null;
  const low = ipWords.slice();
  parseIp(fill('255'));
  return { low, high: ipWords.slice() };
}

/** -1, 0 or 1 for the four words at each offset. */
export function compareWords(a: Uint32Array, aOffset: number, b: Uint32Array, bOffset: number): number {
  for (let i = 0; i < 4; i += 1) {
    const x = a[aOffset + i]!;
    const y = b[bOffset + i]!;
    if (x !== y) return x < y ? -1 : 1;
  }
  return 0;
}
