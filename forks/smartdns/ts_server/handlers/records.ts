/**
 * Turns what handlers return into records for the codec, upstream's looser forms included.
 *
 * @module
 */
import { classToName, type IResourceRecord } from '#wire';
import type { DnsAnswer } from '../interfaces/query.ts';
import { handlerTtlSeconds, ttlSecondsMax } from '../limits/index.ts';

/** Octets of one character-string (RFC 1035 §3.3). */
const textBytesMax = 255;
const textTypes = new Set(['TXT', 'SPF']);

/**
 * The records of one handler result.
 *
 * @throws TypeError for something that is no record
 */
export function toRecords(result: DnsAnswer | readonly DnsAnswer[]): IResourceRecord[] {
  return Array.isArray(result) ? (result as readonly DnsAnswer[]).map(toRecord) : [toRecord(result as DnsAnswer)];
}

function toRecord(answer: DnsAnswer): IResourceRecord {
  if (typeof answer?.name !== 'string' || typeof answer.type !== 'string') {
    throw new TypeError('a handler returned something without the name and type of a record');
  }
  const type = answer.type.toUpperCase();
  return {
    name: answer.name === '' ? '.' : answer.name,
    type,
    class: toClass(answer.class),
    ttl: toTtl(answer.ttl),
    data: textTypes.has(type) ? toTexts(answer.data) : answer.data,
  };
}

function toClass(given: string | number | undefined): string {
  if (typeof given === 'number') {
    return classToName(given);
  }
  return given === undefined || given === '' ? 'IN' : given.toUpperCase();
}

/** Without a number upstream's default; 0 stays 0 (RFC 2181 §8 allows it), fractions are cut, negative is 0. */
function toTtl(given: unknown): number {
  if (typeof given !== 'number' || Number.isNaN(given)) {
    return handlerTtlSeconds;
  }
  return Math.min(Math.max(Math.floor(given), 0), ttlSecondsMax);
}

/** Text as character-strings of at most 255 octets each (RFC 1035 §3.3.14); no octet is lost. */
function toTexts(data: unknown): unknown {
  const parts: readonly unknown[] = Array.isArray(data) ? data : [data];
  return parts.flatMap((part) => (typeof part === 'string' ? splitText(part) : [part]));
}

function splitText(text: string): string[] {
  if (Buffer.byteLength(text) <= textBytesMax) {
    return [text];
  }
  const pieces: string[] = [];
  let piece = '';
  let bytes = 0;
  for (const char of text) {
    const size = Buffer.byteLength(char);
    if (bytes + size > textBytesMax) {
      pieces.push(piece);
      piece = '';
      bytes = 0;
    }
    piece += char;
    bytes += size;
  }
  pieces.push(piece);
  return pieces;
}
