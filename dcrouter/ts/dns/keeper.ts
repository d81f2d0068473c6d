/**
 * Keeps the zones of a running DNS server, and how they are signed, as the configuration says.
 *
 * @module
 */
import { isDeepStrictEqual } from 'node:util';
import {
  MemoryKeyStorage,
  type DnsZones,
  type IDnssecOptions,
  type IKeyStorage,
  type Zone,
} from '@dcrouter/smartdns/server';
import type { TDnsConfig, TDnssecConfig } from '../config/schema/index.ts';
import { zoneFrom } from './zones.ts';

type TZones = TDnsConfig['zones'];

export class ZoneKeeper {
  readonly #zones: DnsZones;
  readonly #storage: IKeyStorage;

  /** @param storage of the keys of zones that name no folder; by default they end with the process */
  constructor(zones: DnsZones, storage: IKeyStorage = new MemoryKeyStorage()) {
    this.#zones = zones;
    this.#storage = storage;
  }

  /**
   * Goes from one set of zones to another, changing those that differ: records of a zone are replaced between two
   * queries, its keys and signatures stay. When it rejects, everything is as before.
   *
   * @throws ZoneError for records that make no zone, Error when keys cannot be read or made; nothing is changed then
   */
  async follow(next: TZones, previous: TZones): Promise<void> {
    const changes = [...new Set([...Object.keys(previous), ...Object.keys(next)])]
      .filter((name) => !isDeepStrictEqual(previous[name], next[name]))
      .map((name) => ({ name, before: previous[name], after: next[name] }));
    // Every zone is built before the first is touched: what cannot be is refused as a whole.
    const built = changes.map((change) => ({
      ...change,
      zone: change.after && zoneFrom(change.name, change.after),
    }));
    const done: typeof built = [];
    try {
      for (const change of built) {
        done.push(change);
        await this.#change(change.name, change.zone, change.after?.dnssec, change.before?.dnssec);
      }
    } catch (error) {
      for (const { name, before, after } of done.reverse()) {
        await this.#change(name, before && zoneFrom(name, before), before?.dnssec, after?.dnssec);
      }
      throw error;
    }
  }

  async #change(
    name: string,
    zone: Zone | undefined,
    dnssec: TDnssecConfig | undefined,
    before: TDnssecConfig | undefined,
  ): Promise<void> {
    if (zone === undefined) {
      this.#zones.remove(plainName(name));
      return;
    }
    const present = this.#zones.get(zone.origin);
    if (dnssec === undefined) this.#zones.unsign(zone.origin);
    if (present === undefined) this.#zones.add(zone);
    else present.replace(zone.records());
    const signed = this.#zones.signer(zone.origin) !== undefined;
    if (dnssec !== undefined && (!signed || !isDeepStrictEqual(dnssec, before))) {
      await this.#zones.sign(zone.origin, { storage: this.#storage, ...signingOptions(dnssec) });
    }
  }
}

function plainName(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}

/** The document's `dnssec` as smartdns takes it. */
export function signingOptions({ nsec3, ...rest }: TDnssecConfig): IDnssecOptions {
  if (nsec3 === undefined) return rest;
  const { iterations, salt } = nsec3;
  return {
    ...rest,
    nsec3: {
      ...(iterations !== undefined && { iterations }),
      ...(salt !== undefined && { salt: Buffer.from(salt, 'hex') }),
    },
  };
}
