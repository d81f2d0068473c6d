/**
 * Header changes that a policy asks for, made ready once: which fields are left out, and the lines that are put in.
 *
 * @module
 */
import { ProxyError } from '../errors.ts';
import { foldCase } from '../route/domain.ts';

export interface IPolicyHeaderEdit {
  /** `set` replaces all fields of the name, `add` puts one beside them, `remove` leaves them out. */
  readonly kind: 'set' | 'add' | 'remove';
  readonly name: string;
  readonly value?: string;
}

/** Framing, routing and persistence are the proxy's own (RFC 9110 §7.6.1), and who the client is. */
const PROTECTED: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'forwarded',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
]);

const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const VALUE = /^[\t\x20-\x7e]*$/;

/** Whether a policy may change a header. */
export function isPolicyHeader(name: string): boolean {
  return NAME.test(name) && !PROTECTED.has(name.toLowerCase());
}

export class PolicyHeaders {
  /** Lower case; fields of these names are left out of the original message. */
  readonly names: readonly string[];
  /** To be put in, each with CRLF. */
  readonly lines: string;

  /** @param edits in their order: a later one of a name undoes those before it, unless it adds. @throws ProxyError */
  constructor(edits: readonly IPolicyHeaderEdit[]) {
    const dropped = new Set<string>();
    let lines: Array<{ readonly folded: string; readonly line: string }> = [];
    for (const { kind, name, value = '' } of edits) {
      if (!isPolicyHeader(name) || !VALUE.test(value)) {
        throw new ProxyError('PROXY_BAD_HEADER', `a policy may not make the header '${name}' what it wants to`);
      }
      const folded = name.toLowerCase();
      if (kind !== 'add') {
        dropped.add(folded);
        lines = lines.filter((line) => line.folded !== folded);
      }
      if (kind !== 'remove') lines.push({ folded, line: `${name}: ${value}\r\n` });
    }
    this.names = [...dropped];
    this.lines = lines.map(({ line }) => line).join('');
  }

  /** Lines of our own, each with CRLF, without those that are replaced and with those to put in. */
  appendTo(lines: string): string {
    if (this.names.length === 0) return lines + this.lines;
    const kept = lines
      .split('\r\n')
      .filter((line) => !this.names.includes(line.slice(0, line.indexOf(':')).toLowerCase()));
    return kept.join('\r\n') + this.lines;
  }

  /** Whether the field whose name stands in `text` between `start` and `end` is left out. */
  drops(text: string, start: number, end: number): boolean {
    const length = end - start;
    for (let i = 0; i < this.names.length; i += 1) {
      const name = this.names[i]!;
      if (name.length === length && equalsFolded(name, text, start)) return true;
    }
    return false;
  }
}

function equalsFolded(name: string, text: string, start: number): boolean {
  for (let i = 0; i < name.length; i += 1)
    if (foldCase(text.charCodeAt(start + i)) !== name.charCodeAt(i)) return false;
  return true;
}
