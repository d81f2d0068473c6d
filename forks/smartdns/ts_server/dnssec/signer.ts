/**
 * Signs the answers of one zone.
 *
 * @module
 */
import { normalizeName, parentName, rcodes } from '#wire';
import type { IDsData, IResourceRecord } from '#wire';
import { zoneTtlSecondsMax } from '../limits/dnssec.ts';
import { soaMinimumSeconds } from '../limits/index.ts';
import type { ILookupStep, TLookupKind, Zone } from '../zone/index.ts';
import { CompactProver } from './compact.ts';
import { denialTtl, needsProof } from './denial.ts';
import type { TDenial } from './denial.ts';
import { exportZone } from './export.ts';
import { digestTypes } from './key.ts';
import type { TKeyRole } from './key.ts';
import { KeySet } from './keyset.ts';
import type { IKeyInfo, IKeyPolicy } from './keyset.ts';
import { Nsec3Prover } from './nsec3.ts';
import type { INsec3Options } from './nsec3.ts';
import { NsecProver } from './nsec.ts';
import { SigningPass } from './pass.ts';
import { RrsigMaker } from './rrsigs.ts';
import type { ISignatureOptions } from './rrsigs.ts';
import { MemoryKeyStorage } from './storage.ts';
import type { IKeyStorage } from './storage.ts';

export interface IZoneSignerOptions extends IKeyPolicy {
  /** Name of the apex. */
  origin: string;
  /** Default: in memory, so that keys end with the process. */
  storage?: IKeyStorage;
  /** The zone's data. `nsec` and `nsec3` need it; `compact` serves handlers without it. */
  zone?: Zone;
  /** Default `compact`. */
  denial?: TDenial;
  nsec3?: INsec3Options;
  signatures?: ISignatureOptions;
  /** What the parent is asked for by CDS and CDNSKEY: our keys (default), nothing, or to go insecure (RFC 8078 §4). */
  parentSignal?: 'publish' | 'none' | 'delete';
  /** DS digests of CDS records and of `ds()`; default SHA-256. */
  digestTypes?: readonly number[];
  /** TTL of denial records in seconds where no zone tells it; default 300. */
  denialTtlSeconds?: number;
  /** Unix milliseconds; default the system's clock. */
  nowMs?: () => number;
  /** Told when keys could not be stored or made. */
  onFailure?: (error: unknown) => void;
}

/** An answer that is signed in place. */
export interface ISignableResponse {
  rcode: number;
  answers: IResourceRecord[];
  authorities: IResourceRecord[];
  additionals: IResourceRecord[];
}

/** What the answer says, and of whom. */
export interface ISignRequest {
  /** Asked name; letter case does not matter. */
  qname: string;
  qtype: string;
  /** Steps of `Zone.lookup`. Without them, the fields below tell what the last name of the answer turned out to be. */
  steps?: readonly ILookupStep[];
  /** What was found: `nodata`, `nxdomain`, `answer`, … */
  kind?: TLookupKind;
  /** The name that `kind` is about, when aliases led away from `qname`. */
  name?: string;
  /** Types that are at the name, for a proof that another is not; those that signing adds need not be told. */
  types?: readonly string[];
  /** The client set CO, and so wants NXDOMAIN told (RFC 9824 §5.1). */
  compactOk?: boolean;
}

export interface ISignOutcome {
  /** Whether signatures were added. */
  readonly signed: boolean;
  /** Unix milliseconds until which the signed answer may be used again. */
  readonly freshUntilMs: number;
}

export interface ISignerStats {
  readonly signaturesMade: number;
  readonly cacheHits: number;
  readonly cacheMisses: number;
  readonly cacheEvicted: number;
  readonly cacheSize: number;
}

/** Types at the apex that signing keeps. */
export const managedTypes = ['DNSKEY', 'CDS', 'CDNSKEY', 'NSEC3PARAM'] as const;

export type TManagedType = (typeof managedTypes)[number];

/**
 * Signs the answers of one zone, and keeps its keys.
 *
 * @example
 * ```ts
 * const zone = new Zone({ origin: 'example.com', nameservers: ['ns1.example.com'] });
 * const signer = await ZoneSigner.open({ origin: 'example.com', zone, storage: new FileKeyStorage('keys') });
 * const found = zone.lookup('www.example.com', 'A');
 * signer.signResponse(found, { qname: 'www.example.com', qtype: 'A', steps: found.steps });
 * ```
 */
export class ZoneSigner {
  readonly origin: string;
  readonly denial: TDenial;
  readonly keys: KeySet;
  readonly #options: IZoneSignerOptions;
  readonly #nowMs: () => number;
  readonly #maker: RrsigMaker;
  readonly #prover: CompactProver | NsecProver | Nsec3Prover;
  readonly #zone: Zone | undefined;
  #apex = new Map<TManagedType, IResourceRecord[]>();

