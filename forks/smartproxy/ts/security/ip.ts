/**
 * Addresses as numbers: 128 bits in four words, IPv4 as its IPv4-mapped form (RFC 4291 §2.5.5.2), so that
 * `::ffff:10.0.0.1` and `10.0.0.1` are one address everywhere.
 *
 * @module
 */

/** Result of {@link parseIp}: the four words, most significant first. Overwritten by each call. */
export const ipWords = new Uint32Array(4);

const DOT = 0x2e;
const COLON = 0x3a;
const PERCENT = 0x25;

/**
 * Reads an address into {@link ipWords} without allocating. A zone (`fe80::1%eth0`, RFC 4007 §11) is ignored: it names
 * an interface, not another host.
 *
 * @returns 4 or 6, or 0 when the text is no address. `::ffff:1.2.3.4` is 4.
 */
export function parseIp(text: string): 0 | 4 | 6 {
  let end = text.length;
  let colon = false;
  for (let i = 0; i < end; i += 1) {
    const code = text.charCodeAt(i);
    if (code === COLON) colon = true;
    else if (code === PERCENT && colon) end = i;
  }
  if (!colon) {
    const value = parseIpv4(text, 0, end);
    if (value < 0) return 0;
    ipWords[0] = 0;
    ipWords[1] = 0;
    ipWords[2] = 0xffff;
    ipWords[3] = value;
    return 4;
  }
  if (!parseIpv6(text, end)) return 0;
  return ipWords[0] === 0 && ipWords[1] === 0 && ipWords[2] === 0xffff ? 4 : 6;
}

/** Four decimal octets without leading zeros (some parsers read those as octal); -1 for anything else. */
function parseIpv4(text: string, start: number, end: number): number {
  let value = 0;
  let octet = -1;
  let dots = 0;
  for (let i = start; i < end; i += 1) {
    const code = text.charCodeAt(i);
    if (code === DOT) {
      if (octet < 0) return -1;
      value = value * 256 + octet;
      octet = -1;
      dots += 1;
      continue;
    }
    if (code < 0x30 || code > 0x39 || octet === 0) return -1;
    octet = (octet < 0 ? 0 : octet * 10) + (code - 0x30);
    if (octet > 255) return -1;
  }
  return dots === 3 && octet >= 0 ? value * 256 + octet : -1;
}

const groups = new Uint16Array(8);

/** RFC 4291 §2.2: eight groups, one `::` for a run of zeros, the last two groups possibly as IPv4. */
function parseIpv6(text: string, end: number): boolean {
  let count = 0;
  let gap = -1;
  let i = 0;
  if (end < 2) return false;
  if (text.charCodeAt(0) === COLON) {
    if (text.charCodeAt(1) !== COLON) return false;
    gap = 0;
    i = 2;
  }
  while (i < end) {
    if (count === 8) return false;
    let value = 0;
    let digits = 0;
    const groupStart = i;
    let code = 0;
    for (; i < end; i += 1) {
      code = text.charCodeAt(i);
      const digit = hexDigit(code);
      if (digit < 0) break;
      value = value * 16 + digit;
      digits += 1;
      if (digits > 4) return false;
    }
    if (i < end && code === DOT) {
      const tail = parseIpv4(text, groupStart, end);
      if (tail < 0 || count > 6) return false;
      groups[count] = tail >>> 16;
      groups[count + 1] = tail & 0xffff;
      count += 2;
      break;
    }
    if (digits === 0) return false;
    groups[count] = value;
    count += 1;
    if (i === end) break;
    if (code !== COLON || i + 1 === end) return false;
    i += 1;
    if (text.charCodeAt(i) === COLON) {
      if (gap >= 0) return false;
      gap = count;
      i += 1;
    }
  }
  return fillWords(count, gap);
}

function fillWords(count: number, gap: number): boolean {
  if (gap < 0 ? count !== 8 : count > 7) return false;
  if (gap >= 0) {
    const moved = count - gap;
    for (let i = 0; i < moved; i += 1) groups[7 - i] = groups[count - 1 - i]!;
    for (let i = gap; i < 8 - moved; i += 1) groups[i] = 0;
  }
  for (let word = 0; word < 4; word += 1) ipWords[word] = groups[word * 2]! * 0x10000 + groups[word * 2 + 1]!;
  return true;
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/**
 * One spelling for every address, fit as a map key: dotted decimal for IPv4 and IPv4-mapped, RFC 5952 for IPv6.
 * Text that is no address comes back as it is.
 */
export function normalizeIp(text: string): string {
  const family = parseIp(text);
  if (family === 0) return text;
  return family === 4 ? formatIpv4(ipWords[3]!) : formatIpv6();
}

function formatIpv4(value: number): string {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}

/** RFC 5952 §4: lower case, no leading zeros, the longest run of two or more zero groups as `::`. */
function formatIpv6(): string {
  const parts: number[] = [];
  for (const word of ipWords) parts.push(word >>> 16, word & 0xffff);
  let bestStart = -1;
  let bestLength = 1;
  for (let i = 0; i < 8; i += 1) {
    let length = 0;
    while (i + length < 8 && parts[i + length] === 0) length += 1;
    if (length > bestLength) {
      bestStart = i;
      bestLength = length;
    }
    i += length;
  }
  const text = (list: number[]) => list.map((part) => part.toString(16)).join(':');
  if (bestStart < 0) return text(parts);
  return `${text(parts.slice(0, bestStart))}::${text(parts.slice(bestStart + bestLength))}`;
}
