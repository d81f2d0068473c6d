/**
 * Names as callers give them, and names made from other things. Comparing is `#wire`'s work.
 *
 * @module
 */
import { domainToASCII } from 'node:url';
import { joinName, nameFromWire, nameToWire } from '#wire';
import { DnsError } from '../errors/errors.ts';

const nonAscii = /[^\0-\x7f]/;

/**
 * A name as a caller gave it, in the form that is asked: no final dot (`.` is the root), IDN labels as A-labels
 * (RFC 5891), letter case kept.
 *
 * @throws DnsError `EBADNAME`
 */
export function askedName(name: string): string {
  if (typeof name !== 'string') throw new DnsError('EBADNAME', { note: 'not a string' });
  const ascii = nonAscii.test(name) ? domainToASCII(name) : name;
  if (ascii === '' && name !== '') throw new DnsError('EBADNAME', { hostname: name });
  try {
    return nameFromWire(nameToWire(ascii === '' ? '.' : ascii));
  } catch (error) {
    throw new DnsError('EBADNAME', {
      hostname: name,
      note: error instanceof Error ? error.message : undefined,
      cause: error,
    });
  }
}

/**
 * A name with its end `from` exchanged for `to`, as a DNAME does (RFC 6672 §2.2). `from` must be an ancestor, no
 * longer spelled than in the name.
 */
export function replaceSuffix(name: string, from: string, to: string): string {
  const prefix = from === '.' ? name : name.slice(0, name.length - from.length - 1);
  return joinName(prefix, to);
}

/** The name under which an address is looked up in reverse (RFC 1035 §3.5, RFC 3596 §2.5). */
export function reverseName(address: string): string {
  if (!address.includes(':')) return `${address.split('.').reverse().join('.')}.in-addr.arpa`;
  return `${expandIpv6(address).join('').split('').reverse().join('.')}.ip6.arpa`;
}

/** The eight groups of an IPv6 address, four hexadecimal digits each. The address must be valid. */
function expandIpv6(address: string): string[] {
  let plain = address.split('%', 1)[0] ?? '';
  const tail = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(plain);
  if (tail !== null) {
    const [a, b, c, d] = tail.slice(2).map(Number) as [number, number, number, number];
    plain = `${tail[1]}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  }
  const [head = '', rest] = plain.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = rest === undefined || rest === '' ? [] : rest.split(':');
  const zeros = rest === undefined ? [] : Array.from({ length: 8 - left.length - right.length }, () => '0');
  return [...left, ...zeros, ...right].map((group) => group.toLowerCase().padStart(4, '0'));
}