  private constructor(options: IZoneSignerOptions, keys: KeySet) {
    this.origin = keys.zone;
    this.denial = options.denial ?? 'compact';
    this.keys = keys;
    this.#options = options;
    this.#nowMs = options.nowMs ?? Date.now;
    this.#zone = options.zone;
    this.#maker = new RrsigMaker(keys, options.signatures ?? {});
    this.#prover = this.#makeProver();
    keys.onFailure = options.onFailure ?? null;
    keys.onChange = () => this.#keepApex();
    this.#keepApex();
  }

  /** Loads the zone's keys or makes the first ones. */
  static async open(options: IZoneSignerOptions): Promise<ZoneSigner> {
    const origin = normalizeName(options.origin);
    const { zone, storage = new MemoryKeyStorage(), denial = 'compact' } = options;
    if (zone !== undefined && zone.origin !== origin) throw new RangeError(`${origin} is not the zone ${zone.origin}`);
    if (zone === undefined && denial !== 'compact') {
      throw new RangeError(`denial by ${denial} needs a zone with its names: without one, use compact`);
    }
    const policy = { ...options, zoneTtlSecondsMax: options.zoneTtlSecondsMax ?? longestTtl(zone) };
    const nowMs = options.nowMs ?? Date.now;
    return new ZoneSigner(options, await KeySet.open(origin, storage, policy, nowMs));
  }

  #makeProver(): CompactProver | NsecProver | Nsec3Prover {
    const zone = this.#zone;
    if (this.denial === 'nsec') return new NsecProver(zone!);
    if (this.denial === 'nsec3') return new Nsec3Prover(zone!, this.#options.nsec3 ?? {});
    const fallback = this.#options.denialTtlSeconds ?? soaMinimumSeconds;
    return new CompactProver(this.origin, () => (zone === undefined ? fallback : denialTtl(zone.soa)));
  }

  /** Records that signing keeps at the apex: DNSKEY, CDS, CDNSKEY, NSEC3PARAM; none for other types. */
  apexRecords(type: string): readonly IResourceRecord[] {
    this.advance();
    return this.#apex.get(type as TManagedType) ?? [];
  }

  /** DS records for the parent zone, in the form a registrar wants them. */
  ds(): IDsData[] {
    this.advance();
    const digests = this.#options.digestTypes ?? [digestTypes.SHA256];
    return this.keys.entryPoints.flatMap((key) => digests.map((digest) => key.ds(this.origin, digest)));
  }

  keyInfo(): IKeyInfo[] {
    this.advance();
    return this.keys.info();
  }

  /** Begins the replacement of a key; see {@link KeySet}. Resolves with the new key's tag when it is stored. */
  async roll(role: TKeyRole): Promise<number> {
    return this.keys.roll(role);
  }

  /** Notes that the parent has this key's DS; the old key then leaves in time. */
  async confirmDs(keyTag: number): Promise<void> {
    await this.keys.confirmDs(keyTag);
  }

  /** Takes the steps of key replacement that are due. Called by every method; call it to have changes without queries. */
  advance(): void {
    this.keys.advance();
  }

  /** Takes what signing keeps at the apex out of the zone, when the zone is no longer signed. The keys stay stored. */
  detach(): void {
    this.keys.onChange = null;
    this.#zone?.setManaged(new Map(managedTypes.map((type) => [type, []])));
  }

  getStats(): ISignerStats {
    const { cache, made } = this.#maker;
    return {
      signaturesMade: made,
      cacheHits: cache.hits,
      cacheMisses: cache.misses,
      cacheEvicted: cache.evicted,
      cacheSize: cache.size,
    };
  }

  /** Signatures of one set. */
  signRrset(records: readonly IResourceRecord[], wildcard: string | null = null): readonly IResourceRecord[] {
    return this.#maker.sign(records, wildcard, this.#nowMs()).records;
  }

