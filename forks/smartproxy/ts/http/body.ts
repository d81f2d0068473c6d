/**
 * Body framing: where a message's body ends, and its bytes without the chunk framing. RFC 9112 §6, §7.
 *
 * Chunked data is compacted in place, so that what one read brought leaves as one chunk of our own making.
 *
 * @module
 */
import { latin1 } from '../connection/latin1.ts';
import { limits } from '../limits/limits.ts';
import { CR, FIELD_VALUE, HEX, LF, SEMICOLON, SP, HTAB, TOKEN } from './bytes.ts';
import { FIELD } from './fields.ts';
import { FIELD_STRIDE, Head, REFUSED, scanFields } from './head.ts';
import { REFUSALS } from './refusals.ts';
import type { IRefusal } from './refusals.ts';

/** How the end of a body is found. */
export const BODY = { none: 0, length: 1, chunked: 2, untilClose: 3 } as const;

const STATE = { size: 0, extension: 1, sizeLf: 2, data: 3, dataCr: 4, dataLf: 5, trailer: 6 } as const;

/** Where a chunk extension is: before or in a name, before or in a value, in quotes, after them. */
const PART = { name: 0, inName: 1, value: 2, inValue: 3, quoted: 4, closed: 5 } as const;

const QUOTE = 0x22;
const EQUALS = 0x3d;
const BACKSLASH = 0x5c;

/** Digits of a chunk size: 13 hex digits stay below 2^53, so the size cannot wrap. */
const SIZE_DIGITS_MAX = 13;

export class BodyReader {
  kind: number = BODY.none;
  /** Nothing more belongs to this body. */
  done = true;
  /** Bytes left of the body (length) or of the chunk. */
  remaining = 0;
  /** After `consume`: the body bytes found, in the buffer that was given. */
  dataStart = 0;
  dataEnd = 0;
  /** Trailer fields to forward, each with CRLF. */
  trailers = '';
  refusal: IRefusal | null = null;
  #state: number = STATE.size;
  #digits = 0;
  #extension = 0;
  #part: number = PART.name;
  #trailer: Buffer | null = null;

  /** Prepares for the next message. */
  begin(kind: number, length: number): void {
    this.kind = kind;
    this.remaining = kind === BODY.length ? length : 0;
    this.done = kind === BODY.none || (kind === BODY.length && length === 0);
    this.trailers = '';
    this.refusal = null;
    this.#state = STATE.size;
    this.#digits = 0;
    this.#extension = 0;
    this.#trailer = null;
  }

  /**
   * Takes body bytes from `bytes[start, end)`; the data found is `[dataStart, dataEnd)` of the same buffer.
   * @returns the offset after the last byte that belongs to the body, or -1 when the framing is refused
   */
  consume(bytes: Buffer, start: number, end: number): number {
    this.dataStart = start;
    if (this.kind === BODY.chunked) return this.#consumeChunked(bytes, start, end);
    this.dataEnd = end;
    if (this.kind === BODY.untilClose) return end;
    if (end - start >= this.remaining) {
      this.dataEnd = start + this.remaining;
      this.remaining = 0;
      this.done = true;
      return this.dataEnd;
    }
    this.remaining -= end - start;
    return end;
  }

