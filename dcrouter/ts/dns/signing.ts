/**
 * Keeps the zones of a running DNS server signed as the configuration says.
 *
 * @module
 */
import { isDeepStrictEqual } from 'node:util';
import { MemoryKeyStorage, type DnsZones, type IDnssecOptions, type IKeyStorage } from '@dcrouter/smartdns/server';
import type { TDnsConfig, TDnssecConfig } from '../config/schema/index.ts';
import { explainStartError } from '../start-error.ts';

type TZones = TDnsConfig['zones'];

export class ZoneSigning {
  readonly #zones: DnsZones;
  readonly #storage: IKeyStorage;

  /** @param storage of the keys of zones that name no folder; by default they end with the process */
  constructor(zones: DnsZones, storage: IKeyStorage = new MemoryKeyStorage()) {
    this.#zones = zones;
    this.#storage = storage;
  }

  /**
   * Signs, signs anew and ceases to sign the zones whose `dnssec` differs; keys and signatures of all others stay.
   *
   * @throws StartError when keys cannot be read or made; zones before it may have changed by then
   */
  async follow(next: TZones, previous: TZones): Promise<void> {
    for (const [name, { dnssec }] of Object.entries(next)) {
      if (dnssec === undefined) this.#zones.unsign(plainName(name));
      else if (!this.#isSigned(name) || !isDeepStrictEqual(dnssec, previous[name]?.dnssec)) {
        await this.#zones
          .sign(plainName(name), { storage: this.#storage, ...signingOptions(dnssec) })
          .catch((error: unknown) => {
            throw explainStartError(`zone ${plainName(name)} cannot be signed`, error);
          });
      }
    }
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
