/**
 * The DNS server as a part of the router.
 *
 * @module
 */
import type { DnsServer } from '@dcrouter/smartdns/server';
import type { TConfig } from '../config/schema/index.ts';
import type { IPart, IRouterContext } from '../part.ts';
import { explainStartError } from '../start-error.ts';
import { registerDnsMetrics } from '../telemetry/dns.ts';
import { createDnsServer } from './create.ts';
import { ZoneKeeper } from './keeper.ts';

export class DnsPart implements IPart {
  readonly name = 'dns';
  readonly #context: IRouterContext;
  #dns: DnsServer | null = null;
  #keeper: ZoneKeeper | null = null;
  #stopLogging: () => void = () => {};

  constructor(context: IRouterContext) {
    this.#context = context;
  }

  get dns(): DnsServer | null {
    return this.#dns;
  }

  async start(config: TConfig): Promise<void> {
    if (!config.dns) return;
    const dns = await createDnsServer(config.dns);
    const keeper = new ZoneKeeper(dns.zones);
    await keeper.follow(config.dns.zones, {}).catch((error: unknown) => {
      throw explainStartError('the zones cannot be served', error);
    });
    this.#stopLogging = this.#context.logs.attachDns(dns);
    await dns.start().catch((error: unknown) => {
      this.#stopLogging();
      throw explainStartError('the DNS server cannot start', error);
    });
    this.#dns = dns;
    this.#keeper = keeper;
    registerDnsMetrics(this.#context.registry, dns.stats);
  }

  async apply(next: TConfig, previous: TConfig): Promise<void> {
    const dns = this.#dns;
    if (dns === null) return await this.start(next);
    const zones = { next: next.dns?.zones ?? {}, previous: previous.dns?.zones ?? {} };
    try {
      await this.#keeper?.follow(zones.next, zones.previous);
      // A second start does nothing; without the section nothing listens, and what is counted stays.
      if (next.dns === undefined) await dns.stop();
      else await dns.start();
    } catch (error) {
      await this.#keeper?.follow(zones.previous, zones.next);
      throw explainStartError('the DNS server cannot follow', error);
    }
  }

  async stop(): Promise<void> {
    await this.#dns?.stop();
    this.#stopLogging();
    this.#dns = null;
    this.#keeper = null;
  }
}
