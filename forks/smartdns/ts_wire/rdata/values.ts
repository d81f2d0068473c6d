/**
 * Checks of values given by callers, and the text and byte forms that several field kinds share.
 *
 * @module
 */
import { isUtf8 } from 'node:buffer';
import { WireEncodeError } from '../errors.ts';
import type { TText } from './interfaces.ts';

/** An integer in a range. */
export function expectInteger(value: unknown, max: number, field: string): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max) return value;
  throw new WireEncodeError('bad-number', `${field} is ${describe(value)}, not an integer from 0 to ${max}`);
}

export function expectString(value: unknown, field: string): string {
  if (typeof value === 'string') return value;
  throw missingOr(value, 'bad-string', field, 'a string');
}

/** Bytes of a text: UTF-8 of a string, or the bytes themselves. */
export function textBytes(value: unknown, field: string): Uint8Array {
  if (typeof value === 'string') return Buffer.from(value, 'utf8');
  if (value instanceof Uint8Array) return value;
  throw missingOr(value, 'bad-string', field, 'a string or bytes');
}

/** A string where the bytes are UTF-8, else the bytes. */
export function bytesText(bytes: Buffer): TText {
  return isUtf8(bytes) ? bytes.toString('utf8') : bytes;
}

const hexText = /^(?:[0-9a-fA-F]{2})*$/;
const base64Text = /^[A-Za-z0-9+/]*={0,2}$/;

/** Bytes given as such or as hexadecimal text; blanks in the text do not count. */
export function hexBytes(value: unknown, field: string): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (typeof value === 'string') {
    const text = value.replace(/\s+/g, '');
    if (hexText.test(text)) return Buffer.from(text, 'hex');
  }
  throw missingOr(value, 'bad-bytes', field, 'bytes or hexadecimal text');
}

/** Bytes given as such or as base64 text; blanks in the text do not count. */
export function base64Bytes(value: unknown, field: string): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (typeof value === 'string') {
    const text = value.replace(/\s+/g, '');
    const bare = text.replace(/=+$/, '').length;
    if (base64Text.test(text) && bare % 4 !== 1 && (text.length === bare || text.length % 4 === 0)) {
      return Buffer.from(text, 'base64');
    }
  }
  throw missingOr(value, 'bad-bytes', field, 'bytes or base64 text');
}

const base32Alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUV';

/** base32hex without padding (RFC 4648 §7), upper case, as NSEC3 owners use it. */
export function formatBase32(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += base32Alphabet.charAt((held >>> bits) & 31);
    }
    held &= 31;
  }
  return bits > 0 ? text + base32Alphabet.charAt((held << (5 - bits)) & 31) : text;
}

/** Bytes of base32hex text, or null when it is malformed. */
export function parseBase32(text: string): Buffer | null {
  const bytes: number[] = [];
  let bits = 0;
  let held = 0;
  for (const letter of text.toUpperCase()) {
    const value = base32Alphabet.indexOf(letter);
    if (value < 0) return null;
    held = (held << 5) | value;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes.push((held >>> bits) & 255);
      held &= (1 << bits) - 1;
    }
  }
  return bits >= 5 || held !== 0 ? null : Buffer.from(bytes);
}

export function describe(value: unknown): string {
  if (value === undefined) return 'missing';
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 80));
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return String(value);
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}

export function missingOr(value: unknown, reason: WireEncodeError['reason'], field: string, wanted: string): Error {
  if (value === undefined) return new WireEncodeError('missing-field', `${field} is missing: it should be ${wanted}`);
  return new WireEncodeError(reason, `${field} is ${describe(value)}, not ${wanted}`);
}
