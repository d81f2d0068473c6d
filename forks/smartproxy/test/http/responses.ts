// Reads responses from a stream of bytes, one after the other, however they were cut.

export interface IResponse {
  readonly status: number;
  readonly head: string;
  readonly body: Buffer;
}

/** Complete responses in `bytes`, and what is left behind them. `isHead` says which of them answer HEAD. */
export class ResponseReader {
  #left: Buffer = Buffer.alloc(0);
  readonly #isHead: (index: number) => boolean;
  #index = 0;

  constructor(isHead: (index: number) => boolean) {
    this.#isHead = isHead;
  }

  get leftover(): number {
    return this.#left.length;
  }

  *take(bytes: Buffer): Generator<IResponse> {
    this.#left = this.#left.length === 0 ? bytes : Buffer.concat([this.#left, bytes]);
    for (let response = this.#next(); response !== null; response = this.#next()) {
      // Interim responses answer nothing.
      if (response.status >= 200) this.#index += 1;
      yield response;
    }
  }

  #next(): IResponse | null {
    const end = this.#left.indexOf('\r\n\r\n');
    if (end === -1) return null;
    const head = this.#left.toString('latin1', 0, end);
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1]);
    if (!(status >= 100)) throw new Error(`no response: ${JSON.stringify(head.slice(0, 200))}`);
    const after = end + 4;
    if (status < 200 || this.#isHead(this.#index)) return this.#cut(status, head, Buffer.alloc(0), after);
    const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
    if (length !== undefined) {
      const to = after + Number(length);
      return this.#left.length < to ? null : this.#cut(status, head, this.#left.subarray(after, to), to);
    }
    return this.#chunked(status, head, after);
  }

  #chunked(status: number, head: string, start: number): IResponse | null {
    const parts: Buffer[] = [];
    for (let at = start; ;) {
      const line = this.#left.indexOf('\r\n', at);
      if (line === -1) return null;
      const size = Number.parseInt(this.#left.toString('latin1', at, line), 16);
      const to = line + 2 + size;
      if (this.#left.length < to + 2) return null;
      if (this.#left.toString('latin1', to, to + 2) !== '\r\n') throw new Error('a chunk without its end');
      if (size === 0) return this.#cut(status, head, Buffer.concat(parts), to + 2);
      parts.push(this.#left.subarray(line + 2, to));
      at = to + 2;
    }
  }

  #cut(status: number, head: string, body: Buffer, to: number): IResponse {
    this.#left = this.#left.subarray(to);
    return { status, head, body };
  }
}
