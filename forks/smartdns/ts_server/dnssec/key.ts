/**
 * One key of a zone.
 *
 * @module
 */
import { createHash, createPrivateKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { encodeRecordData, nameToCanonicalWire } from '#wire';
import type { IDnskeyData, IDsData } from '#wire';
import { algorithmNumber, generatePrivateKey, publicKeyBytes, signBytes } from './algorithms.ts';
import type { TSigningAlgorithm } from './algorithms.ts';

/** `ksk` signs the keys, `zsk` the data, `csk` both. */
export type TKeyRole = 'ksk' | 'zsk' | 'csk';

/** Zone key, and secure entry point (RFC 4034 §2.1.1). */
const flagZone = 256;
const flagSep = 1;

/** A key at rest. Times are Unix milliseconds; a time that is missing has not come. */
export interface IStoredKey {
  readonly role: TKeyRole;
  readonly algorithm: TSigningAlgorithm;
  /** PKCS #8 in PEM. */
  readonly privateKey: string;
  /** In the DNSKEY set since. */
  readonly publishedMs: number;
  /** Known to every cache since: the parent may be asked to take it (KSK, CSK). */
  readonly readyMs?: number;
  /** The parent's DS was seen (KSK, CSK). */
  readonly dsSeenMs?: number;
  /** In charge since: a ZSK or CSK signs the zone's data from here on. */
  readonly activeMs?: number;
  /** Replaced since, and still in the DNSKEY set for signatures in caches. */
  readonly retiredMs?: number;
}

/** DS digests (RFC 4509, RFC 6605 §2). */
export const digestTypes = { SHA256: 2, SHA384: 4 } as const;

const digestNames: Readonly<Record<number, string>> = { 2: 'sha256', 4: 'sha384' };

/** Key tag of DNSKEY data (RFC 4034 appendix B). */
export function keyTagOf(rdata: Uint8Array): number {
  let sum = 0;
  for (let index = 0; index < rdata.length; index++) sum += index % 2 === 0 ? rdata[index]! << 8 : rdata[index]!;
  return (sum + (sum >>> 16)) & 0xffff;
}

export class ZoneKey {
  readonly role: TKeyRole;
  readonly algorithm: TSigningAlgorithm;
  readonly algorithmNumber: number;
  readonly flags: number;
  readonly publicKey: Buffer;
  readonly keyTag: number;
  publishedMs: number;
  readyMs: number | undefined;
  dsSeenMs: number | undefined;
  activeMs: number | undefined;
  retiredMs: number | undefined;
  readonly #privateKey: KeyObject;
  readonly #rdata: Buffer;

  constructor(stored: IStoredKey) {
    this.role = stored.role;
    this.algorithm = stored.algorithm;
    this.algorithmNumber = algorithmNumber(stored.algorithm);
    this.flags = stored.role === 'zsk' ? flagZone : flagZone | flagSep;
    this.#privateKey = createPrivateKey(stored.privateKey);
    this.publicKey = publicKeyBytes(stored.algorithm, this.#privateKey);
    this.#rdata = encodeRecordData('DNSKEY', this.dnskey());
    this.keyTag = keyTagOf(this.#rdata);
    this.publishedMs = stored.publishedMs;
    this.readyMs = stored.readyMs;
    this.dsSeenMs = stored.dsSeenMs;
    this.activeMs = stored.activeMs;
    this.retiredMs = stored.retiredMs;
  }

  static async generate(role: TKeyRole, algorithm: TSigningAlgorithm, nowMs: () => number): Promise<ZoneKey> {
    const privateKey = await generatePrivateKey(algorithm);
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
    return new ZoneKey({ role, algorithm, privateKey: pem, publishedMs: nowMs() });
  }

  /** Whether the parent refers to it. */
  get isEntryPoint(): boolean {
    return this.role !== 'zsk';
  }

  dnskey(): IDnskeyData {
    return { flags: this.flags, protocol: 3, algorithm: this.algorithmNumber, publicKey: this.publicKey };
  }

  /** The DS data for the parent (RFC 4034 §5.1.4). */
  ds(zone: string, digestType: number = digestTypes.SHA256): IDsData {
    const hash = digestNames[digestType];
    if (hash === undefined)
      throw new RangeError(`digest type ${digestType} is unknown: use 2 (SHA-256) or 4 (SHA-384)`);
    const digest = createHash(hash).update(nameToCanonicalWire(zone)).update(this.#rdata).digest();
    return { keyTag: this.keyTag, algorithm: this.algorithmNumber, digestType, digest };
  }

  sign(data: Uint8Array): Buffer {
    return signBytes(this.algorithm, this.#privateKey, data);
  }

  toStored(): IStoredKey {
    const { role, algorithm, publishedMs, readyMs, dsSeenMs, activeMs, retiredMs } = this;
    const privateKey = this.#privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
    return { role, algorithm, privateKey, publishedMs, readyMs, dsSeenMs, activeMs, retiredMs };
  }
}
