// Reads responses from a stream of bytes, one after the other, however they were cut.
import type { IAsked } from './requests.ts';

export interface IResponse {
  readonly status: number;
  readonly head: string;
  readonly body: Buffer;
  /** Field lines behind the body. */
  readonly trailers: string;
  /** Interim responses that came before. */
  readonly interim: number;
}

const NOTHING = Buffer.alloc(0);

/** Complete responses, and what is left behind them. */
export class ResponseReader {
  readonly #asked: readonly IAsked[];
  #parts: Buffer[] = [];
  #here = 0;
  /** Bytes that must be here before it is worth looking again. */
  #wanted = 0;
  #index = 0;
  #interim = 0;
  #ended = false;

  /** @param asked what the responses answer, in order */
  constructor(asked: readonly IAsked[]) {
    this.#asked = asked;
  }

  get leftover(): number {
    return this.#here;
  }

  *take(bytes: Buffer): Generator<IResponse> {
    this.#parts.push(bytes);
    this.#here += bytes.length;
    yield* this.#all();
  }

  /** The connection ended, which may be what ends a response. */
  *end(): Generator<IResponse> {
    this.#ended = true;
    this.#wanted = 0;
    yield* this.#all();
  }

  *#all(): Generator<IResponse> {
    while (this.#here > 0 && this.#here >= this.#wanted) {
      const response = this.#next(this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts));
      if (response === null) return;
      yield response;
    }
  }

  #next(left: Buffer): IResponse | null {
    this.#parts = [left];
    const end = left.indexOf('\r\n\r\n');
    if (end === -1) return this.#wait(left.length + 1);
    const head = left.toString('latin1', 0, end);
    const status = Number(/^HTTP\/1\.1 (\d{3}) [\x20-\x7e]*\r\n/.exec(`${head}\r\n`)?.[1]);
    if (!(status >= 100)) throw new Error(`no response: ${JSON.stringify(head.slice(0, 200))}`);
    const after = end + 4;
    if (status < 200) {
      this.#interim += 1;
      this.#drop(left, after);
      return this.#next(left.subarray(after));
    }
    const asked = this.#asked[this.#index];
    if (asked === undefined) throw new Error(`nobody asked for ${JSON.stringify(head.slice(0, 200))}`);
    if (asked.method === 'HEAD') return this.#cut(left, status, head, NOTHING, '', after);
    const length = /\r\ncontent-length: (\d+)(\r\n|$)/i.exec(head)?.[1];
    const isChunked = /\r\ntransfer-encoding: chunked(\r\n|$)/i.test(head);
    if (length !== undefined) {
      if (isChunked) throw new Error('a length and chunks');
      const to = after + Number(length);
      return left.length < to ? this.#wait(to) : this.#cut(left, status, head, left.subarray(after, to), '', to);
    }
    if (isChunked) return this.#chunked(left, status, head, after);
    if (!asked.isOld) throw new Error(`no framing: ${JSON.stringify(head.slice(0, 200))}`);
    return this.#ended ? this.#cut(left, status, head, left.subarray(after), '', left.length) : this.#wait(Infinity);
  }

  #chunked(left: Buffer, status: number, head: string, start: number): IResponse | null {
    const parts: Buffer[] = [];
    for (let at = start; ;) {
      const line = left.indexOf('\r\n', at);
      if (line === -1) return this.#wait(left.length + 1);
      const digits = left.toString('latin1', at, line);
      if (!/^[0-9a-f]+$/i.test(digits)) throw new Error(`no chunk size: ${JSON.stringify(digits.slice(0, 200))}`);
      const size = Number.parseInt(digits, 16);
      if (size === 0) {
        const end = left.indexOf('\r\n\r\n', line);
        if (end === -1) return this.#wait(left.length + 1);
        const trailers = left.toString('latin1', line + 2, end);
        return this.#cut(left, status, head, Buffer.concat(parts), trailers, end + 4);
      }
      const to = line + 2 + size;
      if (left.length < to + 2) return this.#wait(to + 2);
      if (left.toString('latin1', to, to + 2) !== '\r\n') throw new Error('a chunk without its end');
      parts.push(left.subarray(line + 2, to));
      at = to + 2;
    }
  }

  #wait(wanted: number): null {
    this.#wanted = wanted;
    return null;
  }

  #cut(left: Buffer, status: number, head: string, body: Buffer, trailers: string, to: number): IResponse {
    this.#drop(left, to);
    const interim = this.#interim;
    this.#interim = 0;
    this.#index += 1;
    return { status, head, body, trailers, interim };
  }

  #drop(left: Buffer, to: number): void {
    const rest = left.subarray(to);
    this.#parts = [rest];
    this.#here = rest.length;
    this.#wanted = 0;
  }
}
