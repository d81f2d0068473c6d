/**
 * Signing of one answer: which of its sets are the zone's, and where their signatures go.
 *
 * @module
 */
import { isNormalSubdomain, normalizeName } from '#wire';
import type { IResourceRecord } from '#wire';
import type { ILookupStep } from '../zone/index.ts';
import type { RrsigMaker } from './rrsigs.ts';
import type { ISignableResponse, ISignOutcome } from './signer.ts';

export class SigningPass {
  readonly #origin: string;
  readonly #maker: RrsigMaker;
  readonly #nowMs: number;
  #freshUntilMs = Infinity;
  #signed = false;

  constructor(origin: string, maker: RrsigMaker, nowMs: number) {
    this.#origin = origin;
    this.#maker = maker;
    this.#nowMs = nowMs;
  }

  /**
   * Signs every section in place.
   *
   * @param byWildcard whether what came from a wildcard is signed as the wildcard's.
   * @param proofs unsigned denial records, added to the authority section.
   */
  finish(
    response: ISignableResponse,
    steps: readonly ILookupStep[],
    byWildcard: boolean,
    proofs: readonly IResourceRecord[],
  ): ISignOutcome {
    const wildcards = new Map<string, string>();
    if (byWildcard) for (const step of steps) if (step.wildcard !== null) wildcards.set(step.name, step.wildcard);
    response.answers = this.#section(response.answers, wildcards);
    response.authorities = this.#section([...response.authorities, ...proofs], wildcards);
    // Glue is not the zone's to sign (RFC 4035 §2.2).
    const refers = steps.some((step) => step.kind === 'referral');
    if (!refers) response.additionals = this.#section(response.additionals, wildcards);
    return { signed: this.#signed, freshUntilMs: this.#freshUntilMs };
  }

  /** The section with each set's signatures right behind it, so that truncation takes or leaves both. */
  #section(records: readonly IResourceRecord[], wildcards: ReadonlyMap<string, string>): IResourceRecord[] {
    const sets = new Map<string, IResourceRecord[]>();
    for (const record of records) {
      const key = `${record.type} ${normalizeName(record.name)}`;
      const set = sets.get(key);
      if (set === undefined) sets.set(key, [record]);
      else set.push(record);
    }
    const signed: IResourceRecord[] = [];
    for (const set of sets.values()) {
      signed.push(...set);
      const owner = normalizeName(set[0]!.name);
      if (!this.#isOurs(set[0]!, owner, sets)) continue;
      const signatures = this.#maker.sign(set, wildcards.get(owner) ?? null, this.#nowMs);
      signed.push(...signatures.records);
      this.#signed ||= signatures.records.length > 0;
      this.#freshUntilMs = Math.min(this.#freshUntilMs, signatures.refreshMs);
    }
    return signed;
  }

  #isOurs(record: IResourceRecord, owner: string, sets: ReadonlyMap<string, readonly IResourceRecord[]>): boolean {
    const { type } = record;
    if (type === 'RRSIG' || !isNormalSubdomain(owner, this.#origin)) return false;
    // Name servers of a delegation are the child's (RFC 4035 §2.2).
    if (type === 'NS') return owner === this.#origin;
    if (type !== 'CNAME') return true;
    // A CNAME made from a DNAME is proven by the DNAME's signature (RFC 6672 §5.3.1).
    for (const [key, set] of sets) {
      const dname = set[0]!.name;
      if (
        key.startsWith('DNAME ') &&
        owner !== normalizeName(dname) &&
        isNormalSubdomain(owner, normalizeName(dname))
      ) {
        return false;
      }
    }
    return true;
  }
}
