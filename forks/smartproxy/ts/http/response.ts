/**
 * What a response head means: framing and persistence of the upstream connection. RFC 9112 §6.3.
 *
 * @module
 */
import { latin1 } from '../connection/latin1.ts';
import { limits } from '../limits/limits.ts';
import { COMMA, HTAB, SP, equalsLower } from './bytes.ts';
import { FIELD, fieldNumber } from './fields.ts';
import { FIELD_STRIDE, isProtected, lineEnd } from './head.ts';
import type { Head } from './head.ts';
import { REFUSALS } from './refusals.ts';
import type { IRefusal } from './refusals.ts';
import { dropNamed, readLength } from './request.ts';

/** The meaning of one response head. */
export class ResponseInfo {
  text = '';
  contentLength = -1;
  chunked = false;
  /** The upstream connection may carry another exchange. */
  keepAlive = true;
  /** Value of Upgrade, for a 101. */
  upgrade = '';
  drops = 0;
  readonly drop = new Uint8Array(limits.headerFields);
}

/** Fills `info` from a scanned head. Returns what is wrong with it, or null. */
export function readResponse(info: ResponseInfo, head: Head, bytes: Buffer): IRefusal | null {
  const { numbers, ranges } = head;
  info.text = latin1(bytes, head.start, head.end);
  info.contentLength = -1;
  info.chunked = false;
  info.keepAlive = head.minorVersion === 1;
  info.upgrade = '';
  info.drops = 0;
  info.drop.fill(0, 0, head.fieldCount);
  for (let at = 0; at < head.fieldCount; at += 1) {
    const number = numbers[at]!;
    if (number === FIELD.other) continue;
    const start = ranges[at * FIELD_STRIDE + 2]!;
    const end = ranges[at * FIELD_STRIDE + 3]!;
    switch (number) {
      case FIELD.contentLength:
        if (info.contentLength !== -1) return REFUSALS.contentLengthRepeated;
        info.contentLength = readLength(bytes, start, end);
        if (info.contentLength === -1) return REFUSALS.contentLength;
        break;
      case FIELD.transferEncoding:
        if (info.chunked || !equalsLower(bytes, start, lineEnd(head, at), 'chunked')) return REFUSALS.transferCoding;
        info.chunked = true;
        drop(info, at);
        break;
      case FIELD.connection: {
        drop(info, at);
        const fault = readConnection(info, head, bytes, start, end);
        if (fault !== null) return fault;
        break;
      }
      case FIELD.upgrade:
        info.upgrade = info.text.slice(start - head.start, end - head.start);
        drop(info, at);
        break;
      case FIELD.keepAlive:
      case FIELD.proxyConnection:
      case FIELD.te:
      case FIELD.proxyAuthenticate:
        drop(info, at);
        break;
      default:
        break;
    }
  }
  if (info.chunked && info.contentLength !== -1) return REFUSALS.lengthAndCoding;
  // RFC 9110 §8.6, RFC 9112 §6.1: an interim response has no body, yet some parsers would believe one that is announced.
  if (head.status < 200 && (info.chunked || info.contentLength > 0)) return REFUSALS.contentLength;
  return null;
}

function drop(info: ResponseInfo, at: number): void {
  info.drop[at] = 1;
  info.drops += 1;
}

function readConnection(info: ResponseInfo, head: Head, bytes: Buffer, start: number, end: number): IRefusal | null {
  let at = start;
  while (at < end) {
    while (at < end && (bytes[at] === SP || bytes[at] === HTAB || bytes[at] === COMMA)) at += 1;
    const wordStart = at;
    // Only commas part the options: `: keep-alive` is one strange word, not the word `keep-alive`.
    while (at < end && bytes[at] !== COMMA) at += 1;
    let wordEnd = at;
    while (wordEnd > wordStart && (bytes[wordEnd - 1] === SP || bytes[wordEnd - 1] === HTAB)) wordEnd -= 1;
    if (wordEnd === wordStart) continue;
    if (equalsLower(bytes, wordStart, wordEnd, 'close')) info.keepAlive = false;
    else if (equalsLower(bytes, wordStart, wordEnd, 'keep-alive'))
      info.keepAlive = info.keepAlive || head.minorVersion === 0;
    else if (!equalsLower(bytes, wordStart, wordEnd, 'upgrade')) {
      if (isProtected(fieldNumber(bytes, wordStart, wordEnd))) return REFUSALS.connectionOption;
      dropNamed(info.drop, head, bytes, wordStart, wordEnd);
      info.drops += 1;
    }
  }
  return null;
}
