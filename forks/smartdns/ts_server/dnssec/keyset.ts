/**
 * The keys of one zone and their replacement (RFC 7583, RFC 6781 §4.1).
 *
 * A ZSK is replaced by pre-publication: the new key is shown for one DNSKEY TTL, then signs; the old one stays shown
 * for the longest TTL of the zone. A KSK is replaced by double signature: the new one signs the keys beside the old
 * one, after one DNSKEY TTL the parent is asked for its DS (CDS, CDNSKEY), and once that was seen the old one leaves
 * after the parent's TTL. A CSK does both: it starts signing data when its DS has been seen for the parent's TTL.
 *
 * @module
 */
import type { IDsData } from '#wire';
import {
  dnskeyTtlSeconds,
  keyTagAttempts,
  parentDsTtlSeconds,
  propagationSeconds,
  zoneKeysMax,
  zoneTtlSecondsMax,
} from '../limits/dnssec.ts';
import { signingAlgorithms } from './algorithms.ts';
import type { TSigningAlgorithm } from './algorithms.ts';
import { ZoneKey, digestTypes } from './key.ts';
import type { TKeyRole } from './key.ts';
import type { IKeyStorage } from './storage.ts';

/** Which keys a zone has, and how long steps of a replacement take. Times in seconds. */
export interface IKeyPolicy {
  /** One key for all (default), or a KSK and a ZSK. */
  scheme?: 'csk' | 'ksk-zsk';
  /** Default `ECDSAP256SHA256`. Keys that are there keep theirs. */
  algorithm?: TSigningAlgorithm;
  /** TTL of the DNSKEY set; default 3600. */
  dnskeyTtlSeconds?: number;
  /** Until every server has a change; default 300. */
  propagationSeconds?: number;
  /** TTL of the DS set in the parent zone; default 86,400. */
  parentDsTtlSeconds?: number;
  /** Longest TTL in the zone; default 86,400. */
  zoneTtlSecondsMax?: number;
  /** A ZSK is replaced when it has signed for so long; default never. */
  zskLifetimeSeconds?: number;
}

/** Where a key is on its way. */
export type TKeyState = 'published' | 'ready' | 'active' | 'retired';

export interface IKeyInfo {
  readonly keyTag: number;
  readonly role: TKeyRole;
  readonly algorithm: TSigningAlgorithm;
  readonly state: TKeyState;
  /** DS data of KSKs and CSKs. */
  readonly ds: IDsData | null;
}

/** Makes no step by itself: `advance` is called, and reads a clock that may be a test's. */
export class KeySet {
  readonly zone: string;
  readonly dnskeyTtl: number;
  readonly #policy: IKeyPolicy;
  readonly #storage: IKeyStorage;
  readonly #nowMs: () => number;
  #keys: ZoneKey[];
  #nextStepMs = 0;
  #version = 1;
  #saving: Promise<void> = Promise.resolve();
  /** Roles whose successor is being made. */
  readonly #making = new Set<TKeyRole>();
  /** Told when the keys that are shown or that sign have changed: a new key must be shown from that moment on. */
  onChange: (() => void) | null = null;
  /** Told when keys could not be made or stored. */
  onFailure: ((error: unknown) => void) | null = null;

  private constructor(zone: string, keys: ZoneKey[], storage: IKeyStorage, policy: IKeyPolicy, nowMs: () => number) {
    this.zone = zone;
    this.dnskeyTtl = policy.dnskeyTtlSeconds ?? dnskeyTtlSeconds;
    this.#keys = keys;
    this.#storage = storage;
    this.#policy = policy;
    this.#nowMs = nowMs;
  }

  /**
   * Loads the keys of a zone, or makes its first ones.
   *
   * @param nowMs Unix time in milliseconds.
   */
  static async open(zone: string, storage: IKeyStorage, policy: IKeyPolicy, nowMs: () => number): Promise<KeySet> {
    const { algorithm = 'ECDSAP256SHA256', scheme = 'csk' } = policy;
    if (!signingAlgorithms.includes(algorithm)) {
      throw new RangeError(`algorithm ${String(algorithm)} is unknown: use ${signingAlgorithms.join(', ')}`);
    }
    const stored = await storage.load(zone);
    if (stored.length > zoneKeysMax)
      throw new RangeError(`zone ${zone} has ${stored.length} keys; ${zoneKeysMax} is the most`);
    const set = new KeySet(
      zone,
      stored.map((key) => new ZoneKey(key)),
      storage,
      policy,
      nowMs,
    );
    if (stored.length === 0) {
      for (const role of scheme === 'csk' ? (['csk'] as const) : (['ksk', 'zsk'] as const)) {
        const key = await set.#make(role, algorithm);
        // Nothing is in caches yet, so the first keys need not wait.
        key.readyMs = key.publishedMs;
        key.activeMs = key.publishedMs;
        set.#keys.push(key);
      }
      await storage.save(
        zone,
        set.#keys.map((key) => key.toStored()),
      );
    }
    set.advance();
    return set;
  }

