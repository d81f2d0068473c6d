/**
 * Which zones are signed, and the signing of their answers for clients that set DO (RFC 4035 §3.1).
 *
 * @module
 */
import { isNormalSubdomain, normalizeName, parentName, type IResourceRecord } from '#wire';
import { managedTypes, type IZoneSignerOptions, type ZoneSigner } from '../dnssec/index.ts';
import { signedImageMs } from '../limits/index.ts';
import type { ILookupStep, TLookupKind } from '../zone/index.ts';
import type { DnsResponse } from './response.ts';

/** What an answer says about a name, for the proof of it. */
export interface IProof {
  /** Steps of a zone's look-up; without them the fields below tell about the last name. */
  readonly steps?: readonly ILookupStep[];
  readonly kind?: TLookupKind;
  readonly name?: string;
  /** Types that handlers give for the name. */
  readonly types?: readonly string[];
}

/** How a zone is signed: everything but what the server knows itself. */
export type TSigningOptions = Omit<IZoneSignerOptions, 'origin' | 'zone'>;

const managed = new Set<string>(managedTypes);

export class Signing {
  readonly #signers = new Map<string, ZoneSigner>();
  /** Rises when zones begin or cease to be signed. */
  version = 0;

  get size(): number {
    return this.#signers.size;
  }

  set(signer: ZoneSigner): void {
    this.#signers.set(signer.origin, signer);
    this.version++;
  }

  delete(origin: string): boolean {
    this.version++;
    return this.#signers.delete(normalizeName(origin));
  }

  get(origin: string): ZoneSigner | undefined {
    return this.#signers.get(normalizeName(origin));
  }

  values(): IterableIterator<ZoneSigner> {
    return this.#signers.values();
  }

  /** Signatures made since the start, over all zones. */
  get signaturesMade(): number {
    let made = 0;
    for (const signer of this.#signers.values()) {
      made += signer.getStats().signaturesMade;
    }
    return made;
  }

  /** Records that signing keeps at the apex of `name`; undefined when that is not what was asked for. */
  apexRecords(name: string, type: string): readonly IResourceRecord[] | undefined {
    return managed.has(type) ? this.#signers.get(name)?.apexRecords(type) : undefined;
  }

  /** The signer of the closest signed zone around `name`; DS records are the parent's (RFC 4035 §3.1.4.1). */
  signerOf(name: string, type: string): ZoneSigner | undefined {
    for (let at = name; ; at = parentName(at)) {
      const signer = this.#signers.get(at);
      if (signer !== undefined && !(type === 'DS' && at === name && this.#hasParent(name))) {
        return signer;
      }
      if (at === '.') {
        return undefined;
      }
    }
  }

  #hasParent(name: string): boolean {
    return (
      name !== '.' && [...this.#signers.keys()].some((origin) => origin !== name && isNormalSubdomain(name, origin))
    );
  }

  /** The same answer with signatures and proofs; the very same where no zone of ours is behind it. */
  sign(response: DnsResponse, name: string, type: string): DnsResponse {
    const { proof } = response;
    const signer = proof === undefined ? undefined : this.signerOf(name, type);
    if (signer === undefined || proof === undefined) {
      return response;
    }
    const { answers, authorities, additionals } = response.view();
    const sections = {
      rcode: response.rcodeNumber,
      answers: [...answers],
      authorities: [...authorities],
      additionals: [...additionals],
    };
    const { signed, freshUntilMs } = signer.signResponse(sections, { qname: name, qtype: type, ...proof });
    const result = response.withSections(sections.rcode, sections.answers, sections.authorities, sections.additionals);
    result.dnssec = signed;
    // An image is void when its signatures have to be renewed, and in good time for the next step of a key's life.
    const leftMs = Math.min(freshUntilMs - Date.now(), signedImageMs);
    const expiresMs = Math.min(result.recipe?.expiresMs ?? Infinity, performance.now() + leftMs);
    result.recipe = result.recipe === undefined || leftMs <= 0 ? undefined : { ...result.recipe, expiresMs };
    return result;
  }
}
