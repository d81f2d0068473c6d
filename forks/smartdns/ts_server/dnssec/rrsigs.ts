/**
 * Makes and remembers signatures.
 *
 * @module
 */
import { hash } from 'node:crypto';
import type { IResourceRecord } from '#wire';
import {
  signatureCacheEntries,
  signatureInceptionSeconds,
  signatureJitterSeconds,
  signatureRefreshSeconds,
  signatureValiditySeconds,
} from '../limits/dnssec.ts';
import { SignatureCache } from './cache.ts';
import type { ICachedSignatures } from './cache.ts';
import { canonicalRrset, signatureHead, signedLabels } from './canonical.ts';
import type { ZoneKey } from './key.ts';
import type { KeySet } from './keyset.ts';

/** Types that the key-signing keys sign (RFC 4035 §2.2, RFC 7344 §4.1). */
const keyTypes = new Set(['DNSKEY', 'CDS', 'CDNSKEY']);

/** How long signatures live. Seconds. */
export interface ISignatureOptions {
  validitySeconds?: number;
  refreshSeconds?: number;
  inceptionSeconds?: number;
  jitterSeconds?: number;
  /** Sets whose signatures are kept; default 50,000. */
  cacheEntries?: number;
}

export class RrsigMaker {
  readonly cache: SignatureCache;
  /** Signatures made since start. */
  made = 0;
  readonly #keys: KeySet;
  readonly #validity: number;
  readonly #refresh: number;
  readonly #inception: number;
  readonly #jitter: number;
  #keysVersion = 0;

  constructor(keys: KeySet, options: ISignatureOptions) {
    this.#keys = keys;
    this.#validity = options.validitySeconds ?? signatureValiditySeconds;
    this.#refresh = options.refreshSeconds ?? signatureRefreshSeconds;
    this.#inception = options.inceptionSeconds ?? signatureInceptionSeconds;
    this.#jitter = options.jitterSeconds ?? signatureJitterSeconds;
    if (this.#refresh + this.#jitter >= this.#validity) {
      throw new RangeError('signatures would be replaced as soon as they are made: validity ≤ refresh + jitter');
    }
    this.cache = new SignatureCache(options.cacheEntries ?? signatureCacheEntries);
  }

  /**
   * Signatures of one set, owned by the set's owner.
   *
   * @param wildcard owner that is signed where the records came from a wildcard (RFC 4035 §3.1.3.3), else null.
   */
  sign(records: readonly IResourceRecord[], wildcard: string | null, nowMs: number): ICachedSignatures {
    if (this.#keysVersion !== this.#keys.version) {
      this.cache.clear();
      this.#keysVersion = this.#keys.version;
    }
    const first = records[0]!;
    const owner = wildcard ?? first.name;
    const rrset = canonicalRrset(owner, records, first.ttl);
    // The digest names the set: type, owner, TTL and data are all in it.
    const digest = hash('sha256', rrset, 'buffer');
    const key = digest.toString('latin1');
    const known = this.cache.get(key, nowMs);
    const signatures = known ?? this.#make(owner, first, rrset, digest, nowMs);
    if (known === undefined) this.cache.set(key, signatures);
    if (wildcard === null) return signatures;
    const renamed = signatures.records.map((record) => ({ ...record, name: first.name }));
    return { records: renamed, refreshMs: signatures.refreshMs };
  }

  #make(owner: string, first: IResourceRecord, rrset: Buffer, digest: Buffer, nowMs: number): ICachedSignatures {
    const now = Math.floor(nowMs / 1000);
    const early = this.#jitter === 0 ? 0 : digest.readUInt32BE(0) % this.#jitter;
    const expiration = now + this.#validity - early;
    const ofKeys = keyTypes.has(first.type) && owner === this.#keys.zone;
    const signers = ofKeys ? this.#keys.keySigners : this.#keys.dataSigners;
    const records = signers.map((key) => this.#record(key, owner, first, rrset, now - this.#inception, expiration));
    return { records, refreshMs: (expiration - this.#refresh) * 1000 };
  }

  #record(
    key: ZoneKey,
    owner: string,
    first: IResourceRecord,
    rrset: Buffer,
    inception: number,
    expiration: number,
  ): IResourceRecord {
    const head = {
      typeCovered: first.type,
      algorithm: key.algorithmNumber,
      labels: signedLabels(owner),
      originalTtl: first.ttl,
      expiration: expiration % 2 ** 32,
      inception: inception % 2 ** 32,
      keyTag: key.keyTag,
      signerName: this.#keys.zone,
    };
    this.made++;
    const signature = key.sign(Buffer.concat([signatureHead(head), rrset]));
    return { name: owner, type: 'RRSIG', class: first.class, ttl: first.ttl, data: { ...head, signature } };
  }
}
