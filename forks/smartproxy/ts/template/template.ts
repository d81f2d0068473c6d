/**
 * Texts with `{name}` and `{headers.name}` in them, as header values, redirects and rewrites hold them. What a name does
 * not resolve to stays as it was written.
 *
 * @module
 */
import type { IRouteContext } from '../interfaces/context.ts';

/** A template name, dots between its steps. */
const VARIABLE = /\{([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_-]+)*)\}/g;
/** What would end a header line, or the message, if a client could place it in a value. */
const CONTROL = /[\0-\x08\x0a-\x1f\x7f]/g;

interface IVariable {
  /** As written, braces included. */
  readonly source: string;
  readonly steps: readonly string[];
}

export class Template {
  readonly source: string;
  readonly #parts: ReadonlyArray<string | IVariable>;
  /** No variables: {@link source} is the result, always. */
  readonly isStatic: boolean;

  constructor(source: string) {
    this.source = source;
    const parts: Array<string | IVariable> = [];
    let from = 0;
    for (const found of source.matchAll(VARIABLE)) {
      if (found.index > from) parts.push(source.slice(from, found.index));
      parts.push({ source: found[0], steps: found[1]!.split('.') });
      from = found.index + found[0].length;
    }
    if (from < source.length) parts.push(source.slice(from));
    this.#parts = parts;
    this.isStatic = parts.every((part) => typeof part === 'string');
  }

  /** The text with its variables filled in; control characters in values are removed. */
  render(context: IRouteContext): string {
    if (this.isStatic) return this.source;
    let text = '';
    for (const part of this.#parts) text += typeof part === 'string' ? part : resolve(part, context);
    return text;
  }
}

function resolve(variable: IVariable, context: IRouteContext): string {
  let value: unknown = context;
  for (const [i, step] of variable.steps.entries()) {
    if (typeof value !== 'object' || value === null) return variable.source;
    // Header names are kept in lower case. Only own members count: `constructor` is no variable.
    const name = i > 0 && variable.steps[0] === 'headers' ? step.toLowerCase() : step;
    if (!Object.hasOwn(value, name)) return variable.source;
    value = (value as Record<string, unknown>)[name];
  }
  if (Array.isArray(value)) value = value.join(',');
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return variable.source;
  return String(value).replaceAll(CONTROL, '');
}
