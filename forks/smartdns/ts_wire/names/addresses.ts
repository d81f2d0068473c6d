/**
 * IPv4 and IPv6 addresses between text and bytes.
 *
 * @module
 */

const ipv4Part = /^(?:0|[1-9]\d{0,2})$/;
const ipv6Group = /^[0-9a-fA-F]{1,4}$/;

/** The four numbers of an IPv4 address in dotted decimal without leading zeros, or null. */
export function parseIpv4(text: string): number[] | null {
  const parts = text.split('.', 5);
  if (parts.length !== 4) return null;
  const bytes: number[] = [];
  for (const part of parts) {
    if (!ipv4Part.test(part)) return null;
    const value = Number(part);
    if (value > 255) return null;
    bytes.push(value);
  }
  return bytes;
}

function parseGroups(text: string): number[] | null {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':', 9);
  for (const [index, part] of parts.entries()) {
    if (index === parts.length - 1 && part.includes('.')) {
      const tail = parseIpv4(part);
      if (tail === null) return null;
      groups.push(tail[0]! * 256 + tail[1]!, tail[2]! * 256 + tail[3]!);
    } else {
      if (!ipv6Group.test(part)) return null;
      groups.push(Number.parseInt(part, 16));
    }
  }
  return groups.length <= 8 ? groups : null;
}

/** The eight 16-bit groups of an IPv6 address (RFC 4291 §2.2), without zone index, or null. */
export function parseIpv6(text: string): number[] | null {
  const gap = text.indexOf('::');
  if (gap < 0) {
    const groups = parseGroups(text);
    return groups !== null && groups.length === 8 ? groups : null;
  }
  const headText = text.slice(0, gap);
  const tailText = text.slice(gap + 2);
  // The dotted form may only stand at the very end of the address.
  if (headText.includes('.') || tailText.startsWith(':')) return null;
  const head = parseGroups(headText);
  const tail = parseGroups(tailText);
  if (head === null || tail === null || head.length + tail.length > 7) return null;
  return [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => 0), ...tail];
}

/** Text of four bytes. */
export function formatIpv4(bytes: Uint8Array, offset: number): string {
  return `${bytes[offset]}.${bytes[offset + 1]}.${bytes[offset + 2]}.${bytes[offset + 3]}`;
}

/** Text of sixteen bytes in the canonical form (RFC 5952 §4, mapped addresses as §5). */
export function formatIpv6(bytes: Uint8Array, offset: number): string {
  const groups: number[] = [];
  for (let index = 0; index < 16; index += 2) groups.push(bytes[offset + index]! * 256 + bytes[offset + index + 1]!);
  if (groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0)) {
    return `::ffff:${formatIpv4(bytes, offset + 12)}`;
  }
  let bestStart = -1;
  let bestLength = 1;
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (start + length < 8 && groups[start + length] === 0) length++;
    if (length > bestLength) {
      bestStart = start;
      bestLength = length;
    }
  }
  const hex = groups.map((group) => group.toString(16));
  if (bestStart < 0) return hex.join(':');
  return `${hex.slice(0, bestStart).join(':')}::${hex.slice(bestStart + bestLength).join(':')}`;
}