  #consumeChunked(bytes: Buffer, start: number, end: number): number {
    let at = start;
    let dataStart = -1;
    let dataEnd = start;
    while (at < end && !this.done) {
      if (this.#state === STATE.data) {
        const take = Math.min(this.remaining, end - at);
        if (dataStart === -1) {
          dataStart = at;
          dataEnd = at;
        } else if (dataEnd !== at) bytes.copyWithin(dataEnd, at, at + take);
        dataEnd += take;
        at += take;
        this.remaining -= take;
        if (this.remaining === 0) this.#state = STATE.dataCr;
      } else if (this.#state === STATE.trailer) {
        at = this.#consumeTrailer(bytes, at, end);
        if (at === -1) return -1;
      } else {
        this.refusal = this.#step(bytes[at]!);
        if (this.refusal !== null) return -1;
        at += 1;
      }
    }
    this.dataStart = dataStart === -1 ? start : dataStart;
    this.dataEnd = dataStart === -1 ? start : dataEnd;
    return at;
  }

  /** One byte of chunk framing. */
  #step(byte: number): IRefusal | null {
    switch (this.#state) {
      case STATE.size:
        return this.#stepSize(byte);
      case STATE.extension:
        return this.#stepExtension(byte);
      case STATE.sizeLf:
        if (byte !== LF) return REFUSALS.bareCr;
        this.#state = this.remaining === 0 ? STATE.trailer : STATE.data;
        this.#digits = 0;
        this.#extension = 0;
        return null;
      case STATE.dataCr:
        if (byte !== CR) return REFUSALS.chunkEnd;
        this.#state = STATE.dataLf;
        return null;
      default:
        if (byte !== LF) return REFUSALS.chunkEnd;
        this.#state = STATE.size;
        return null;
    }
  }

  /**
   * `;name` or `;name=value` or `;name="value"`, RFC 9112 §7.1.1, without the white space and the escapes that some
   * parsers take and others do not. Nothing of it is forwarded.
   */
  #stepExtension(byte: number): IRefusal | null {
    this.#extension += 1;
    if (this.#extension > limits.chunkExtensionBytes) return REFUSALS.chunkExtension;
    if (this.#part === PART.quoted) {
      if (byte === QUOTE) this.#part = PART.closed;
      else if (byte === BACKSLASH || FIELD_VALUE[byte] === 0) return REFUSALS.chunkExtensionSyntax;
      return null;
    }
    if (this.#part !== PART.closed && TOKEN[byte] === 1) {
      if (this.#part === PART.name) this.#part = PART.inName;
      else if (this.#part === PART.value) this.#part = PART.inValue;
      return null;
    }
    if (byte === QUOTE && this.#part === PART.value) this.#part = PART.quoted;
    else if (byte === EQUALS && this.#part === PART.inName) this.#part = PART.value;
    else if (this.#part === PART.name || this.#part === PART.value) return REFUSALS.chunkExtensionSyntax;
    else if (byte === SEMICOLON) this.#part = PART.name;
    else if (byte === CR) this.#state = STATE.sizeLf;
    else return byte === LF ? REFUSALS.bareLf : REFUSALS.chunkExtensionSyntax;
    return null;
  }

  #stepSize(byte: number): IRefusal | null {
    const value = HEX[byte]!;
    if (value < 16) {
      this.#digits += 1;
      if (this.#digits > SIZE_DIGITS_MAX) return REFUSALS.chunkSize;
      this.remaining = this.remaining * 16 + value;
      return null;
    }
    if (this.#digits === 0) return REFUSALS.chunkSize;
    if (byte === CR) this.#state = STATE.sizeLf;
    else if (byte === SEMICOLON) {
      this.#state = STATE.extension;
      this.#part = PART.name;
    }
    // RFC 9112 §7.1.1 allows white space before an extension; parsers differ on it, so it is refused.
    else if (byte === SP || byte === HTAB) return REFUSALS.chunkSize;
    else return byte === LF ? REFUSALS.bareLf : REFUSALS.chunkSize;
    return null;
  }

  /** After the last chunk: an empty line, or trailer fields and an empty line. */
  #consumeTrailer(bytes: Buffer, at: number, end: number): number {
    if (this.#trailer === null && end - at >= 2 && bytes[at] === CR && bytes[at + 1] === LF) {
      this.done = true;
      return at + 2;
    }
    const held = this.#trailer;
    const heldBytes = held === null ? 0 : held.length;
    const piece = bytes.subarray(at, Math.min(end, at + limits.trailerBytes - heldBytes));
    const section = held === null ? piece : Buffer.concat([held, piece]);
    const head = new Head();
    const after = scanFields(head, section, 0, section.length);
    if (after === REFUSED) {
      this.refusal = head.refusal;
      return -1;
    }
    if (after > 0) {
      if (framesMessage(head)) {
        this.refusal = REFUSALS.trailer;
        return -1;
      }
      this.trailers = forwardTrailers(head, section);
      this.done = true;
      return at + after - heldBytes;
    }
    if (section.length >= limits.trailerBytes) {
      this.refusal = REFUSALS.trailerTooLarge;
      return -1;
    }
    this.#trailer = Buffer.from(section);
    return end;
  }
}

/**
 * RFC 9110 §6.5.1 forbids framing and connection control in trailers; some parsers heed them all the same, and then
 * see another end of the message or of the connection than we do.
 */
function framesMessage(head: Head): boolean {
  for (let at = 0; at < head.fieldCount; at += 1) {
    switch (head.numbers[at]) {
      case FIELD.contentLength:
      case FIELD.transferEncoding:
      case FIELD.connection:
      case FIELD.proxyConnection:
      case FIELD.upgrade:
        return true;
      default:
    }
  }
  return false;
}

/** Trailers that may pass: RFC 9110 §6.5.1 forbids those that frame, route or authenticate. */
function forwardTrailers(head: Head, bytes: Buffer): string {
  let trailers = '';
  for (let at = 0; at < head.fieldCount; at += 1) {
    if (head.numbers[at] !== FIELD.other) continue;
    const range = at * FIELD_STRIDE;
    trailers += latin1(bytes, head.ranges[range]!, head.ranges[range + 4]!);
  }
  return trailers;
}