  /**
   * Adds signatures and proofs to an answer of this zone. Records of other zones, glue and delegations stay as they
   * are. Call it only for clients that set DO (RFC 4035 §3.2.1).
   */
  signResponse(response: ISignableResponse, request: ISignRequest): ISignOutcome {
    this.advance();
    const pass = new SigningPass(this.origin, this.#maker, this.#nowMs());
    const steps = request.steps ?? [this.#stepOf(request)];
    if (this.#answerAboutSigning(response, request, steps)) return pass.finish(response, steps, false, []);
    const proofs = this.#prove(steps);
    const compact = this.#prover instanceof CompactProver;
    if (compact && response.rcode === rcodes.NXDOMAIN && request.compactOk !== true) {
      // RFC 9824 §3.1: the NSEC record says that the name is there, so the code says so too.
      response.rcode = rcodes.NOERROR;
    }
    return pass.finish(response, steps, !compact, proofs);
  }

  #stepOf(request: ISignRequest): ILookupStep {
    const name = normalizeName(request.name ?? request.qname);
    const types = [...(request.types ?? [])];
    if (name === this.origin) types.push('SOA', 'NS', ...this.#apex.keys());
    // The type asked for is the one thing that a proof of its absence must not name.
    const present = types.filter((type) => type !== request.qtype);
    const kind = request.kind ?? 'answer';
    const delegation = kind === 'referral' ? name : null;
    return { name, kind, wildcard: null, closestEncloser: parentName(name), types: present, delegation };
  }

  /** Denial records, or the DS records of a delegation that has them (RFC 4035 §3.1.4). */
  #prove(steps: readonly ILookupStep[]): IResourceRecord[] {
    const byOwner = new Map<string, IResourceRecord>();
    const secure: IResourceRecord[] = [];
    for (const step of steps) {
      if (step.kind === 'referral') secure.push(...(this.#zone?.rrset(step.delegation!, 'DS')?.records ?? []));
      if (!needsProof(step)) continue;
      for (const record of this.#prover.prove(step)) byOwner.set(record.name, record);
    }
    return [...secure, ...byOwner.values()];
  }

  /** Questions for NSEC and RRSIG themselves, which are in no zone's data. */
  #answerAboutSigning(response: ISignableResponse, request: ISignRequest, steps: readonly ILookupStep[]): boolean {
    const last = steps.at(-1)!;
    if (last.kind !== 'nodata' || last.wildcard !== null) return false;
    if (request.qtype === 'NSEC' && this.denial === 'nsec') {
      const record = (this.#prover as NsecProver).recordAt(last.name);
      if (record === undefined) return false;
      response.answers.push(record);
    } else if (request.qtype === 'RRSIG' && this.#zone !== undefined) {
      // RFC 8482 §7: one of them is enough.
      const set = last.types.length === 0 ? undefined : this.#zone.rrset(last.name, last.types[0]!);
      if (set === undefined) return false;
      response.answers.push(...this.signRrset(set.records));
    } else return false;
    response.authorities.length = 0;
    return true;
  }

  #keepApex(): void {
    const { origin, keys } = this;
    const ttl = keys.dnskeyTtl;
    const record = (type: TManagedType, data: IResourceRecord['data']): IResourceRecord => {
      return { name: origin, type, class: 'IN', ttl, data };
    };
    const apex = new Map<TManagedType, IResourceRecord[]>();
    apex.set(
      'DNSKEY',
      keys.shown.map((key) => record('DNSKEY', key.dnskey())),
    );
    const signal = this.#options.parentSignal ?? 'publish';
    if (signal === 'publish') {
      const digests = this.#options.digestTypes ?? [digestTypes.SHA256];
      const points = keys.entryPoints;
      apex.set(
        'CDS',
        points.flatMap((key) => digests.map((digest) => record('CDS', key.ds(origin, digest)))),
      );
      apex.set(
        'CDNSKEY',
        points.map((key) => record('CDNSKEY', key.dnskey())),
      );
    } else if (signal === 'delete') {
      // RFC 8078 §4.
      const nothing = Buffer.of(0);
      apex.set('CDS', [record('CDS', { keyTag: 0, algorithm: 0, digestType: 0, digest: nothing })]);
      apex.set('CDNSKEY', [record('CDNSKEY', { flags: 0, protocol: 3, algorithm: 0, publicKey: nothing })]);
    }
    if (this.#prover instanceof Nsec3Prover) apex.set('NSEC3PARAM', [this.#prover.parameters()]);
    this.#apex = apex;
    this.#zone?.setManaged(new Map(managedTypes.map((type) => [type, apex.get(type) ?? []])));
  }

  /** The whole zone with signatures and its NSEC or NSEC3 chain, for export. `compact` gets a NSEC chain. */
  signedZone(): IResourceRecord[] {
    const zone = this.#zone;
    if (zone === undefined)
      throw new Error(`${this.origin} has no zone to export: its names are known to handlers only`);
    this.advance();
    const prover = this.#prover instanceof CompactProver ? new NsecProver(zone) : this.#prover;
    return exportZone(zone, prover.records(), (records) => this.signRrset(records));
  }
}

function longestTtl(zone: Zone | undefined): number {
  let longest = zoneTtlSecondsMax;
  for (const node of zone?.tree.nodes.values() ?? []) {
    for (const set of node.sets.values()) longest = Math.max(longest, set.ttl);
  }
  return longest;
}