  /** Rises when the keys that are shown or that sign change. */
  get version(): number {
    return this.#version;
  }

  /** Unix milliseconds of the next step that is due by time; `Infinity` when there is none. */
  get nextStepMs(): number {
    return this.#nextStepMs;
  }

  /** Keys of the DNSKEY set. */
  get shown(): readonly ZoneKey[] {
    return this.#keys;
  }

  /** Keys that sign the DNSKEY, CDS and CDNSKEY sets. */
  get keySigners(): readonly ZoneKey[] {
    return this.#keys.filter((key) => key.isEntryPoint && key.retiredMs === undefined);
  }

  /** Keys that sign everything else. */
  get dataSigners(): readonly ZoneKey[] {
    return this.#keys.filter((key) => key.role !== 'ksk' && key.activeMs !== undefined && key.retiredMs === undefined);
  }

  /** Keys whose DS the parent should have: the newest that every cache can know. */
  get entryPoints(): readonly ZoneKey[] {
    const ready = this.#keys.filter(
      (key) => key.isEntryPoint && key.readyMs !== undefined && key.retiredMs === undefined,
    );
    const newest = ready.toSorted((left, right) => right.publishedMs - left.publishedMs)[0];
    return newest === undefined ? [] : [newest];
  }

  info(): IKeyInfo[] {
    return this.#keys.map((key) => ({
      keyTag: key.keyTag,
      role: key.role,
      algorithm: key.algorithm,
      state: stateOf(key),
      ds: key.isEntryPoint ? key.ds(this.zone, digestTypes.SHA256) : null,
    }));
  }

  /**
   * Begins the replacement of the key with this role.
   *
   * @returns the new key's tag.
   * @throws Error when one is under way already.
   */
  async roll(role: TKeyRole): Promise<number> {
    const present = this.#keys.find(
      (key) => key.role === role && key.activeMs !== undefined && key.retiredMs === undefined,
    );
    if (present === undefined) throw new Error(`zone ${this.zone} has no active ${role} to replace`);
    if (this.#successor(role) !== undefined || this.#making.has(role)) {
      throw new Error(`zone ${this.zone}: the ${role} is being replaced already`);
    }
    if (this.#keys.length >= zoneKeysMax) throw new Error(`zone ${this.zone} has ${zoneKeysMax} keys already`);
    this.#making.add(role);
    try {
      const key = await this.#make(role, present.algorithm);
      this.#keys = [...this.#keys, key];
      this.#changed();
      await this.flush();
      return key.keyTag;
    } finally {
      this.#making.delete(role);
    }
  }

  /**
   * Notes that the parent has the DS of this key in place of the old one's.
   *
   * @throws Error when the key is unknown or not ready for it.
   */
  async confirmDs(keyTag: number): Promise<void> {
    const key = this.#keys.find((candidate) => candidate.keyTag === keyTag && candidate.isEntryPoint);
    if (key === undefined) throw new Error(`zone ${this.zone} has no KSK or CSK with tag ${keyTag}`);
    if (key.readyMs === undefined) {
      throw new Error(`zone ${this.zone}: key ${keyTag} is not yet known to every cache; its DS came too early`);
    }
    key.dsSeenMs ??= this.#nowMs();
    this.#changed();
    await this.flush();
  }

  /** Takes every step that is due; returns whether keys changed. Cheap when nothing is due. */
  advance(): boolean {
    const nowMs = this.#nowMs();
    if (nowMs < this.#nextStepMs) return false;
    let changed = false;
    while (this.#step(nowMs)) changed = true;
    this.#nextStepMs = this.#findNextStep();
    if (changed) {
      this.#version++;
      this.#save();
      this.onChange?.();
    }
    this.#rollByAge(nowMs);
    return changed;
  }

  /** Resolves when the present keys are stored. */
  async flush(): Promise<void> {
    await this.#saving;
  }

  #changed(): void {
    this.#nextStepMs = 0;
    this.#version++;
    this.#save();
    this.onChange?.();
    this.advance();
  }

  #save(): void {
    const stored = this.#keys.map((key) => key.toStored());
    const saving = this.#storage.save(this.zone, stored);
    this.#saving = saving;
    saving.catch((error: unknown) => this.onFailure?.(error));
  }

  /** A new key, published from the moment that it is made: making it takes time, and its delays count from then. */
  async #make(role: TKeyRole, algorithm: TSigningAlgorithm): Promise<ZoneKey> {
    for (let attempt = 0; attempt < keyTagAttempts; attempt++) {
      const key = await ZoneKey.generate(role, algorithm, this.#nowMs);
      // Two keys with one tag make every validator try both (RFC 6840 §5.12, and worse).
      if (!this.#keys.some((other) => other.keyTag === key.keyTag)) return key;
    }
    throw new Error(`zone ${this.zone}: ${keyTagAttempts} new keys in a row had the tag of another`);
  }

  #successor(role: TKeyRole): ZoneKey | undefined {
    return this.#keys.find((key) => key.role === role && key.activeMs === undefined);
  }

  #delayMs(key: 'dnskey' | 'parent' | 'zone'): number {
    const { propagationSeconds: propagation = propagationSeconds } = this.#policy;
    const ttl =
      key === 'dnskey'
        ? this.dnskeyTtl
        : key === 'parent'
          ? (this.#policy.parentDsTtlSeconds ?? parentDsTtlSeconds)
          : (this.#policy.zoneTtlSecondsMax ?? zoneTtlSecondsMax);
    return (ttl + propagation) * 1000;
  }

  /** When the next step of a key is due, `Infinity` when it waits for something else. */
  #dueMs(key: ZoneKey): number {
    if (key.retiredMs !== undefined) return key.retiredMs + this.#delayMs('zone');
    if (key.readyMs === undefined) return key.publishedMs + this.#delayMs('dnskey');
    if (key.activeMs !== undefined) return Infinity;
    return key.dsSeenMs === undefined ? Infinity : key.dsSeenMs + this.#delayMs('parent');
  }

  #findNextStep(): number {
    let next = Math.min(...this.#keys.map((key) => this.#dueMs(key)));
    const lifetime = this.#policy.zskLifetimeSeconds;
    const zsk = this.#keys.find(
      (key) => key.role === 'zsk' && key.activeMs !== undefined && key.retiredMs === undefined,
    );
    if (lifetime !== undefined && zsk !== undefined && this.#successor('zsk') === undefined) {
      next = Math.min(next, zsk.activeMs! + lifetime * 1000);
    }
    return next;
  }

  #step(nowMs: number): boolean {
    const key = this.#keys.find((candidate) => this.#dueMs(candidate) <= nowMs);
    if (key === undefined) return false;
    if (key.retiredMs !== undefined) {
      this.#keys = this.#keys.filter((other) => other !== key);
      return true;
    }
    if (key.readyMs === undefined) {
      key.readyMs = nowMs;
      // A ZSK needs nobody's consent: it takes over at once.
      if (key.role === 'zsk') this.#takeOver(key, nowMs);
      return true;
    }
    this.#takeOver(key, nowMs);
    return true;
  }

  #takeOver(key: ZoneKey, nowMs: number): void {
    key.activeMs = nowMs;
    for (const old of this.#keys) {
      if (old === key || old.role !== key.role || old.activeMs === undefined || old.retiredMs !== undefined) continue;
      old.retiredMs = nowMs;
    }
    // A KSK signed nothing that outlives the DNSKEY set, which the new one signs too.
    if (key.role === 'ksk') this.#keys = this.#keys.filter((old) => old.role !== 'ksk' || old.retiredMs === undefined);
  }

  #rollByAge(nowMs: number): void {
    const lifetime = this.#policy.zskLifetimeSeconds;
    if (lifetime === undefined || this.#successor('zsk') !== undefined || this.#making.has('zsk')) return;
    const zsk = this.#keys.find(
      (key) => key.role === 'zsk' && key.activeMs !== undefined && key.retiredMs === undefined,
    );
    if (zsk === undefined || nowMs < zsk.activeMs! + lifetime * 1000) return;
    this.roll('zsk').catch((error: unknown) => this.onFailure?.(error));
  }
}

function stateOf(key: ZoneKey): TKeyState {
  if (key.retiredMs !== undefined) return 'retired';
  if (key.activeMs !== undefined) return 'active';
  return key.readyMs === undefined ? 'published' : 'ready';
}
