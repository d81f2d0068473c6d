/**
 * The DNS server as a part of the router.
 *
 * @module
 */
import type { DnsServer } from '@dcrouter/smartdns/server';
import type { TConfig } from '../config/schema/index.ts';
import type { IPart, IRouterContext } from '../part.ts';
import type { RulesPart } from '../rules/part.ts';
import { explainStartError } from '../start-error.ts';
import { registerDnsMetrics } from '../telemetry/dns.ts';
import { createDnsServer } from './create.ts';
import { zonesOf } from './zones.ts';

export class DnsPart implements IPart {
  readonly name = 'dns';
  readonly #context: IRouterContext;
  readonly #rules: RulesPart;
  #dns: DnsServer | null = null;
  #stopLogging: () => void = () => {};

  constructor(context: IRouterContext, rules: RulesPart) {
    this.#context = context;
    this.#rules = rules;
  }

  get dns(): DnsServer | null {
    return this.#dns;
  }

  async start(config: TConfig): Promise<void> {
    if (!config.dns) return;
    const dns = createDnsServer(config.dns);
    this.#rules.attachDns(dns);
    this.#stopLogging = this.#context.logs.attachDns(dns);
    await dns.start().catch((error: unknown) => {
      this.#stopLogging();
      throw explainStartError('the DNS server cannot start', error);
    });
    this.#dns = dns;
    registerDnsMetrics(this.#context.registry, dns.stats);
  }

  async apply(next: TConfig, previous: TConfig): Promise<void> {
    const dns = this.#dns;
    if (dns === null) return await this.start(next);
    try {
      changeZones(dns, previous.dns, next.dns);
      // A second start does nothing; without the section nothing listens, and what is counted stays.
      if (next.dns === undefined) await dns.stop();
      else await dns.start();
    } catch (error) {
      changeZones(dns, next.dns, previous.dns);
      throw explainStartError('the DNS server cannot follow', error);
    }
  }

  async stop(): Promise<void> {
    await this.#dns?.stop();
    this.#stopLogging();
    this.#dns = null;
  }
}

/** Adds, replaces and removes the zones that differ; the others keep their answers. */
function changeZones(dns: DnsServer, from: TConfig['dns'], to: TConfig['dns']): void {
  const before = new Map(zonesOf(from).map((zone) => [zone.origin, JSON.stringify(zone)]));
  const wanted = zonesOf(to);
  for (const zone of wanted) if (before.get(zone.origin) !== JSON.stringify(zone)) dns.zones.add(zone);
  const origins = new Set(wanted.map((zone) => zone.origin));
  for (const origin of before.keys()) if (!origins.has(origin)) dns.zones.remove(origin);
}
