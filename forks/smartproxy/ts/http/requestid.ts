/**
 * A name for every request, by which a line here and a line of the target are found to be about the same one.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import type { IRequestIdOptions } from '../interfaces/options.ts';
import { limits } from '../limits/limits.ts';
import type { ExchangeState } from './exchangestate.ts';
import type { Head } from './head.ts';
import { dropEdited } from './outgoing.ts';
import type { RequestInfo } from './request.ts';
import { fieldValue } from './rewrite.ts';

const DEFAULT_HEADER = 'X-Request-Id';
const RADIX = 36;
/** Random per process, so that ids of workers, and of before and after a restart, differ. */
const PREFIX_BYTES = 6;
/** Visible, and nothing that would make two values of one: a repeated field is joined by `, `. */
const ACCEPTABLE = /^[\x21-\x2b\x2d-\x7e]+$/;

export class RequestIds {
  readonly #header: string;
  readonly #lower: string;
  readonly #accept: boolean;
  readonly #prefix = randomBytes(PREFIX_BYTES).toString('hex');
  #count = 0;

  constructor(options: IRequestIdOptions) {
    this.#header = options.header ?? DEFAULT_HEADER;
    this.#lower = this.#header.toLowerCase();
    this.#accept = options.accept ?? false;
  }

  /** Names an exchange; the field of that name is not forwarded as the client sent it. */
  begin(exchange: ExchangeState, head: Head, info: RequestInfo): void {
    const sent = fieldValue(info.text, head, this.#lower);
    if (sent !== undefined) dropEdited(head, info.drop, (start, end) => this.isHeader(info.text, start, end), info);
    this.#set(exchange, sent !== undefined && this.#accept && acceptable(sent) ? sent : this.#next());
  }

  /** Names an exchange whose head could not be read. */
  beginUnread(exchange: ExchangeState): void {
    this.#set(exchange, this.#next());
  }

  /** Whether the field name in `text` between `start` and `end` is ours. */
  isHeader(text: string, start: number, end: number): boolean {
    return end - start === this.#lower.length && text.slice(start, end).toLowerCase() === this.#lower;
  }

  /** Whether edits of a route put in a field of this name themselves: theirs then counts. */
  isEditedBy(edits: { readonly names: readonly string[] } | null): boolean {
    return edits !== null && edits.names.includes(this.#lower);
  }

  #set(exchange: ExchangeState, id: string): void {
    exchange.requestId = id;
    exchange.idLine = `${this.#header}: ${id}\r\n`;
  }

  #next(): string {
    this.#count += 1;
    return `${this.#prefix}-${this.#count.toString(RADIX)}`;
  }
}

function acceptable(id: string): boolean {
  return id.length <= limits.requestIdChars && ACCEPTABLE.test(id);
}
