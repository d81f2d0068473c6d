/**
 * The head scanner: one pass over the bytes, integer ranges out, no strings.
 *
 * @module
 */
import { limits } from '../limits/limits.ts';
import { COLON, CR, FIELD_VALUE, HTAB, LF, SP, TARGET, TOKEN, digit } from './bytes.ts';
import { FIELD, fieldNumber } from './fields.ts';
import { REFUSALS } from './refusals.ts';
import type { IRefusal } from './refusals.ts';

/** `scan` result: the head is not complete yet. */
export const INCOMPLETE = 0;
/** `scan` result: refused, see {@link Head.refusal}. */
export const REFUSED = -1;

/** Ranges per field: name start, name end (the colon), value start, value end, line end (after CRLF). */
export const FIELD_STRIDE = 5;

const VERSION_BYTES = [0x48, 0x54, 0x54, 0x50, 0x2f] as const; // HTTP/
const DIGIT_1 = 0x31;

/** A scanned head. One object serves a whole proxy: what outlives the call is copied out of it. */
export class Head {
  refusal: IRefusal | null = null;
  /** Start of the start line. */
  start = 0;
  /** After the empty line. */
  end = 0;
  /** After the start line's CRLF: where the fields begin. */
  fieldsStart = 0;
  /** Request: end of the method. */
  methodEnd = 0;
  targetStart = 0;
  targetEnd = 0;
  /** Response. */
  status = 0;
  /** 0 for HTTP/1.0, 1 for HTTP/1.1. */
  minorVersion = 1;
  fieldCount = 0;
  /** {@link FIELD} number of each field. */
  readonly numbers = new Uint8Array(limits.headerFields);
  readonly ranges = new Int32Array(limits.headerFields * FIELD_STRIDE);

  refuse(refusal: IRefusal): number {
    this.refusal = refusal;
    return REFUSED;
  }
}

/**
 * Scans a request head in `bytes[start, end)`.
 * @returns the offset after the head, {@link INCOMPLETE} or {@link REFUSED}
 */
export function scanRequestHead(head: Head, bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  // RFC 9112 §2.2: one empty line before the request line is tolerated.
  if (at < end && bytes[at] === CR) {
    if (at + 1 >= end) return INCOMPLETE;
    if (bytes[at + 1] !== LF) return head.refuse(REFUSALS.bareCr);
    at += 2;
  }
  head.start = at;
  while (at < end && TOKEN[bytes[at]!] === 1) at += 1;
  if (at === end) return tooLong(head, start, end);
  if (bytes[at] !== SP || at === head.start) return head.refuse(lineFault(bytes[at]!));
  head.methodEnd = at;
  at += 1;
  head.targetStart = at;
  while (at < end && TARGET[bytes[at]!] === 1) at += 1;
  if (at - head.targetStart > limits.targetBytes) return head.refuse(REFUSALS.targetTooLong);
  if (at === end) return tooLong(head, start, end);
  head.targetEnd = at;
  if (at === head.targetStart) return head.refuse(lineFault(bytes[at]!));
  if (bytes[at] === CR) return head.refuse(REFUSALS.version);
  if (bytes[at] !== SP) return head.refuse(lineFault(bytes[at]!));
  const afterVersion = scanVersion(head, bytes, at + 1, end);
  if (afterVersion <= 0) return afterVersion === INCOMPLETE ? tooLong(head, start, end) : afterVersion;
  at = afterVersion;
  if (at + 1 >= end) return tooLong(head, start, end);
  if (bytes[at] !== CR) return head.refuse(lineFault(bytes[at]!));
  if (bytes[at + 1] !== LF) return head.refuse(REFUSALS.bareCr);
  head.fieldsStart = at + 2;
  return scanFields(head, bytes, start, end);
}

/** Scans a response head; see {@link scanRequestHead}. */
export function scanResponseHead(head: Head, bytes: Uint8Array, start: number, end: number): number {
  head.start = start;
  const afterVersion = scanVersion(head, bytes, start, end);
  if (afterVersion <= 0) return afterVersion;
  let at = afterVersion;
  // SP 3DIGIT and then SP reason or, from lenient servers, nothing: RFC 9112 §4.
  if (at + 5 >= end) return INCOMPLETE;
  const hundreds = digit(bytes[at + 1]!);
  const tens = digit(bytes[at + 2]!);
  const ones = digit(bytes[at + 3]!);
  if (bytes[at] !== SP || hundreds < 1 || hundreds > 5 || tens > 9 || ones > 9) return head.refuse(REFUSALS.startLine);
  head.status = hundreds * 100 + tens * 10 + ones;
  at += 4;
  if (bytes[at] !== SP && bytes[at] !== CR) return head.refuse(REFUSALS.startLine);
  while (at < end && FIELD_VALUE[bytes[at]!] === 1) at += 1;
  if (at + 1 >= end) return tooLong(head, start, end);
  if (bytes[at] !== CR) return head.refuse(lineFault(bytes[at]!));
  if (bytes[at + 1] !== LF) return head.refuse(REFUSALS.bareCr);
  head.fieldsStart = at + 2;
  return scanFields(head, bytes, start, end);
}

