/**
 * The DNS server as a part of the router.
 *
 * @module
 */
import type { DnsServer } from '@dcrouter/smartdns/server';
import type { TConfig } from '../config/schema/index.ts';
import { logDnsEvents } from '../log/access.ts';
import type { IPart, IRouterContext } from '../part.ts';
import { explainStartError } from '../start-error.ts';
import { registerDnsMetrics } from '../telemetry/dns.ts';
import type { IStopHow } from '../process/run.ts';
import type { ISocketToPass } from '../process/sockets.ts';
import { createDnsServer, dnsSocketName } from './create.ts';
import { zonesOf } from './zones.ts';

export class DnsPart implements IPart {
  readonly name = 'dns';
  readonly #context: IRouterContext;
  #dns: DnsServer | null = null;
  #stopLogging: () => void = () => {};

  constructor(context: IRouterContext) {
    this.#context = context;
  }

  get dns(): DnsServer | null {
    return this.#dns;
  }

  async start(config: TConfig): Promise<void> {
    if (!config.dns) return;
    const dns = createDnsServer(config.dns, this.#context.sockets);
    this.#stopLogging = logDnsEvents(dns, this.#context.logger, config.logging.access);
    await dns.start().catch((error: unknown) => {
      this.#stopLogging();
      throw explainStartError('the DNS server cannot start', error);
    });
    this.#dns = dns;
    registerDnsMetrics(this.#context.registry, dns.stats);
  }

  async apply(next: TConfig, previous: TConfig): Promise<void> {
    if (this.#dns === null || next.dns === undefined) return;
    const before = new Map(zonesOf(previous.dns).map((zone) => [zone.origin, JSON.stringify(zone)]));
    const wanted = zonesOf(next.dns);
    for (const zone of wanted) if (before.get(zone.origin) !== JSON.stringify(zone)) this.#dns.zones.add(zone);
    const origins = new Set(wanted.map((zone) => zone.origin));
    for (const origin of before.keys()) if (!origins.has(origin)) this.#dns.zones.remove(origin);
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
    this.#dns = null;
  }
}
