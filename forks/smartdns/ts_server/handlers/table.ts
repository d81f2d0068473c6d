/**
 * The registered handlers, and which of them a name and type reach.
 *
 * Names without magic are found in a map; patterns are indexed by their literal tail and head, so that the cost of a
 * look-up does not grow with the number of patterns.
 *
 * @module
 */
import type { IDnsHandlerOptions, TDnsHandler } from '../interfaces/query.ts';
import { handlersMax } from '../limits/index.ts';
import type { ZoneCounters } from '../stats/zonecounters.ts';
import type { HandlerCache } from './cache.ts';
import { compilePattern, type IGlob } from './glob.ts';

/** One `registerHandler` call. */
export interface IHandlerEntry {
  readonly sequence: number;
  readonly pattern: string;
  readonly recordTypes: readonly string[];
  readonly handler: TDnsHandler;
  readonly options: IDnsHandlerOptions;
  readonly counters: ZoneCounters;
  readonly cache: HandlerCache | undefined;
  /** Origin that the pattern implies: its literal labels behind the last wildcard; undefined when there are none. */
  readonly derivedOrigin: string | undefined;
}

interface IIndexedGlob {
  readonly glob: IGlob;
  readonly entry: IHandlerEntry;
}

/** Globs that share a literal tail, by the length of their literal head. */
class SuffixBucket {
  readonly byHeadLength = new Map<number, Map<string, IIndexedGlob[]>>();

  add(item: IIndexedGlob): void {
    const head = item.glob.prefix;
    let heads = this.byHeadLength.get(head.length);
    if (heads === undefined) {
      heads = new Map();
      this.byHeadLength.set(head.length, heads);
    }
    const list = heads.get(head);
    if (list === undefined) {
      heads.set(head, [item]);
    } else {
      list.push(item);
    }
  }

  collect(name: string, found: IHandlerEntry[]): void {
    for (const [length, heads] of this.byHeadLength) {
      if (length > name.length) {
        continue;
      }
      for (const item of heads.get(name.slice(0, length)) ?? []) {
        if (item.glob.matches(name)) {
          found.push(item.entry);
        }
      }
    }
  }
}

export class HandlerTable {
  /** Rises with every change. */
  version = 1;
  #entries: IHandlerEntry[] = [];
  #sequence = 0;
  #indexed = true;
  #exact = new Map<string, IHandlerEntry[]>();
  #suffixes = new Map<string, SuffixBucket>();
  /** Names above exact patterns: they exist although nothing is registered for them (RFC 4592 §2.2.2). */
  #ancestors = new Set<string>();
  #origins = new Set<string>();

  get size(): number {
    return this.#entries.length;
  }

  get entries(): readonly IHandlerEntry[] {
    return this.#entries;
  }

  /**
   * Appends a handler.
   *
   * @throws RangeError past the limit of handlers, or for a pattern over its limits
   */
  add(
    pattern: string,
    recordTypes: readonly string[],
    handler: TDnsHandler,
    options: IDnsHandlerOptions,
    counters: ZoneCounters,
    cache?: HandlerCache,
  ): IHandlerEntry {
    if (this.#entries.length >= handlersMax) {
      throw new RangeError(`${handlersMax} handlers are registered; unregister some first`);
    }
    const entry: IHandlerEntry = {
      sequence: this.#sequence++,
      pattern,
      recordTypes: recordTypes.map((type) => type.toUpperCase()),
      handler,
      options,
      counters,
      cache,
      derivedOrigin: derivedOrigin(pattern),
    };
    const globs = compilePattern(pattern);
    this.#entries.push(entry);
    if (this.#indexed) {
      this.#index(entry, globs);
    }
    this.version++;
    return entry;
  }

