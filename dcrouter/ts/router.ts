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
import type { TConfig, TProcessConfig } from './config/schema/index.ts';
import { DnsPart } from './dns/part.ts';
import { EventBus } from './events/bus.ts';
import type { IEventBus } from './events/types.ts';
import { createLogger, type TLogger } from './log/logger.ts';
import type { IPart } from './part.ts';
import { RestartError } from './process/errors.ts';
import type { IProcessHost } from './process/host.ts';
import { processLimits } from './process/limits.ts';
import { Readiness } from './process/readiness.ts';
import type { IServing, IStopHow } from './process/run.ts';
import { InheritedSockets, type ISocketSource, type ISocketToPass } from './process/sockets.ts';
import { ProxyPart } from './proxy/part.ts';

export interface IDcRouterOptions {
  readonly logger?: TLogger;
  /** The process around the router, where it is the program's only one: sockets that are there already, restarts. */
  readonly host?: IProcessHost;
}

/** Where the router listens; `null` for what is not configured. */
export interface IRouterAddresses {
  readonly api: { readonly address: string; readonly port: number };
  readonly proxyPorts: readonly number[];
  readonly dns: { readonly address: string; readonly udpPort: number; readonly tcpPort: number } | null;
}

export class DcRouter implements IServing {
  readonly logger: TLogger;
  readonly registry = new Registry();
  readonly events: IEventBus = new EventBus();
  readonly sockets: ISocketSource;
  /** What load balancers and supervisors ask. */
  readonly readiness = new Readiness();
  #config: TConfig;
  readonly #proxy = new ProxyPart(this);
  readonly #dns = new DnsPart(this);
  readonly #api = new ApiPart(
    {
      registry: this.registry,
      ready: () => this.readiness.ready,
      live: () => this.readiness.liveness(),
      stats: () => this.stats(),
    },
    this,
  );
  /** In the order of their start; stopped the other way round, so that the management listener goes first. */
  readonly #parts: readonly IPart[] = [this.#proxy, this.#dns, this.#api];
  #stopMetrics: () => void = () => {};
  readonly #host: IProcessHost | undefined;
  #endDelay: () => void = () => {};

  constructor(config: TConfig, options: IDcRouterOptions = {}) {
    this.#config = config;
    this.logger = options.logger ?? createLogger(config.logging);
    this.#host = options.host;
    this.sockets = options.host ?? new InheritedSockets();
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

  /**
   * Opens every configured listener, or none: when one fails, those before it are closed again.
   *
   * @throws ConfigError when a part refuses its configuration.
   * @throws StartError when a listener cannot be opened.
   */
  async start(): Promise<void> {
    const { state } = this.readiness;
    if (state !== 'stopped') throw new Error(`the router is ${state}`);
    this.readiness.set('starting');
    this.#stopMetrics = defaultMetrics(this.registry);
    const started: IPart[] = [];
    try {
      for (const part of this.#parts) {
        await part.start(this.#config);
        started.push(part);
      }
    } catch (error) {
      await this.#stopParts(started, {});
      throw error;
    }
    this.readiness.set('ready');
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

  /**
   * Says that it is not ready, waits for load balancers to hear it, stops accepting, lets open exchanges finish within
   * the drain time, and closes everything.
   *
   * A second call while it waits ends the wait. With a drain time of its own (a successor serves) it does not wait.
   */
  async stop(how: IStopHow = {}): Promise<void> {
    this.#endDelay();
    if (this.readiness.state !== 'ready') return;
    this.readiness.set('draining');
    const { drainDelayMs } = this.#config.process;
    if (how.drainMs === undefined && drainDelayMs > 0) await this.#delay(drainDelayMs);
    this.readiness.set('stopping');
    await this.#stopParts([...this.#parts], how);
    this.logger.info('stopped');
  }

  /**
   * Hands over to a new process with the same command line; resolves when that one serves.
   *
   * @throws RestartError why it does not; this one serves on
   */
  async restart(): Promise<void> {
    if (this.#host === undefined) {
      throw new RestartError(
        'DCR_RESTART_UNSUPPORTED',
        'this router is part of another program, which must restart it',
      );
    }
    await this.#host.restart();
  }

  get process(): TProcessConfig {
    return this.#config.process;
  }

  get connectionsMax(): number {
    return this.#config.proxy === undefined ? 0 : processLimits.proxyConnections;
  }

  /** Everything that listens, for a process that takes it over. */
  listening(): ISocketToPass[] {
    return this.#parts.flatMap((part) => part.listening());
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

  async #delay(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    this.#endDelay = resolve;
    await promise;
    clearTimeout(timer);
  }

  async #stopParts(parts: IPart[], how: IStopHow): Promise<void> {
    // Where a successor serves, all stop accepting at once: nobody has to find the listeners in an order.
    if (how.drainMs !== undefined) await Promise.all(parts.map(async (part) => await part.stop(how)));
    else for (const part of parts.reverse()) await part.stop(how);
    this.#stopMetrics();
    this.readiness.set('stopped');
  }
}
