/**
 * Path patterns, compiled: `*` is any run of characters, `:name` the rest of one segment. A pattern without either and
 * without a trailing slash matches the whole path; every other one matches a prefix, as upstream's do.
 *
 * Matching takes time linear in path times pattern, whatever a client sends: after a `*` the next literal part is taken
 * at its first place, which is never a worse choice, because nothing is anchored at the end.
 *
 * @module
 */

import { normalizeEscapes } from './routing-path.ts';

const SLASH = 0x2f;

/** A literal text, or the rest of a segment under a name. */
type TPathPart = { readonly literal: string } | { readonly param: string };

/** How much of a path a pattern pins down; higher is more specific. */
export const PATH_KIND_RANK = { none: 0, pattern: 1, prefix: 2, params: 3, exact: 4 } as const;

export class PathPattern {
  readonly source: string;
  readonly kind: 'exact' | 'prefix' | 'params' | 'pattern';
  /** The text before the first `*` or `:`; of `exact` the whole pattern. */
  readonly literal: string;
  readonly hasParams: boolean;
  /** Runs of parts between the stars; a leading star makes the first run empty. */
  readonly #runs: ReadonlyArray<readonly TPathPart[]>;

  constructor(source: string) {
    this.source = source;
    this.#runs = normalizeEscapes(source).split(/\*+/).map(splitRun);
    const first = this.#runs[0]?.[0];
    this.literal = first && 'literal' in first ? first.literal : '';
    this.hasParams = this.#runs.some((run) => run.some((part) => 'param' in part));
    const stars = this.#runs.length - 1;
    if (this.hasParams) this.kind = stars > 0 ? 'pattern' : 'params';
    else if (stars === 0) this.kind = source.endsWith('/') ? 'prefix' : 'exact';
    else this.kind = stars === 1 && source.endsWith('*') && this.literal !== '' ? 'prefix' : 'pattern';
  }

  /** Whether `path`, up to `end` (before any query), matches. */
  matches(path: string, end: number): boolean {
    if (this.kind === 'exact') return end === this.literal.length && path.startsWith(this.literal);
    if (this.kind === 'prefix') return end >= this.literal.length && path.startsWith(this.literal);
    return this.#run(path, end, null);
  }

  /** What the `:name` parts matched, or null when the path does not match. */
  params(path: string, end: number): Record<string, string> | null {
    if (!this.hasParams) return this.matches(path, end) ? {} : null;
    const found: Record<string, string> = Object.create(null) as Record<string, string>;
    return this.#run(path, end, found) ? found : null;
  }

  #run(path: string, end: number, found: Record<string, string> | null): boolean {
    const runs = this.#runs;
    let at = matchRun(runs[0]!, path, 0, end, found);
    for (let i = 1; i < runs.length && at >= 0; i += 1) {
      const run = runs[i]!;
      if (run.length === 0) continue;
      let next = -1;
      for (let from = at; from <= end && next < 0; from += 1) next = matchRun(run, path, from, end, found);
      at = next;
    }
    return at >= 0;
  }
}

function splitRun(text: string): TPathPart[] {
  const parts: TPathPart[] = [];
  let from = 0;
  for (let colon = text.indexOf(':'); colon >= 0; colon = text.indexOf(':', from)) {
    let end = text.indexOf('/', colon);
    if (end < 0) end = text.length;
    if (colon > from) parts.push({ literal: text.slice(from, colon) });
    parts.push({ param: text.slice(colon + 1, end) });
    from = end;
  }
  if (from < text.length) parts.push({ literal: text.slice(from) });
  return parts;
}

/** @returns where the run's match ends, or -1. */
function matchRun(
  run: readonly TPathPart[],
  path: string,
  from: number,
  end: number,
  found: Record<string, string> | null,
): number {
  let at = from;
  for (const part of run) {
    if ('literal' in part) {
      if (at + part.literal.length > end || !path.startsWith(part.literal, at)) return -1;
      at += part.literal.length;
      continue;
    }
    const start = at;
    while (at < end && path.charCodeAt(at) !== SLASH) at += 1;
    if (at === start) return -1;
    if (found) found[part.param] = path.slice(start, at);
  }
  return at;
}

/** Where the path ends and the query or fragment begins. */
export function pathEnd(target: string): number {
  for (let i = 0; i < target.length; i += 1) {
    const code = target.charCodeAt(i);
    if (code === 0x3f || code === 0x23) return i;
  }
  return target.length;
}
