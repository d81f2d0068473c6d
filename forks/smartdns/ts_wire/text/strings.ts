/**
 * Character-strings and names in text form (RFC 1035 §5.1).
 *
 * @module
 */
import { textBytes } from '../rdata/values.ts';
import type { TText } from '../rdata/interfaces.ts';
import { escapeLength, escapeValue } from '../names/bytes.ts';

const nameSpecial = /["();@$]/;

/** Bytes of a token's text with its escapes resolved, or null when an escape is malformed. */
export function unescapeBytes(text: string): Buffer | null {
  if (!text.includes('\\')) return Buffer.from(text, 'utf8');
  const parts: Buffer[] = [];
  let plainFrom = 0;
  let index = text.indexOf('\\');
  while (index >= 0) {
    if (index > plainFrom) parts.push(Buffer.from(text.slice(plainFrom, index), 'utf8'));
    const value = escapeValue(text, index);
    if (value < 0) return null;
    parts.push(Buffer.of(value));
    plainFrom = index + escapeLength(text, index);
    index = text.indexOf('\\', plainFrom);
  }
  parts.push(Buffer.from(text.slice(plainFrom), 'utf8'));
  return Buffer.concat(parts);
}

/** A character-string in quotes; bytes outside printable ASCII as `\DDD`. */
export function quoteText(value: TText | Uint8Array): string {
  const bytes = textBytes(value, 'text');
  let text = '"';
  for (const byte of bytes) {
    if (byte === 34 || byte === 92) text += `\\${String.fromCharCode(byte)}`;
    else if (byte < 32 || byte > 126) text += `\\${String(byte).padStart(3, '0')}`;
    else text += String.fromCharCode(byte);
  }
  return `${text}"`;
}

/** A name with its final dot and with the characters escaped that mean something in a master file. */
export function formatName(name: string): string {
  if (name === '' || name === '.') return '.';
  const absolute = isAbsolute(name) ? name : `${name}.`;
  if (!nameSpecial.test(absolute)) return absolute;
  let text = '';
  for (let index = 0; index < absolute.length; index++) {
    const letter = absolute.charAt(index);
    if (letter === '\\') {
      const length = escapeLength(absolute, index);
      text += absolute.slice(index, index + length);
      index += length - 1;
    } else text += nameSpecial.test(letter) ? `\\${letter}` : letter;
  }
  return text;
}

/** Whether a name's text ends with a dot that is no part of a label. */
export function isAbsolute(name: string): boolean {
  if (!name.endsWith('.')) return false;
  let slashes = 0;
  while (name.charCodeAt(name.length - 2 - slashes) === 92) slashes++;
  return slashes % 2 === 0;
}

const ttlUnits: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 };

/** Seconds of `3600` or `1h30m`, or -1 when the text is neither. */
export function parseTtl(text: string): number {
  if (/^\d{1,10}$/.test(text)) return Number(text);
  if (!/^(?:\d{1,10}[smhdw])+$/i.test(text)) return -1;
  let seconds = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)([smhdw])/gi)) {
    seconds += Number(count) * ttlUnits[unit!.toLowerCase()]!;
  }
  return seconds;
}

/** Unix seconds of YYYYMMDDHHmmSS, or of a plain number of seconds (RFC 4034 §3.2); -1 when the text is neither. */
export function parseTime(text: string): number {
  const parts = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(text);
  if (parts === null) return /^\d{1,10}$/.test(text) && Number(text) <= 0xffffffff ? Number(text) : -1;
  const [year, month, day, hour, minute, second] = parts.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const milliseconds = Date.UTC(year, month - 1, day, hour, minute, second);
  // Date.UTC accepts February 30; the reverse does not give it back.
  return formatTime((milliseconds / 1000) % 0x100000000, milliseconds) === text
    ? (((milliseconds / 1000) % 0x100000000) + 0x100000000) % 0x100000000
    : -1;
}

/**
 * YYYYMMDDHHmmSS of Unix seconds modulo 2^32, read as the time nearest to now (RFC 4034 §3.1.5).
 *
 * @param exactMs the time itself where it is known.
 */
export function formatTime(seconds: number, exactMs?: number): string {
  const span = 0x100000000;
  const now = Date.now() / 1000;
  const nearest = seconds + Math.round((now - seconds) / span) * span;
  return new Date(exactMs ?? nearest * 1000).toISOString().replace(/[-T:]/g, '').slice(0, 14);
}