/** `HTTP/1.0` or `HTTP/1.1`; returns the offset after it. */
function scanVersion(head: Head, bytes: Uint8Array, start: number, end: number): number {
  for (let at = 0; at < VERSION_BYTES.length; at += 1) {
    if (start + at >= end) return INCOMPLETE;
    if (bytes[start + at] !== VERSION_BYTES[at]) return head.refuse(REFUSALS.startLine);
  }
  if (start + 8 > end) return INCOMPLETE;
  const major = bytes[start + 5]!;
  const minor = digit(bytes[start + 7]!);
  if (digit(major) > 9 || bytes[start + 6] !== 0x2e || minor > 9) return head.refuse(REFUSALS.startLine);
  if (major !== DIGIT_1 || minor > 1) return head.refuse(REFUSALS.version);
  head.minorVersion = minor;
  return start + 8;
}

/** Field lines up to and with the empty line, from {@link Head.fieldsStart}; also used for trailer sections. */
export function scanFields(head: Head, bytes: Uint8Array, start: number, end: number): number {
  const { numbers, ranges } = head;
  let count = 0;
  let at = head.fieldsStart;
  head.fieldCount = 0;
  for (;;) {
    const nameStart = at;
    while (at < end && TOKEN[bytes[at]!] === 1) at += 1;
    if (at >= end) return tooLong(head, start, end);
    if (bytes[at] !== COLON) {
      if (at !== nameStart || bytes[at] !== CR) return head.refuse(nameFault(bytes[at]!, at === nameStart));
      if (at + 1 >= end) return tooLong(head, start, end);
      if (bytes[at + 1] !== LF) return head.refuse(REFUSALS.bareCr);
      head.fieldCount = count;
      head.end = at + 2;
      return head.end - start > limits.headBytes ? head.refuse(REFUSALS.headTooLarge) : head.end;
    }
    if (at === nameStart) return head.refuse(REFUSALS.fieldName);
    if (count === limits.headerFields) return head.refuse(REFUSALS.tooManyFields);
    const nameEnd = at;
    at += 1;
    while (at < end && (bytes[at] === SP || bytes[at] === HTAB)) at += 1;
    const valueStart = at;
    while (at < end && FIELD_VALUE[bytes[at]!] === 1) at += 1;
    if (at + 1 >= end) return at < end ? valueEndFault(head, bytes[at]!, start, end) : tooLong(head, start, end);
    if (bytes[at] !== CR) return head.refuse(valueFault(bytes[at]!));
    if (bytes[at + 1] !== LF) return head.refuse(REFUSALS.bareCr);
    let valueEnd = at;
    while (valueEnd > valueStart && (bytes[valueEnd - 1] === SP || bytes[valueEnd - 1] === HTAB)) valueEnd -= 1;
    at += 2;
    const range = count * FIELD_STRIDE;
    numbers[count] = fieldNumber(bytes, nameStart, nameEnd);
    ranges[range] = nameStart;
    ranges[range + 1] = nameEnd;
    ranges[range + 2] = valueStart;
    ranges[range + 3] = valueEnd;
    ranges[range + 4] = at;
    count += 1;
  }
}

/** Not complete: wait for more, unless what is there is over the limit already. */
function tooLong(head: Head, start: number, end: number): number {
  return end - start >= limits.headBytes ? head.refuse(REFUSALS.headTooLarge) : INCOMPLETE;
}

function valueEndFault(head: Head, byte: number, start: number, end: number): number {
  return byte === CR ? tooLong(head, start, end) : head.refuse(valueFault(byte));
}

function lineFault(byte: number): IRefusal {
  if (byte === LF) return REFUSALS.bareLf;
  if (byte === CR) return REFUSALS.bareCr;
  return byte < SP && byte !== HTAB ? REFUSALS.controlByte : REFUSALS.startLine;
}

function nameFault(byte: number, atStart: boolean): IRefusal {
  if (byte === LF) return REFUSALS.bareLf;
  if (byte === CR) return REFUSALS.fieldName;
  if (byte === SP || byte === HTAB) return atStart ? REFUSALS.obsFold : REFUSALS.spaceBeforeColon;
  return byte < SP ? REFUSALS.controlByte : REFUSALS.fieldName;
}

function valueFault(byte: number): IRefusal {
  return byte === LF ? REFUSALS.bareLf : REFUSALS.controlByte;
}

/** Where a field's line ends, before its CRLF: unlike the value's end it does not leave out trailing white space. */
export function lineEnd(head: Head, field: number): number {
  return head.ranges[field * FIELD_STRIDE + 4]! - 2;
}

/** True when a field must never be named by Connection: dropping it would change framing or routing. */
export function isProtected(number: number): boolean {
  return number === FIELD.host || number === FIELD.contentLength || number === FIELD.transferEncoding;
}
