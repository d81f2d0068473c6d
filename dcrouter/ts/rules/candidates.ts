/**
 * The rules that may match, as bits in the order of evaluation: each rule stands under its keys, those without keys are
 * always asked. Looking up allocates nothing.
 *
 * @module
 */
import type { Facts } from './facts.ts';
import { DIMENSION, DIMENSIONS, hashForwards, hashNetwork, hashStart, hashStep, type IKey } from './keys.ts';

const BITS = 32;
const DOT = 0x2e;
const SLASH = 0x2f;

type TBuckets = Map<number, number[]>;

export class Candidates {
  /** Filled by {@link find}: bit n of word m is the rule at place 32 m + n. */
  readonly words: Uint32Array;
  readonly #always: Uint32Array;
  readonly #whole: Array<TBuckets | null> = Array.from({ length: DIMENSIONS }, () => null);
  readonly #part: Array<TBuckets | null> = Array.from({ length: DIMENSIONS }, () => null);
  /** Lengths of networks that occur, in bits. */
  readonly #lengths: number[] = [];

  /** @param keys of each rule, in the order of evaluation; null: always asked */
  constructor(keys: ReadonlyArray<readonly IKey[] | null>) {
    const size = Math.ceil(keys.length / BITS);
    this.words = new Uint32Array(size);
    this.#always = new Uint32Array(size);
    for (const [place, list] of keys.entries()) {
      if (list === null) this.#always[place >>> 5]! |= 1 << (place & 31);
      else for (const key of list) this.#put(key, place);
    }
  }

  /** Marks every rule that may match these facts. */
  find(facts: Facts): Uint32Array {
    const { words } = this;
    words.set(this.#always);
    this.#findName(DIMENSION.host, facts.httpHost);
    this.#findName(DIMENSION.sni, facts.tlsSni);
    this.#findName(DIMENSION.qname, facts.dnsQname);
    this.#findPath(facts.httpPath);
    this.#findAddress(facts);
    this.#findText(DIMENSION.method, facts.httpMethod);
    this.#findText(DIMENSION.qtype, facts.dnsQtype);
    this.#findText(DIMENSION.route, facts.routeName);
    const ports = this.#whole[DIMENSION.port]!;
    if (ports !== null) this.#mark(ports.get(facts.connPort));
    return words;
  }

  #put({ dimension, kind, hash, bits }: IKey, place: number): void {
    const maps = kind === 'whole' ? this.#whole : this.#part;
    const buckets = (maps[dimension] ??= new Map<number, number[]>());
    const bucket = buckets.get(hash);
    if (bucket === undefined) buckets.set(hash, [place]);
    else bucket.push(place);
    if (dimension === DIMENSION.address && !this.#lengths.includes(bits)) this.#lengths.push(bits);
  }

  #mark(bucket: readonly number[] | undefined): void {
    if (bucket === undefined) return;
    const { words } = this;
    for (let at = 0; at < bucket.length; at += 1) {
      const place = bucket[at]!;
      words[place >>> 5]! |= 1 << (place & 31);
    }
  }

  /** From the end of the name: what is below a domain has the hash of its end at the dot. */
  #findName(dimension: number, name: string | undefined): void {
    const whole = this.#whole[dimension]!;
    const part = this.#part[dimension]!;
    if (name === undefined || (whole === null && part === null)) return;
    let hash = hashStart;
    for (let at = name.length - 1; at >= 0; at -= 1) {
      const code = name.charCodeAt(at);
      hash = hashStep(hash, code);
      if (code === DOT && part !== null) this.#mark(part.get(hash));
    }
    if (whole !== null) this.#mark(whole.get(hash));
  }

  #findPath(path: string | undefined): void {
    const whole = this.#whole[DIMENSION.path]!;
    const part = this.#part[DIMENSION.path]!;
    if (path === undefined || (whole === null && part === null)) return;
    let hash = hashStart;
    for (let at = 0; at < path.length; at += 1) {
      const code = path.charCodeAt(at);
      if (code === SLASH && at > 0 && part !== null) this.#mark(part.get(hash));
      hash = hashStep(hash, code);
    }
    if (part !== null) this.#mark(part.get(hash));
    if (whole !== null) this.#mark(whole.get(hash));
  }

  #findAddress(facts: Facts): void {
    const part = this.#part[DIMENSION.address]!;
    if (part === null || !facts.hasAddress()) return;
    const lengths = this.#lengths;
    for (let at = 0; at < lengths.length; at += 1) this.#mark(part.get(hashNetwork(facts.words, lengths[at]!)));
  }

  #findText(dimension: number, text: string | undefined): void {
    const whole = this.#whole[dimension]!;
    if (whole !== null && text !== undefined) this.#mark(whole.get(hashForwards(text)));
  }
}
