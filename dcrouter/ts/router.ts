/**
 * The router: one configuration, the parts that serve it, and the numbers of all of them.
 *
 * @module
 */
import { defaultMetrics, Registry } from '@dcrouter/metrics';
import type { DnsServer } from '@dcrouter/smartdns/server';
import type { SmartProxy } from '@dcrouter/smartproxy';
import { ApiPart } from './api/part.ts';
import type { IRouterStats } from './api/server.ts';
import type { TConfig } from './config/schema/index.ts';
import { DnsPart } from './dns/part.ts';
import { EventBus } from './events/bus.ts';
import type { IEventBus } from './events/types.ts';
import { HealthPart } from './health/part.ts';
import { createLogger, type TLogger } from './log/logger.ts';
import type { IPart } from './part.ts';
import type { IHealth } from './health/types.ts';
import { ProxyPart } from './proxy/part.ts';
import { ResolvePart } from './resolve/part.ts';
import type { IResolve } from './resolve/types.ts';

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
  readonly logger: TLogger;
  readonly registry = new Registry();
  readonly events: IEventBus = new EventBus();
  #config: TConfig;
  readonly #resolve = new ResolvePart(this);
  readonly #proxy = new ProxyPart(this, this.#resolve);
  readonly #dns = new DnsPart(this, (check) => this.#health.isUp(check));
  readonly #health: HealthPart = new HealthPart(this, {
    resolver: () => this.#resolve.resolver,
    proxy: () => this.proxy,
    onChange: () => this.#dns.refresh(),
  });
  readonly #api = new ApiPart({
    registry: this.registry,
    ready: () => this.#state === 'running',
    stats: () => this.stats(),
  });
  /** In the order of their start; stopped the other way round, so that the management listener goes first. */
  readonly #parts: readonly IPart[] = [this.#resolve, this.#proxy, this.#dns, this.#health, this.#api];
  #stopMetrics: () => void = () => {};
  #state: 'stopped' | 'starting' | 'running' | 'stopping' = 'stopped';

  constructor(config: TConfig, options: IDcRouterOptions = {}) {
    this.#config = config;
    this.logger = options.logger ?? createLogger(config.logging);
  }

  /** The configuration that serves. */
  get config(): TConfig {
    return this.#config;
  }

  get proxy(): SmartProxy | null {
    return this.#proxy.proxy;
  }

  get dns(): DnsServer | null {
    return this.#dns.dns;
  }

  /** Names of targets; null before the start. */
  get resolve(): IResolve | null {
    return this.#resolve.resolve;
  }

  get health(): IHealth {
    return this.#health;
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
    this.#stopMetrics = defaultMetrics(this.registry);
    const started: IPart[] = [];
    try {
      for (const part of this.#parts) {
        await part.start(this.#config);
        started.push(part);
      }
    } catch (error) {
      await this.#stopParts(started);
      throw error;
    }
    this.#state = 'running';
    this.logger.info(this.addresses(), 'listening');
  }

  /**
   * Goes over to another configuration. When a part refuses it, those before it go back: the router serves as before.
   *
   * @throws ConfigError, StartError
   */
  async reconcile(next: TConfig): Promise<void> {
    const previous = this.#config;
    const applied: IPart[] = [];
    try {
      for (const part of this.#parts) {
        await part.apply(next, previous);
        applied.push(part);
      }
    } catch (error) {
      for (const part of applied.reverse()) await part.apply(previous, next);
      throw error;
    }
    this.#config = next;
  }

  /** Stops accepting, lets open exchanges finish within the drain time, and closes everything. */
  async stop(): Promise<void> {
    if (this.#state !== 'running') return;
    this.#state = 'stopping';
    await this.#stopParts([...this.#parts]);
    this.logger.info('stopped');
  }

  stats(): IRouterStats {
    return { proxy: this.proxy?.stats.snapshot() ?? null, dns: this.dns?.stats.snapshot() ?? null };
  }

  addresses(): IRouterAddresses {
    const api = this.#api.address();
    const { dns } = this.#config;
    return {
      api: { address: api?.address ?? this.#config.api.address, port: api?.port ?? this.#config.api.port },
      proxyPorts: this.proxy?.getListeningPorts() ?? [],
      dns: this.dns && dns ? { address: dns.address, udpPort: dns.port, tcpPort: dns.port } : null,
    };
  }

  async #stopParts(parts: IPart[]): Promise<void> {
    for (const part of parts.reverse()) await part.stop();
    this.#stopMetrics();
    this.#state = 'stopped';
  }
}
