// The engine's own scanner and body reader, driven as the proxy drives them, seen as a parser under comparison.
import { BODY, BodyReader } from '../../ts/http/body.ts';
import { FIELD_STRIDE, Head, INCOMPLETE, REFUSED, scanRequestHead, scanResponseHead } from '../../ts/http/head.ts';
import { RequestInfo, readRequest } from '../../ts/http/request.ts';
import { ResponseInfo, readResponse } from '../../ts/http/response.ts';
import type { IParsed, IParsedMessage, IStreamParser, TSide } from './parsed.ts';

const EMPTY = Buffer.alloc(0);

class Engine implements IStreamParser {
  readonly #head = new Head();
  readonly #request = new RequestInfo();
  readonly #response = new ResponseInfo();
  readonly #body = new BodyReader();
  #messages: IParsedMessage[] = [];
  #error: string | undefined;
  /** No further message may follow: the connection is closed, or belongs to another protocol. */
  #last = false;
  #over = false;
  #inBody = false;

  parse(side: TSide, pieces: readonly Buffer[]): IParsed {
    this.#messages = [];
    this.#error = undefined;
    this.#last = false;
    this.#over = false;
    this.#inBody = false;
    let held: Buffer = EMPTY;
    for (const piece of pieces) {
      // A copy: chunked bodies are compacted in place.
      held = Buffer.concat([held, piece]);
      const used = this.#take(side, held);
      held = held.subarray(used);
      if (this.#over) break;
    }
    return { messages: this.#messages, error: this.#error };
  }

  /** Reads as much as is complete; the offset after it. */
  #take(side: TSide, bytes: Buffer): number {
    let at = 0;
    while (!this.#over) {
      if (this.#inBody) {
        if (at === bytes.length) return at;
        at = this.#takeBody(bytes, at);
      } else {
        const after = side === 'request' ? this.#takeRequest(bytes, at) : this.#takeResponse(bytes, at);
        if (after === INCOMPLETE) return at;
        at = after;
      }
    }
    return bytes.length;
  }

  #refuse(reason: string | undefined): number {
    this.#error = reason ?? 'refused without a reason';
    this.#over = true;
    return REFUSED;
  }

  #takeRequest(bytes: Buffer, at: number): number {
    const head = this.#head;
    const after = scanRequestHead(head, bytes, at, bytes.length);
    if (after === REFUSED) return this.#refuse(head.refusal?.reason);
    if (after === INCOMPLETE) return INCOMPLETE;
    const info = this.#request;
    const fault = readRequest(info, head, bytes, false);
    if (fault !== null) return this.#refuse(fault.reason);
    const target = bytes.toString('latin1', head.targetStart, head.targetEnd);
    this.#last = !info.keepAlive || info.upgrade !== '';
    this.#begin(`${info.method} ${target} 1.${head.minorVersion}`, bytes, kindOf(info), info.contentLength);
    return after;
  }

  #takeResponse(bytes: Buffer, at: number): number {
    const head = this.#head;
    const after = scanResponseHead(head, bytes, at, bytes.length);
    if (after === REFUSED) return this.#refuse(head.refusal?.reason);
    if (after === INCOMPLETE) return INCOMPLETE;
    const info = this.#response;
    const fault = readResponse(info, head, bytes);
    if (fault !== null) return this.#refuse(fault.reason);
    const { status } = head;
    // RFC 9112 section 6.3: these never have a body; without any framing the body ends with the connection.
    const bodiless = status < 200 || status === 204 || status === 304;
    const kind = bodiless ? BODY.none : kindOf(info);
    const framed = bodiless || info.chunked || info.contentLength >= 0;
    this.#last = status === 101 || (status >= 200 && !info.keepAlive) || !framed;
    this.#begin(`1.${head.minorVersion} ${status}`, bytes, framed ? kind : BODY.untilClose, info.contentLength);
    return after;
  }

  #begin(start: string, bytes: Buffer, kind: number, length: number): void {
    const { fieldCount, ranges } = this.#head;
    const fields: Array<readonly [string, string]> = [];
    for (let index = 0; index < fieldCount; index += 1) {
      const range = index * FIELD_STRIDE;
      fields.push([
        bytes.toString('latin1', ranges[range], ranges[range + 1]),
        bytes.toString('latin1', ranges[range + 2], ranges[range + 3]),
      ]);
    }
    this.#messages.push({ start, fields, body: '', complete: false });
    this.#body.begin(kind, Math.max(length, 0));
    this.#inBody = true;
    this.#endIfDone();
  }

  #takeBody(bytes: Buffer, at: number): number {
    const after = this.#body.consume(bytes, at, bytes.length);
    if (after === REFUSED) return this.#refuse(this.#body.refusal?.reason);
    this.#messages.at(-1)!.body += bytes.toString('latin1', this.#body.dataStart, this.#body.dataEnd);
    this.#endIfDone();
    return after;
  }

  #endIfDone(): void {
    if (!this.#body.done) return;
    this.#messages.at(-1)!.complete = true;
    this.#inBody = false;
    if (this.#last) this.#over = true;
  }
}

function kindOf(info: { readonly chunked: boolean; readonly contentLength: number }): number {
  if (info.chunked) return BODY.chunked;
  return info.contentLength > 0 ? BODY.length : BODY.none;
}

export function createEngine(): IStreamParser {
  return new Engine();
}
