// The oracle: llhttp as Node ships it, in its strict mode, reached through Node's own binding.
import type { IParsed, IParsedMessage, IStreamParser, TSide } from './parsed.ts';

/** The part of Node's internal parser that the oracle drives. */
interface IBindingParser {
  initialize(type: number, resource: object, maxHeaderSize: number, lenientFlags: number): void;
  execute(bytes: Buffer): number | Error;
  finish(): Error | undefined;
  [callback: number]: unknown;
}

interface IBinding {
  readonly HTTPParser: {
    new (): IBindingParser;
    readonly REQUEST: number;
    readonly RESPONSE: number;
    readonly kOnHeaders: number;
    readonly kOnHeadersComplete: number;
    readonly kOnBody: number;
    readonly kOnMessageComplete: number;
    readonly kLenientNone: number;
  };
  readonly methods: readonly string[];
}

// A deprecated name that Node keeps for its own http module; only this test reaches for it.
const binding = process.getBuiltinModule('_http_common') as unknown as IBinding;
const { HTTPParser } = binding;

/** llhttp numbers methods in its own order; Node's list is sorted by that number. */
const methodNames = binding.methods;

const HEAD_BYTES_MAX = 1 << 20;

function withoutOuterSpace(value: string): string {
  return value.replace(/^[ \t]+|[ \t]+$/g, '');
}

function pairs(flat: readonly string[]): Array<readonly [string, string]> {
  const list: Array<readonly [string, string]> = [];
  for (let index = 0; index < flat.length; index += 2) list.push([flat[index]!, withoutOuterSpace(flat[index + 1]!)]);
  return list;
}

class Llhttp implements IStreamParser {
  readonly #parser: IBindingParser = new HTTPParser();
  #messages: IParsedMessage[] = [];
  #flushed: string[] = [];
  #flushedUrl = '';
  #inBody = false;

  constructor() {
    const parser = this.#parser;
    // Called with field lines that did not fit one batch, and with trailers.
    parser[HTTPParser.kOnHeaders] = (fields: string[], url: string): void => {
      if (this.#inBody) return;
      this.#flushed.push(...fields);
      this.#flushedUrl += url;
    };
    parser[HTTPParser.kOnHeadersComplete] = (
      major: number,
      minor: number,
      fields: string[] | null,
      method: number | null | undefined,
      url: string | null,
      status: number | null,
    ): number => {
      const all = [...this.#flushed, ...(fields ?? [])];
      const version = `${major}.${minor}`;
      const target = this.#flushedUrl + (url ?? '');
      const start = method == null ? `${version} ${status ?? 0}` : `${methodNames[method] ?? '?'} ${target} ${version}`;
      this.#messages.push({ start, fields: pairs(all), body: '', complete: false });
      this.#flushed = [];
      this.#flushedUrl = '';
      this.#inBody = true;
      return 0;
    };
    parser[HTTPParser.kOnBody] = (bytes: Buffer): void => {
      this.#messages.at(-1)!.body += bytes.toString('latin1');
    };
    parser[HTTPParser.kOnMessageComplete] = (): void => {
      this.#messages.at(-1)!.complete = true;
      this.#inBody = false;
    };
  }

  parse(side: TSide, pieces: readonly Buffer[]): IParsed {
    this.#messages = [];
    this.#flushed = [];
    this.#flushedUrl = '';
    this.#inBody = false;
    const type = side === 'request' ? HTTPParser.REQUEST : HTTPParser.RESPONSE;
    this.#parser.initialize(type, {}, HEAD_BYTES_MAX, HTTPParser.kLenientNone);
    for (const piece of pieces) {
      const result = this.#parser.execute(piece);
      if (typeof result !== 'number') {
        const { code } = result as { code?: string };
        return { messages: this.#messages, error: code ?? result.message };
      }
    }
    return { messages: this.#messages, error: undefined };
  }
}

/** Names that llhttp knows; any other method is an error to it, though RFC 9110 section 9.1 lets a method be any token. */
export const llhttpMethods: ReadonlySet<string> = new Set(methodNames);

export function createOracle(): IStreamParser {
  return new Llhttp();
}
