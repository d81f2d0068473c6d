/**
 * Keeps the zones of a running DNS server signed as the configuration says.
 *
 * @module
 */
import { isDeepStrictEqual } from 'node:util';
import { MemoryKeyStorage, type DnsZones, type IDnssecOptions } from '@dcrouter/smartdns/server';
import type { TDnsConfig, TDnssecConfig } from '../config/schema/index.ts';
import { explainStartError } from '../start-error.ts';
import { StoreUnavailableError } from '../store/errors.ts';
import type { StoreKeyStorage } from './key-storage.ts';

type TZones = TDnsConfig['zones'];

/** Told of a zone that stays unsigned because its keys are in a store that is away. */
export type TKeysAway = (zone: string, error: StoreUnavailableError) => void;

export class ZoneSigning {
  readonly #zones: DnsZones;
  readonly #storage: MemoryKeyStorage | StoreKeyStorage;
  readonly #keysAway: TKeysAway;

  /** @param storage of the keys of zones that name no folder; by default they end with the process */
  constructor(
    zones: DnsZones,
    storage: MemoryKeyStorage | StoreKeyStorage = new MemoryKeyStorage(),
    keysAway: TKeysAway = () => {},
  ) {
    this.#zones = zones;
    this.#storage = storage;
    this.#keysAway = keysAway;
  }

  /**
   * Signs, signs anew and ceases to sign the zones whose `dnssec` differs; keys and signatures of all others stay. A
   * zone whose keys are in a store that is away stays as it is until {@link refresh}: other keys would not fit the
   * parent's DS.
   *
   * @throws StartError when keys cannot be read or made; zones before it may have changed by then
   */
  async follow(next: TZones, previous: TZones): Promise<void> {
    for (const [name, { dnssec }] of Object.entries(next)) {
      if (dnssec === undefined) this.#zones.unsign(plainName(name));
      else if (!this.#isSigned(name) || !isDeepStrictEqual(dnssec, previous[name]?.dnssec)) {
        await this.#sign(plainName(name), dnssec).catch((error: unknown) => {
          if (!(error instanceof StoreUnavailableError)) {
            throw explainStartError(`zone ${plainName(name)} cannot be signed`, error);
          }
          this.#keysAway(plainName(name), error);
        });
      }
    }
  }

  /** Signs what the store kept waiting, and takes over keys that other nodes have changed. @throws Error */
  async refresh(zones: TZones): Promise<void> {
    const storage = this.#storage;
    if (storage instanceof MemoryKeyStorage) return;
    for (const [name, { dnssec }] of Object.entries(zones)) {
      if (dnssec === undefined || dnssec.keyFolder !== undefined) continue;
      const zone = plainName(name);
      if (!this.#isSigned(name) || (await storage.hasChanged(zone))) await this.#sign(zone, dnssec);
    }
  }

  async #sign(zone: string, dnssec: TDnssecConfig): Promise<void> {
    const storage = this.#storage;
    const sign = async (): Promise<void> => {
      await this.#zones.sign(zone, { storage, ...signingOptions(dnssec) });
    };
    if (dnssec.keyFolder !== undefined || storage instanceof MemoryKeyStorage) await sign();
    else await storage.making(zone, sign);
  }

  #isSigned(name: string): boolean {
    return this.#zones.signer(plainName(name)) !== undefined;
  }
}

function plainName(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}

/** The document's `dnssec` as smartdns takes it. */
export function signingOptions({ nsec3, ...rest }: TDnssecConfig): IDnssecOptions {
  if (nsec3 === undefined) return rest;
  const { iterations, salt } = nsec3;
  const parameters = {
    ...(iterations !== undefined && { iterations }),
    ...(salt !== undefined && { salt: Buffer.from(salt, 'hex') }),
  };
  return { ...rest, nsec3: parameters };
}
