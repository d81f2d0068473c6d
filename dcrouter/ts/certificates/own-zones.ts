/**
 * dns-01 answered from our own zones: the records of a challenge stand in the DNS server while the CA looks.
 *
 * @module
 */
import type { DnsServer, Zone } from '@dcrouter/smartdns/server';
import type { IDnsChallengeHandler } from '@dcrouter/smartproxy';
import type { Readiness } from '../process/readiness.ts';
import type { IStore } from '../store/types.ts';
import { shareChallenge, withdrawChallenge, type IChallengeRecord } from './challenges.ts';
import { sharedLimits } from './limits.ts';
import { zoneHolding } from './zone-names.ts';

export interface IOwnZones {
  /** Names of the zones as the configuration has them. */
  readonly names: () => readonly string[];
  readonly dns: () => DnsServer | null;
  readonly readiness: () => Readiness;
  readonly store: () => IStore | null;
}

export class OwnZoneChallenges implements IDnsChallengeHandler {
  readonly #zones: IOwnZones;
  /** Records of other nodes' orders. */
  #others: readonly IChallengeRecord[] = [];

  constructor(zones: IOwnZones) {
    this.#zones = zones;
  }

  covers(domain: string): boolean {
    return zoneHolding(`_acme-challenge.${domain}`, this.#zones.names()) !== undefined;
  }

  /** @throws Error that names the zone that is missing or in the way */
  async set(name: string, value: string): Promise<void> {
    await this.#started();
    this.#publish(name, value);
    const store = this.#zones.store();
    if (store?.dialect === 'postgres') await shareChallenge(store, { name, value });
  }

  /** Other values at the name stay: the CA may be looking for them. */
  async remove(name: string, value: string): Promise<void> {
    this.#unpublish(name, value);
    const store = this.#zones.store();
    if (store?.dialect === 'postgres') await withdrawChallenge(store, { name, value });
  }

  /** Publishes what other nodes' orders wait for, and takes back what they do not any more. */
  follow(standing: readonly IChallengeRecord[]): void {
    const isStanding = ({ name, value }: IChallengeRecord): boolean =>
      standing.some((other) => other.name === name && other.value === value);
    for (const { name, value } of this.#others.filter((other) => !isStanding(other))) this.#unpublish(name, value);
    // A zone that only others have is theirs to answer for.
    this.#others = standing.filter(({ name }) => this.#zoneOf(name) !== undefined);
    for (const { name, value } of this.#others) this.#publish(name, value);
  }

  #publish(name: string, value: string): void {
    const zone = this.#zoneOf(name);
    if (zone === undefined) {
      const have = this.#zones.names().join(', ') || 'none';
      throw new Error(`${name} is in none of our zones (${have}); add the zone that holds it to dns.zones`);
    }
    zone.addRecord({ name, type: 'TXT', ttl: sharedLimits.challengeTtlSeconds, data: [value] });
    if (zone.lookup(name, 'TXT').answers.some(({ type }) => type === 'TXT')) return;
    this.#unpublish(name, value);
    throw new Error(`${name} is delegated out of our zone ${zone.origin}; add the zone that it is delegated to`);
  }

  #unpublish(name: string, value: string): void {
    this.#zoneOf(name)?.removeRecord({ name, type: 'TXT', data: [value] });
  }

  #zoneOf(name: string): Zone | undefined {
    const zones = this.#zones.dns()?.zones;
    const origin = zoneHolding(name, zones?.list().map((zone) => zone.origin) ?? []);
    return origin === undefined ? undefined : zones?.get(origin);
  }

  /** Orders begin with the proxy, which starts before the DNS server. */
  async #started(): Promise<void> {
    const readiness = this.#zones.readiness();
    if (readiness.state !== 'starting') return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const late = setTimeout(resolve, sharedLimits.dnsStartMs).unref();
    const off = readiness.onChange(() => resolve());
    await promise;
    off();
    clearTimeout(late);
  }
}