  /** Upstream's rule: every handler of this pattern whose types include all the given ones goes. */
  remove(pattern: string, recordTypes: readonly string[]): boolean {
    const types = recordTypes.map((type) => type.toUpperCase());
    const kept = this.#entries.filter(
      (entry) => entry.pattern !== pattern || !types.every((type) => entry.recordTypes.includes(type)),
    );
    if (kept.length === this.#entries.length) {
      return false;
    }
    this.#entries = kept;
    // Rebuilt at the next look-up: removing many handlers one by one stays linear.
    this.#indexed = false;
    this.version++;
    return true;
  }

  /** Removes what one `add` returned. */
  removeEntry(entry: IHandlerEntry): boolean {
    const at = this.#entries.indexOf(entry);
    if (at < 0) {
      return false;
    }
    this.#entries = this.#entries.toSpliced(at, 1);
    this.#indexed = false;
    this.version++;
    return true;
  }

  /** Handlers whose pattern matches `name`, of any type, in the order of registration. */
  matching(name: string): IHandlerEntry[] {
    this.#reindex();
    const found: IHandlerEntry[] = [];
    const exact = this.#exact.get(name);
    if (exact !== undefined) {
      found.push(...exact);
    }
    if (this.#suffixes.size > 0) {
      this.#collectGlobs(name, found);
    }
    if (found.length < 2) {
      return found;
    }
    return found
      .sort((left, right) => left.sequence - right.sequence)
      .filter((entry, index) => entry !== found[index - 1]);
  }

  /** Whether names are registered below `name`, so that it exists as an empty non-terminal (RFC 8020 §2). */
  hasDescendants(name: string): boolean {
    this.#reindex();
    return this.#ancestors.has(name);
  }

  /** The origin implied by patterns that covers `name`: the one with the fewest labels. */
  impliedOrigin(name: string): string | undefined {
    this.#reindex();
    let found: string | undefined;
    for (let at = 0; at >= 0; at = nextLabel(name, at)) {
      const candidate = name.slice(at);
      if (this.#origins.has(candidate)) {
        found = candidate;
      }
    }
    return found;
  }

  #collectGlobs(name: string, found: IHandlerEntry[]): void {
    this.#suffixes.get('')?.collect(name, found);
    for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
      this.#suffixes.get(name.slice(dot))?.collect(name, found);
    }
  }

  #reindex(): void {
    if (this.#indexed) {
      return;
    }
    this.#exact = new Map();
    this.#suffixes = new Map();
    this.#ancestors = new Set();
    this.#origins = new Set();
    for (const entry of this.#entries) {
      this.#index(entry, compilePattern(entry.pattern));
    }
    this.#indexed = true;
  }

  #index(entry: IHandlerEntry, globs: IGlob[]): void {
    for (const glob of globs) {
      if (glob.exact !== undefined) {
        push(this.#exact, glob.exact, entry);
        this.#addAncestors(glob.exact);
        continue;
      }
      // Only a tail of whole labels can be probed label by label.
      const dot = glob.suffix.indexOf('.');
      const tail = dot < 0 ? '' : glob.suffix.slice(dot);
      let bucket = this.#suffixes.get(tail);
      if (bucket === undefined) {
        bucket = new SuffixBucket();
        this.#suffixes.set(tail, bucket);
      }
      bucket.add({ glob, entry });
      if (tail !== '') {
        this.#addAncestors(`*${tail}`);
      }
    }
    if (entry.derivedOrigin !== undefined) {
      this.#origins.add(entry.derivedOrigin);
    }
  }

  #addAncestors(name: string): void {
    for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
      this.#ancestors.add(name.slice(dot + 1));
    }
  }
}

/** Start of the label after the one at `at`; -1 behind the last. */
export function nextLabel(name: string, at: number): number {
  const dot = name.indexOf('.', at);
  return dot < 0 ? -1 : dot + 1;
}

function push(map: Map<string, IHandlerEntry[]>, key: string, entry: IHandlerEntry): void {
  const list = map.get(key);
  if (list === undefined) {
    map.set(key, [entry]);
  } else {
    list.push(entry);
  }
}

/** Literal labels of a pattern behind its last label with magic, in lower case. */
function derivedOrigin(pattern: string): string | undefined {
  if (pattern.startsWith('!') || pattern.startsWith('#')) {
    return undefined;
  }
  const labels = pattern.toLowerCase().split('.');
  const magicAt = labels.findLastIndex((label) => /[^a-z0-9_-]/.test(label));
  const literal = labels.slice(magicAt + 1).join('.');
  return literal === '' ? undefined : literal;
}
