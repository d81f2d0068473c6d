import { limits } from '../limits/limits.ts';

/** What may be given as a label value; numbers are written as JavaScript writes them. */
export type TLabelValue = string | number;

/** Label values by label name. */
export type TLabels<TName extends string = string> = Readonly<Record<TName, TLabelValue>>;

/** Counts of label values that were cut, per table. */
export interface ITruncations {
  truncated: number;
}

/**
 * The distinct values of one label, each kept once and numbered. A series then stores small numbers instead of
 * strings, and a look-up costs one map access per label. Values are freed when the last series with them goes.
 */
export class InternedValues {
  /** Number by value. A number given as value is a second key of the string it is written as. */
  readonly ids = new Map<TLabelValue, number>();
  readonly #values: string[] = [];
  readonly #uses: number[] = [];
  readonly #aliases: Array<number | undefined> = [];
  readonly #free: number[] = [];

  /** The text of a numbered value. */
  text(id: number): string {
    return this.#values[id]!;
  }

  /** Number of a value, already in its stored form (see {@link storedForm}), taking one more use of it. */
  take(value: string): number {
    const known = this.ids.get(value);
    if (known !== undefined) {
      this.#uses[known]! += 1;
      return known;
    }
    const id = this.#free.pop() ?? this.#values.length;
    this.#values[id] = value;
    this.#uses[id] = 1;
    this.#aliases[id] = undefined;
    this.ids.set(value, id);
    return id;
  }

  /** Lets a number be found directly as a key. Each text is written by at most one number, so this stays bounded. */
  alias(value: number, id: number): void {
    this.ids.set(value, id);
    this.#aliases[id] = value;
  }

  /** Gives one use back. */
  release(id: number): void {
    this.#uses[id]! -= 1;
    if (this.#uses[id]! > 0) return;
    this.ids.delete(this.#values[id]!);
    const alias = this.#aliases[id];
    if (alias !== undefined) this.ids.delete(alias);
    this.#values[id] = '';
    this.#free.push(id);
  }
}

/** The form a label value is kept in: text, well-formed UTF-16, at most the allowed number of UTF-8 bytes. */
export function storedForm(value: TLabelValue, counts: ITruncations): string {
  const text = typeof value === 'string' ? value : String(value);
  const maxBytes = limits.labelValueBytesMax;
  // A UTF-16 unit takes at most three bytes, so most values are short enough without being measured.
  const short = text.length * 3 <= maxBytes || Buffer.byteLength(text) <= maxBytes;
  // A lone surrogate cannot be written as UTF-8; two values that differ only there would become duplicates on the wire.
  if (short) return text.isWellFormed() ? text : text.toWellFormed();
  counts.truncated += 1;
  const bytes = Buffer.from(text.slice(0, maxBytes));
  let end = Math.min(maxBytes, bytes.length);
  // Never cut inside a character: continuation bytes are 10xxxxxx (RFC 3629 §3).
  while (end < bytes.length && (bytes[end]! & 0xc0) === 0x80) end -= 1;
  return bytes.toString('utf8', 0, end);
}
