/**
 * Header edits of a route, compiled: which fields of a message are left out, and which lines are put in. Texts without
 * variables are one prebuilt string.
 *
 * @module
 */
import type { IRouteContext } from '../interfaces/context.ts';
import { foldCase } from '../route/domain.ts';
import { Template } from '../template/template.ts';

export class HeaderEdits {
  /** Lower case; fields of these names are left out of the original message. */
  readonly names: readonly string[];
  /** Lines with CRLF when nothing depends on the request, else null. */
  readonly fixedLines: string | null;
  readonly #lines: ReadonlyArray<{ readonly name: string; readonly value: Template }>;
  /** Bit n: some name has n characters (modulo 32); tells most fields apart without comparing. */
  readonly #lengths: number;

  private constructor(edits: ReadonlyMap<string, { name: string; value: string }>) {
    this.names = [...edits.keys()];
    this.#lengths = this.names.reduce((bits, name) => bits | (1 << (name.length & 31)), 0);
    // An empty value removes the field and puts nothing in its place.
    this.#lines = [...edits.values()]
      .filter(({ value }) => value !== '')
      .map(({ name, value }) => ({ name, value: new Template(value) }));
    this.fixedLines = this.#lines.every(({ value }) => value.isStatic)
      ? this.#lines.map(({ name, value }) => `${name}: ${value.source}\r\n`).join('')
      : null;
  }

  /** Null when there is nothing to edit. Later sources win: route, then action, then target. */
  static compile(...sources: ReadonlyArray<Readonly<Record<string, string>> | undefined>): HeaderEdits | null {
    const edits = new Map<string, { name: string; value: string }>();
    for (const source of sources) {
      for (const [name, value] of Object.entries(source ?? {})) edits.set(name.toLowerCase(), { name, value });
    }
    return edits.size > 0 ? new HeaderEdits(edits) : null;
  }

  /** Whether the field whose name stands in `text` between `start` and `end` is left out. */
  drops(text: string, start: number, end: number): boolean {
    const length = end - start;
    if ((this.#lengths & (1 << (length & 31))) === 0) return false;
    for (let i = 0; i < this.names.length; i += 1) {
      const name = this.names[i]!;
      if (name.length === length && equalsFolded(name, text, start)) return true;
    }
    return false;
  }

  /** The lines to put in, each with CRLF; `context` is asked for only when a value has variables. */
  lines(context: () => IRouteContext): string {
    if (this.fixedLines !== null) return this.fixedLines;
    const facts = context();
    let text = '';
    for (const { name, value } of this.#lines) text += `${name}: ${toLatin1(value.render(facts))}\r\n`;
    return text;
  }
}

function equalsFolded(name: string, text: string, start: number): boolean {
  for (let i = 0; i < name.length; i += 1)
    if (foldCase(text.charCodeAt(start + i)) !== name.charCodeAt(i)) return false;
  return true;
}

/** Heads are written as latin1; other characters would be cut to their low byte, which could be a line break. */
function toLatin1(text: string): string {
  return /[^\0-\xff]/.test(text) ? Buffer.from(text, 'utf8').toString('latin1') : text;
}
