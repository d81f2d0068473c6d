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

export interface IVariable {
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
    this.#parts = parseTemplate(source);
    this.isStatic = this.#parts.every((part) => typeof part === 'string');
  }

  /** The text with its variables filled in; control characters in values are removed. */
  render(context: IRouteContext): string {
    if (this.isStatic) return this.source;
    let text = '';
    for (const part of this.#parts) text += typeof part === 'string' ? part : resolve(part, context);
    return text;
  }
}

/** A text as its literal pieces and its variables. */
export function parseTemplate(source: string): Array<string | IVariable> {
  const parts: Array<string | IVariable> = [];
  let from = 0;
  for (const found of source.matchAll(VARIABLE)) {
    if (found.index > from) parts.push(source.slice(from, found.index));
    parts.push({ source: found[0], steps: found[1]!.split('.') });
    from = found.index + found[0].length;
  }
  if (from < source.length) parts.push(source.slice(from));
  return parts;
}

function resolve(variable: IVariable, context: IRouteContext): string {
  return lookUp(variable.steps, context)?.replaceAll(CONTROL, '') ?? variable.source;
}

/** The value that a variable names, as text; undefined when there is none. */
export function lookUp(steps: readonly string[], context: IRouteContext): string | undefined {
  let value: unknown = context;
  for (const [i, step] of steps.entries()) {
    if (typeof value !== 'object' || value === null) return undefined;
    // Header names are kept in lower case. Only own members count: `constructor` is no variable.
    const name = i > 0 && steps[0] === 'headers' ? step.toLowerCase() : step;
    if (!Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  if (Array.isArray(value)) value = value.join(',');
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return undefined;
  return String(value);
}
