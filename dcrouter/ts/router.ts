/**
 * The router: one configuration, both forks, the management listener, and the numbers of all of them.
 *
 * @module
 */
import { defaultMetrics, Registry } from '@dcrouter/metrics';
import type { DnsServer } from '@dcrouter/smartdns/server';
import type { SmartProxy } from '@dcrouter/smartproxy';
import { ApiServer, type IRouterStats } from './api/server.ts';
import type { TConfig } from './config/schema.ts';
import { createDnsServer } from './dns/create.ts';
import { logDnsEvents, logProxyEvents } from './log/access.ts';
import { createLogger, type TLogger } from './log/logger.ts';
import { createProxy } from './proxy/create.ts';
import { explainStartError } from './start-error.ts';
import { registerDnsMetrics } from './telemetry/dns.ts';
import { registerProxyMetrics } from './telemetry/proxy.ts';

export interface IDcRouterOptions {
  readonly logger?: TLogger;
}

/** Where the router listens; `null` for what is not configured. */
export interface IRouterAddresses {
  readonly api: { readonly address: string; readonly port: number };
  readonly proxyPorts: readonly number[];
  readonly dns: { readonly address: string; readonly udpPort: number; readonly tcpPort: number } | null;
}

export class DcRouter {
  readonly config: TConfig;
  readonly logger: TLogger;
  readonly registry = new Registry();
  #proxy: SmartProxy | null = null;
  #dns: DnsServer | null = null;
  #api: ApiServer | null = null;
  #undo: Array<() => Promise<void> | void> = [];
  #state: 'stopped' | 'starting' | 'running' | 'stopping' = 'stopped';

  constructor(config: TConfig, options: IDcRouterOptions = {}) {
    this.config = config;
    this.logger = options.logger ?? createLogger(config.logging);
  }

  get proxy(): SmartProxy | null {
    return this.#proxy;
  }

  get dns(): DnsServer | null {
    return this.#dns;
  }

  /**
   * Opens every configured listener, or none: when one fails, those before it are closed again.
   *
   * @throws ConfigError when a part refuses its configuration.
   * @throws StartError when a listener cannot be opened.
   */
  async start(): Promise<void> {
    if (this.#state !== 'stopped') throw new Error(`the router is ${this.#state}`);
    this.#state = 'starting';
    try {
      this.#undo.push(defaultMetrics(this.registry));
      await this.#startProxy();
      await this.#startDns();
      await this.#startApi();
    } catch (error) {
      await this.#unwind();
      this.#state = 'stopped';
      throw error;
    }
    this.#state = 'running';
    this.logger.info(this.addresses(), 'listening');
  }

  /** Stops accepting, lets open exchanges finish within the drain time, and closes everything. */
  async stop(): Promise<void> {
    if (this.#state !== 'running') return;
    this.#state = 'stopping';
    await this.#unwind();
    this.#state = 'stopped';
    this.logger.info('stopped');
  }

  stats(): IRouterStats {
    return { proxy: this.#proxy?.stats.snapshot() ?? null, dns: this.#dns?.stats.snapshot() ?? null };
  }

  addresses(): IRouterAddresses {
    const api = this.#api?.address();
    return {
      api: { address: api?.address ?? this.config.api.address, port: api?.port ?? this.config.api.port },
      proxyPorts: this.#proxy?.getListeningPorts() ?? [],
      dns:
        this.#dns && this.config.dns
          ? { address: this.config.dns.address, udpPort: this.config.dns.port, tcpPort: this.config.dns.port }
          : null,
    };
  }

  async #startProxy(): Promise<void> {
    const settings = this.config.proxy;
    if (!settings) return;
    const proxy = await createProxy(settings);
    this.#undo.push(logProxyEvents(proxy, this.logger, this.config.logging.access));
    await proxy.start().catch((error: unknown) => {
      throw explainStartError('the proxy cannot start', error);
    });
    this.#undo.push(() => proxy.stop({ drainTimeout: settings.drainTimeoutMs }));
    this.#proxy = proxy;
    registerProxyMetrics(this.registry, proxy.stats);
  }

  async #startDns(): Promise<void> {
    const settings = this.config.dns;
    if (!settings) return;
    const dns = createDnsServer(settings);
    this.#undo.push(logDnsEvents(dns, this.logger, this.config.logging.access));
    await dns.start().catch((error: unknown) => {
      throw explainStartError('the DNS server cannot start', error);
    });
    this.#undo.push(() => dns.stop());
    this.#dns = dns;
    registerDnsMetrics(this.registry, dns.stats);
  }

  async #startApi(): Promise<void> {
    const api = new ApiServer(
      { registry: this.registry, ready: () => this.#state === 'running', stats: () => this.stats() },
      this.config.api,
    );
    await api.start().catch((error: unknown) => {
      throw explainStartError('the management listener cannot start', error);
    });
    this.#undo.push(() => api.stop());
    this.#api = api;
  }

  /** Undoes what start did, newest first, the management listener first. */
  async #unwind(): Promise<void> {
    for (const undo of this.#undo.splice(0).reverse()) await undo();
  }
}
