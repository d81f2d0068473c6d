/**
 * Finds the routes of a name: exact names and suffixes while hashing the name once from its end, prefixes once from its
 * start, and only mixed patterns one by one.
 *
 * @module
 */
import { Bucket, pushTo, type ICandidate } from './bucket.ts';
import { foldCase, matchesGeneral, type IDomainPattern } from './domain.ts';
import type { LookupFacts } from './facts.ts';
import { HASH_START, hashStep, StringIndex } from './string-index.ts';

const DOT = 0x2e;

/** A candidate with the pattern under which it stands; null for a route without domains. */
export interface IDomainCandidate extends ICandidate {
  readonly domain: IDomainPattern | null;
}

export class DomainIndex {
  readonly size: number;
  readonly #exact: StringIndex<Bucket> | null;
  readonly #suffix: StringIndex<Bucket> | null;
  readonly #prefix: StringIndex<Bucket> | null;
  readonly #general: ReadonlyArray<{ readonly text: string; readonly bucket: Bucket }>;
  /** Pattern `*`: any name, but some name. */
  readonly #any: Bucket | null;
  /** Routes without domains. */
  readonly #open: Bucket | null;

  constructor(candidates: readonly IDomainCandidate[]) {
    this.size = candidates.length;
    const of = (kind: IDomainPattern['kind'] | null) =>
      candidates.filter((item) => (item.domain?.kind ?? null) === kind);
    this.#exact = byText(of('exact'), 'backward');
    this.#suffix = byText(of('suffix'), 'backward');
    this.#prefix = byText(of('prefix'), 'forward');
    this.#general = [...grouped(of('general'))].map(([text, list]) => ({ text, bucket: new Bucket(list) }));
    this.#any = bucketOf(of('any'));
    this.#open = bucketOf(of(null));
  }

  find(facts: LookupFacts): ICandidate | null {
    let best = this.#open === null ? null : this.#open.find(facts, null);
    if (facts.hostEnd === 0) return best;
    if (this.#exact !== null || this.#suffix !== null) best = this.#findBackward(facts, best);
    if (this.#prefix !== null) best = this.#findForward(facts, best, this.#prefix);
    for (let i = 0; i < this.#general.length; i += 1) {
      const { text, bucket } = this.#general[i]!;
      if (matchesGeneral(text, facts.host, facts.hostEnd)) best = bucket.find(facts, best);
    }
    return this.#any === null ? best : this.#any.find(facts, best);
  }

  #findBackward(facts: LookupFacts, before: ICandidate | null): ICandidate | null {
    const { host, hostEnd } = facts;
    let best = before;
    let hash = HASH_START;
    for (let i = hostEnd - 1; i >= 0; i -= 1) {
      const code = foldCase(host.charCodeAt(i));
      // What follows this dot is a suffix, provided that something precedes it.
      if (code === DOT && i > 0 && this.#suffix !== null) {
        const bucket = this.#suffix.get(hash, host, i + 1, hostEnd);
        if (bucket !== null) best = bucket.find(facts, best);
      }
      hash = hashStep(hash, code);
    }
    const bucket = this.#exact === null ? null : this.#exact.get(hash, host, 0, hostEnd);
    return bucket === null ? best : bucket.find(facts, best);
  }

  #findForward(facts: LookupFacts, before: ICandidate | null, index: StringIndex<Bucket>): ICandidate | null {
    const { host, hostEnd } = facts;
    let best = before;
    let hash = HASH_START;
    for (let i = 0; i < hostEnd - 1; i += 1) {
      const code = foldCase(host.charCodeAt(i));
      if (code === DOT) {
        const bucket = index.get(hash, host, 0, i);
        if (bucket !== null) best = bucket.find(facts, best);
      }
      hash = hashStep(hash, code);
    }
    return best;
  }
}

function grouped(candidates: readonly IDomainCandidate[]): Map<string, IDomainCandidate[]> {
  const lists = new Map<string, IDomainCandidate[]>();
  for (const candidate of candidates) pushTo(lists, candidate.domain?.text ?? '', candidate);
  return lists;
}

function byText(
  candidates: readonly IDomainCandidate[],
  direction: 'forward' | 'backward',
): StringIndex<Bucket> | null {
  if (candidates.length === 0) return null;
  const buckets = new Map<string, Bucket>();
  for (const [text, list] of grouped(candidates)) buckets.set(text, new Bucket(list));
  return new StringIndex(buckets, direction, true);
}

function bucketOf(candidates: readonly IDomainCandidate[]): Bucket | null {
  return candidates.length === 0 ? null : new Bucket(candidates);
}
