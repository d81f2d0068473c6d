/**
 * The names a certificate is for: one spelling for each, duplicates gone, nonsense refused.
 *
 * @module
 */
import { isIP, SocketAddress } from 'node:net';
import { domainToASCII } from 'node:url';

import { AcmeError, printable } from '../errors/acme-error.ts';

/** An identifier as an order carries it (RFC 8555 §7.1.4; `ip` is RFC 8738). */
export interface IIdentifier {
  readonly type: 'dns' | 'ip';
  readonly value: string;
}

/** ASCII outside host names. Checked first: a URL parser would silently cut the text at some of them. */
const foreignPattern = /[\u0000-\u002c\u002f\u003a-\u0040\u005b-\u005e\u0060\u007b-\u007f]/;
const labelPattern = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/;

/**
 * One name in the form CAs compare: lower case, A-labels, no final dot; addresses as RFC 5952 writes them.
 *
 * @throws AcmeError `ACME_NAME` when no certificate can carry it.
 */
export function normalizeName(name: string): string {
  const text = name.trim();
  const address = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  const family = isIP(address);
  if (family === 4) return address;
  if (family === 6) return new SocketAddress({ address, family: 'ipv6' }).address.toLowerCase();
  const wildcard = text.startsWith('*.');
  const base = (wildcard ? text.slice(2) : text).replace(/\.$/, '');
  const ascii = foreignPattern.test(base) ? '' : domainToASCII(base).toLowerCase();
  const labels = ascii.split('.');
  // RFC 1034 §3.1: 253 octets without the final dot. An all-digit last label would read as an address.
  const valid =
    ascii !== '' &&
    ascii.length <= 253 &&
    labels.every((label) => labelPattern.test(label)) &&
    !/^\d+$/.test(labels.at(-1) ?? '');
  if (!valid) throw new AcmeError('ACME_NAME', `"${printable(name)}" is not a name that a certificate can carry`);
  return wildcard ? `*.${ascii}` : ascii;
}

/** The names in normal form, without duplicates, in the order given. */
export function normalizeNames(names: readonly string[]): string[] {
  const seen = new Set(names.map(normalizeName));
  if (seen.size === 0) throw new AcmeError('ACME_NAME', 'a certificate needs at least one name');
  return [...seen];
}

/** One text for a set of names, whatever their order: two sets are the same exactly when their keys are. */
export function nameSetKey(names: readonly string[]): string {
  return normalizeNames(names).sort().join(',');
}

/** The order identifier of a name in normal form. */
export function identifierOf(name: string): IIdentifier {
  return { type: isIP(name) === 0 ? 'dns' : 'ip', value: name };
}

/** Whether a certificate name covers a host: equal, or a wildcard for exactly one label (RFC 9525 §6.3). */
export function nameCovers(certificateName: string, host: string): boolean {
  if (certificateName === host) return true;
  if (!certificateName.startsWith('*.')) return false;
  const dot = host.indexOf('.');
  return dot > 0 && host.slice(dot + 1) === certificateName.slice(2);
}

/** The bytes of an address as a subjectAltName carries them (RFC 5280 §4.2.1.6). */
export function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number));
  const [head = '', tail] = address.split('::');
  const groups = (text: string): number[] =>
    text === ''
      ? []
      : text.split(':').flatMap((group) => {
          if (!group.includes('.')) return [Number.parseInt(group, 16)];
          const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
          return [a * 256 + b, c * 256 + d];
        });
  const first = groups(head);
  const last = tail === undefined ? [] : groups(tail);
  const words = [...first, ...Array.from({ length: 8 - first.length - last.length }, () => 0), ...last];
  const bytes = Buffer.alloc(16);
  for (const [index, word] of words.entries()) bytes.writeUInt16BE(word, index * 2);
  return bytes;
}

/** The address that 4 or 16 bytes of a subjectAltName mean. */
export function addressFromBytes(bytes: Buffer): string {
  if (bytes.length === 4) return [...bytes].join('.');
  const words = Array.from({ length: bytes.length >> 1 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16));
  return normalizeName(words.join(':'));
}

/** The reverse-mapping name of an address: the SNI of a tls-alpn-01 check for it (RFC 8738 §6). */
export function reverseName(address: string): string {
  const bytes = addressBytes(address);
  if (bytes.length === 4) return `${[...bytes].reverse().join('.')}.in-addr.arpa`;
  return `${bytes.toString('hex').split('').reverse().join('.')}.ip6.arpa`;
}
