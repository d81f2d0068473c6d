/**
 * A request's body on its way to the target: read, framed anew, held while the target connects.
 *
 * @module
 */
import { emit } from './emit.ts';
import { BODY, BodyReader } from './body.ts';
import type { RequestInfo } from './request.ts';
import { REFUSALS } from './refusals.ts';
import type { IRefusal } from './refusals.ts';
import type { IStream } from '../connection/socket.ts';

const HEX_RADIX = 16;

/** Up to where `bytes` may be overwritten after the body: to its end, unless something else follows. */
export function freeEnd(bytes: Buffer, next: number, end: number): number {
  return next === end ? bytes.length : next;
}

/** Knows which fields a client may not send, be it behind the body. */
export interface ITrailerFilter {
  /** @param name in lower case */
  dropsTrailer(name: string): boolean;
}

export class RequestBody {
  readonly #reader = new BodyReader();
  #held: Buffer[] = [];
  #bytes = 0;
  #bytesMax = Infinity;
  #tooLarge = false;
  readonly #filter: ITrailerFilter;

  constructor(filter: ITrailerFilter) {
    this.#filter = filter;
  }

  /** Body bytes read so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The whole body was read. */
  get done(): boolean {
    return this.#reader.done;
  }

  /** Why {@link consume} gave -1. */
  get refusal(): IRefusal {
    if (this.#tooLarge) return REFUSALS.bodyTooLarge;
    return this.#reader.refusal ?? REFUSALS.chunkSize;
  }

  begin(info: RequestInfo): void {
    if (info.chunked) this.#reader.begin(BODY.chunked, 0);
    else if (info.contentLength > 0) this.#reader.begin(BODY.length, info.contentLength);
    else this.#reader.begin(BODY.none, 0);
    this.#bytes = 0;
    this.#bytesMax = Infinity;
    this.#tooLarge = false;
    if (this.#held.length > 0) this.#held = [];
  }

  /** Refuses the body once it is longer; false when its announced length is already. */
  limit(bytesMax: number | undefined, contentLength: number): boolean {
    if (bytesMax === undefined) return true;
    this.#bytesMax = bytesMax;
    return contentLength <= bytesMax;
  }

  /** Reads body bytes; returns where they end, or -1 when they are refused. */
  consume(bytes: Buffer, at: number, end: number): number {
    const next = this.#reader.consume(bytes, at, end);
    if (next === -1) return -1;
    this.#bytes += this.#reader.dataEnd - this.#reader.dataStart;
    if (this.#bytes <= this.#bytesMax) return next;
    this.#tooLarge = true;
    return -1;
  }

  /** Sends `before` and what {@link consume} just read, framed, in one write; false when `dest` wants no more. */
  send(dest: IStream, source: IStream, before: string, bytes: Buffer, freeEnd: number): boolean {
    const { dataStart, dataEnd } = this.#reader;
    const prefix = before + this.#prefix(dataEnd - dataStart);
    return emit(dest, source, prefix, bytes, dataStart, dataEnd, freeEnd, this.#suffix(dataEnd - dataStart));
  }

  /** Keeps what {@link consume} just read, framed, until there is somewhere to send it. */
  hold(bytes: Buffer): void {
    const { dataStart, dataEnd } = this.#reader;
    const length = dataEnd - dataStart;
    const prefix = this.#prefix(length);
    const suffix = this.#suffix(length);
    if (prefix !== '') this.#held.push(Buffer.from(prefix, 'latin1'));
    if (length > 0) this.#held.push(Buffer.from(bytes.subarray(dataStart, dataEnd)));
    if (suffix !== '') this.#held.push(Buffer.from(suffix, 'latin1'));
  }

  /** What was held; empty when nothing was. */
  takeHeld(): Buffer[] {
    const held = this.#held;
    if (held.length > 0) this.#held = [];
    return held;
  }

  #prefix(length: number): string {
    return this.#reader.kind === BODY.chunked && length > 0 ? `${length.toString(HEX_RADIX)}\r\n` : '';
  }

  #suffix(length: number): string {
    if (this.#reader.kind !== BODY.chunked) return '';
    const end = length > 0 ? '\r\n' : '';
    return this.#reader.done ? `${end}0\r\n${this.#trailers()}\r\n` : end;
  }

  #trailers(): string {
    const { trailers } = this.#reader;
    if (trailers === '') return '';
    const lines = trailers.split(/(?<=\n)/);
    return lines.filter((line) => !this.#filter.dropsTrailer(line.slice(0, line.indexOf(':')).toLowerCase())).join('');
  }
}
