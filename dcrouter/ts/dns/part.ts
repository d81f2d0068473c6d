/**
 * The DNS server as a part of the router.
 *
 * @module
 */
import type { DnsServer, IZoneOptions } from '@dcrouter/smartdns/server';
import type { TConfig, TZoneConfig } from '../config/schema/index.ts';
import { addDnsEvents } from '../events/sources.ts';
import type { IPart, IRouterContext } from '../part.ts';
import type { RulesPart } from '../rules/part.ts';
import { explainStartError } from '../start-error.ts';
import { changeZone } from './change.ts';
import { composeZones, followsChecks, type TIsUp } from './compose.ts';
import type { IStopHow } from '../process/run.ts';
import type { ISocketToPass } from '../process/sockets.ts';
import { createDnsServer, dnsSocketName } from './create.ts';
import { StoreKeyStorage } from './key-storage.ts';
import { Pairs, show } from './secure.ts';
import { ZoneSigning } from './signing.ts';
import { zonesOf } from './zones.ts';

export class DnsPart implements IPart {
  readonly name = 'dns';
  readonly #context: IRouterContext;
  readonly #rules: RulesPart;
  readonly #isUp: TIsUp;
  readonly #pairs = new Pairs();
  #config: TConfig | null = null;
  /** What the configuration has put into each zone. */
  #served = new Map<string, IZoneOptions>();
  #dns: DnsServer | null = null;
  #signing: ZoneSigning | null = null;
  #stopLogging: () => void = () => {};
  #removeEvents: () => void = () => {};

  constructor(context: IRouterContext, isUp: TIsUp, rules: RulesPart) {
    this.#context = context;
    this.#isUp = isUp;
    this.#rules = rules;
  }

  get dns(): DnsServer | null {
    return this.#dns;
  }

  async start(config: TConfig): Promise<void> {
    if (!config.dns) return;
    const zones = this.#zones(config);
    const pairs = await this.#pairs.of(config.dns);
    const dns = await createDnsServer(config.dns, [...zones.values()], this.#context.sockets, pairs);
    this.#rules.attachDns(dns);
    const signing = this.#signingOf(dns);
    await signing.follow(config.dns.zones, {});
    this.#stopLogging = this.#context.logs.attachDns(dns);
    await dns.start().catch((error: unknown) => {
      this.#stopLogging();
      throw explainStartError('the DNS server cannot start', error);
    });
    this.#dns = dns;
    this.#signing = signing;
    this.#config = config;
    this.#served = zones;
    this.#removeEvents = addDnsEvents(this.#context.events, dns);
  }

  async apply(next: TConfig, previous: TConfig): Promise<void> {
    const dns = this.#dns;
    if (dns === null) return await this.start(next);
    const pairs = next.dns && (await this.#pairs.of(next.dns, previous.dns));
    const zones = { next: next.dns?.zones ?? {}, previous: previous.dns?.zones ?? {} };
    try {
      this.#serve(dns, this.#zones(next));
      // From here on a check that turns changes the new records.
      this.#config = next;
      await this.#signing?.follow(zones.next, zones.previous);
      // A second start does nothing; without the section nothing listens, and what is counted stays.
      if (next.dns === undefined) await dns.stop();
      else await dns.start();
      // Last, and it cannot fail: TLS has taken the pairs when they were read.
      if (pairs) show(dns, pairs);
    } catch (error) {
      this.#config = previous;
      this.#serve(dns, this.#zones(previous));
      await this.#signing?.follow(zones.previous, zones.next);
      throw explainStartError('the DNS server cannot follow', error);
    }
  }

  /** Keys in the store have changed, or the store has come back. @throws Error */
  async refreshKeys(): Promise<void> {
    await this.#signing?.refresh(this.#config?.dns?.zones ?? {});
  }

  #signingOf({ zones }: DnsServer): ZoneSigning {
    const { logger, hasStore } = this.#context;
    if (!hasStore) return new ZoneSigning(zones);
    return new ZoneSigning(zones, new StoreKeyStorage(() => this.#context.store), (zone, error) => {
      logger.error({ zone, error: error.message }, 'the zone is not signed before its keys can be read from the store');
    });
  }

  /** A check has turned: records that follow it come or go. */
  refresh(): void {
    if (this.#dns === null || this.#config === null) return;
    try {
      // Only these are made anew: a zone may be a long file.
      const following = this.#zones(this.#config, followsChecks);
      this.#serve(this.#dns, new Map([...this.#served, ...following]));
    } catch (error) {
      this.#context.logger.error({ error: (error as Error).message }, 'the records cannot follow their checks');
    }
  }

  /** The zones of a configuration as the checks let them be. */
  #zones(config: TConfig, wanted?: (zone: TZoneConfig) => boolean): Map<string, IZoneOptions> {
    return new Map(zonesOf({ zones: composeZones(config, this.#isUp, wanted) }).map((zone) => [zone.origin, zone]));
  }

  /** Changes what differs; when that cannot be, the zones are as before. */
  #serve(dns: DnsServer, wanted: Map<string, IZoneOptions>): void {
    const undo: Array<() => void> = [];
    try {
      for (const [origin, after] of wanted) {
        const before = this.#served.get(origin);
        const zone = dns.zones.get(origin);
        if (zone === undefined || before === undefined) {
          dns.zones.add(after);
          undo.push(() => dns.zones.remove(origin));
        } else {
          changeZone(zone, before, after);
          undo.push(() => changeZone(zone, after, before));
        }
      }
    } catch (error) {
      for (const revert of undo.reverse()) revert();
      throw error;
    }
    for (const origin of this.#served.keys()) if (!wanted.has(origin)) dns.zones.remove(origin);
    this.#served = wanted;
  }

  listening(): ISocketToPass[] {
    if (this.#dns === null) return [];
    const { addresses } = this.#dns;
    return Array.from(this.#dns.listenerHandles(), ([transport, handle]) => {
      const protocol = transport === 'udp' ? 'udp' : 'tcp';
      return { name: dnsSocketName(transport), protocol, ...addresses[transport]!, handle };
    });
  }

  async stop(how: IStopHow = {}): Promise<void> {
    await this.#dns?.stop({ drainTimeout: how.drainMs });
    this.#stopLogging();
    this.#removeEvents();
    this.#dns = null;
    this.#signing = null;
    this.#config = null;
    this.#served = new Map();
  }
}
