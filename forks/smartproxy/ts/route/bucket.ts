/**
 * The routes that share a domain pattern, in order of rank. Few are asked one after the other; many are looked up by
 * the literal start of their path.
 *
 * @module
 */
import { routeLimits } from '../limits/route.ts';
import type { CompiledRoute } from './compiled.ts';
import type { LookupFacts } from './facts.ts';
import { HASH_START, hashStep, StringIndex } from './string-index.ts';

const SLASH = 0x2f;

/** A route under one of its domain patterns. */
export interface ICandidate {
  readonly route: CompiledRoute;
  /** Position in the order of all candidates of the table; the lowest that matches wins. */
  readonly rank: number;
}

export class Bucket {
  readonly #candidates: readonly ICandidate[];
  /** Only where there are many: by whole path, by folder at each slash, and what has no literal start. */
  readonly #exact: StringIndex<ICandidate[]> | null = null;
  readonly #folders: StringIndex<ICandidate[]> | null = null;
  readonly #rest: readonly ICandidate[] = [];

  constructor(candidates: readonly ICandidate[]) {
    this.#candidates = candidates.toSorted((a, b) => a.rank - b.rank);
    if (candidates.length <= routeLimits.linearBucketMax) return;
    const exact = new Map<string, ICandidate[]>();
    const folders = new Map<string, ICandidate[]>();
    const rest: ICandidate[] = [];
    for (const candidate of this.#candidates) {
      const path = candidate.route.path;
      if (path?.kind === 'exact') pushTo(exact, path.literal, candidate);
      else if (path && path.literal.includes('/')) {
        pushTo(folders, path.literal.slice(0, path.literal.lastIndexOf('/') + 1), candidate);
      } else rest.push(candidate);
    }
    this.#exact = new StringIndex(exact, 'forward', false);
    this.#folders = new StringIndex(folders, 'forward', false);
    this.#rest = rest;
  }

  /** The first candidate in order that matches and comes before `best`; else `best`. */
  find(facts: LookupFacts, best: ICandidate | null): ICandidate | null {
    if (!facts.isRequest || this.#exact === null) return firstMatch(this.#candidates, facts, best);
    return this.#findByPath(facts, firstMatch(this.#rest, facts, best));
  }

  #findByPath(facts: LookupFacts, before: ICandidate | null): ICandidate | null {
    const { path, pathEnd } = facts;
    let best = before;
    let hash = HASH_START;
    for (let i = 0; i < pathEnd; i += 1) {
      const code = path.charCodeAt(i);
      hash = hashStep(hash, code);
      if (code !== SLASH) continue;
      const folder = this.#folders!.get(hash, path, 0, i + 1);
      if (folder !== null) best = firstMatch(folder, facts, best);
    }
    const exact = this.#exact!.get(hash, path, 0, pathEnd);
    return exact === null ? best : firstMatch(exact, facts, best);
  }
}

function firstMatch(candidates: readonly ICandidate[], facts: LookupFacts, best: ICandidate | null): ICandidate | null {
  for (let i = 0; i < candidates.length; i += 1) {
    const candidate = candidates[i]!;
    if (best !== null && candidate.rank >= best.rank) return best;
    if (candidate.route.accepts(facts)) return candidate;
  }
  return best;
}

export function pushTo<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
