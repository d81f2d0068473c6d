/**
 * The router: one configuration, the parts that serve it, and the numbers of all of them.
 *
 * @module
 */
import { defaultMetrics, Registry } from '@dcrouter/metrics';
import type { DnsServer } from '@dcrouter/smartdns/server';
import type { SmartProxy } from '@dcrouter/smartproxy';
import { ApiPart } from './api/part.ts';
import type { IApiSources, ILifeCycle, IRouterStats } from './api/sources.ts';
import { OwnZoneChallenges } from './certificates/own-zones.ts';
import { SharedPart } from './certificates/shared.ts';
import type { TConfig } from './config/schema/index.ts';
import type { Control } from './control/control.ts';
import { DnsPart } from './dns/part.ts';
import { EventBus } from './events/bus.ts';
import { declareRouterEvents } from './events/router-events.ts';
import type { IEventBus } from './events/types.ts';
import { HealthPart } from './health/part.ts';
import type { TLogger } from './log/logger.ts';
import { Logs } from './log/logs.ts';
import { LogPart } from './log/part.ts';
import type { IPart } from './part.ts';
import { RestartError } from './process/errors.ts';
import type { IProcessHost } from './process/host.ts';
import { Readiness } from './process/readiness.ts';
import type { IStopHow } from './process/run.ts';
import { InheritedSockets, type ISocketSource, type ISocketToPass } from './process/sockets.ts';
import type { IHealth } from './health/types.ts';
import { ProxyPart } from './proxy/part.ts';
import { RulesPart } from './rules/part.ts';
import type { IRuleEngine } from './rules/types.ts';
import { ResolvePart } from './resolve/part.ts';
import type { IResolve } from './resolve/types.ts';
import { StartError } from './start-error.ts';
import type { IStore } from './store/types.ts';
import { TelemetryPart } from './telemetry/part.ts';
import type { IHistory } from './telemetry/types.ts';

export interface IDcRouterOptions {
  readonly logger?: TLogger;
  /** The process around the router, where it is the program's only one: sockets that are there already, restarts. */
  readonly host?: IProcessHost;
  /** The log to write; one made from the configuration unless given. */
  readonly logs?: Logs;
  /** The bus to publish on; one of its own unless given. */
  readonly events?: IEventBus;
  /** What changes this router, where it was started from a file. */
  readonly control?: Control;
  /** What restarts the process that this router runs in, and drains it. */
  readonly lifeCycle?: ILifeCycle;
}

/** Where the router listens; `null` for what is not configured. */
export interface IRouterAddresses {
  readonly api: { readonly address: string; readonly port: number };
  readonly proxyPorts: readonly number[];
  readonly dns: { readonly address: string; readonly udpPort: number; readonly tcpPort: number } | null;
}

export class DcRouter {
  readonly logger: TLogger;
  readonly logs: Logs;
  readonly registry = new Registry();
  readonly events: IEventBus;
  /** Changes that are kept; null for a router that was made from a configuration alone. */
  readonly control: Control | null;
  #config: TConfig;
  readonly #resolve = new ResolvePart(this);
  readonly #rules = new RulesPart(this);
  readonly #challenges = new OwnZoneChallenges({
    names: () => Object.keys(this.#config.dns?.zones ?? {}),
    dns: () => this.dns,
    readiness: () => this.readiness,
    store: () => this.store,
  });
  readonly #proxy = new ProxyPart(this, this.#resolve, this.#rules, this.#challenges);
  readonly #dns = new DnsPart(this, (check) => this.#health.isUp(check), this.#rules);
  readonly #health: HealthPart = new HealthPart(this, {
    resolver: () => this.#resolve.resolver,
    proxy: () => this.proxy,
    onChange: () => this.#dns.refresh(),
  });
  readonly sockets: ISocketSource;
  /** What load balancers and supervisors ask. */
  readonly readiness = new Readiness();
  readonly #api: ApiPart;
  readonly #telemetry: TelemetryPart;
  /** In the order of their start; stopped in the order of {@link inOrderOfEnd}. */
  readonly #parts: readonly IPart[];
  #stopMetrics: () => void = () => {};
  readonly #host: IProcessHost | undefined;
  #endDelay: () => void = () => {};
  #delaying = false;

  constructor(config: TConfig, options: IDcRouterOptions = {}) {
    this.#config = config;
    this.logs = options.logs ?? new Logs(config.logging, { logger: options.logger });
    this.logger = this.logs.logger;
    this.events = options.events ?? new EventBus();
    declareRouterEvents(this.events);
    this.control = options.control ?? null;
    this.#api = new ApiPart(this.#sources(options), this);
    this.#telemetry = this.#makeTelemetry();
    this.#parts = [
      new LogPart(this.logs),
      this.#resolve,
      this.#rules,
      this.#proxy,
      this.#dns,
      this.#health,
      new SharedPart(this, {
        proxy: () => this.proxy,
        refreshKeys: () => this.#dns.refreshKeys(),
        followChallenges: (standing) => this.#challenges.follow(standing),
      }),
      this.#telemetry,
      this.#api,
    ];
    this.#host = options.host;
    this.sockets = options.host ?? new InheritedSockets();
  }

  /** The configuration that serves. */
  get config(): TConfig {
    return this.#config;
  }

  /** Null without one, and while it has not been reached since the start. */
  get store(): IStore | null {
    return this.control?.store ?? null;
  }

  /** Whether there is a store that outlives the process, reached or not. */
  get hasStore(): boolean {
    return this.control !== null && this.#config.store.type !== 'memory';
  }

  /** What was counted, second by second; null while it is switched off. */
  get history(): IHistory | null {
    return this.#telemetry.history;
  }

  get proxy(): SmartProxy | null {
    return this.#proxy.proxy;
  }

  get dns(): DnsServer | null {
    return this.#dns.dns;
  }

  get rules(): IRuleEngine {
    return this.#rules;
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
    const { state } = this.readiness;
    if (state !== 'ready') throw new StartError(`the router is ${state}; start it first`);
    const previous = this.#config;
    const applied: IPart[] = [];
    try {
      for (const part of this.#parts) {
        await part.apply(next, previous);
        applied.push(part);
      }
    } catch (error) {
      await this.#goBack(applied.reverse(), previous, next);
      throw error;
    }
    this.#config = next;
  }

  /** One that cannot go back is told and does not keep the others from it. */
  async #goBack(parts: readonly IPart[], previous: TConfig, next: TConfig): Promise<void> {
    for (const part of parts)
      await part.apply(previous, next).catch((error: unknown) => {
        this.logger.fatal({ part: part.name, error: String(error) }, 'a part cannot go back to what served before');
      });
  }

  /**
   * Says that it is not ready, waits for load balancers to hear it, stops accepting, lets open exchanges finish within
   * the drain time, and closes everything.
   *
   * A second call while it waits ends the wait. With a drain time of its own (a successor serves) it does not wait.
   */
  async stop(how: IStopHow = {}): Promise<void> {
    this.#endDelay();
    const { state } = this.readiness;
    if (state !== 'ready' && (state !== 'draining' || this.#delaying)) return;
    this.readiness.set('draining');
    const { drainDelayMs } = this.#config.process;
    if (how.drainMs === undefined && state === 'ready' && drainDelayMs > 0) await this.#delay(drainDelayMs);
    this.readiness.set('stopping');
    await this.#stopParts([...this.#parts], how);
    this.logger.info('stopped');
    await this.logs.close();
  }

  /** Opens the log files by their names anew, after a log rotation moved them away. */
  async reopenLogs(): Promise<void> {
    await this.logs.reopen();
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

  readonly #ownLifeCycle: ILifeCycle = {
    restart: async () => await this.restart(),
    drain: () => {
      if (this.readiness.ready) this.readiness.set('draining');
    },
    live: async () => (await this.readiness.liveness()).live,
  };

  /** What the management API sees of this router. */
  #sources({ lifeCycle }: IDcRouterOptions): IApiSources {
    return {
      registry: this.registry,
      logger: this.logger,
      events: this.events,
      tail: this.logs.tail,
      startedAtMs: Date.now(),
      ready: () => this.readiness.ready,
      stats: () => this.stats(),
      addresses: () => this.addresses(),
      config: () => this.control?.snapshot.config ?? this.#config,
      control: () => this.control,
      store: () => this.store,
      proxy: () => this.proxy,
      dns: () => this.dns,
      rules: () => this.#rules,
      health: () => this.health,
      resolve: () => this.resolve,
      history: () => this.history,
      lifeCycle: () => lifeCycle ?? (this.#host === undefined ? null : this.#ownLifeCycle),
    };
  }

  #makeTelemetry(): TelemetryPart {
    return new TelemetryPart({
      registry: this.registry,
      store: () => this.store,
      sources: {
        proxy: () => this.proxy,
        dns: () => this.dns,
        control: () => this.control,
        store: () => this.store,
        rules: () => this.#rules,
        resolve: () => this.resolve,
        health: () => this.health,
        logs: () => this.logs,
        events: () => this.events,
        api: () => this.#api,
      },
    });
  }

  async #delay(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    this.#endDelay = resolve;
    this.#delaying = true;
    await promise;
    this.#delaying = false;
    clearTimeout(timer);
  }

  async #stopParts(parts: IPart[], how: IStopHow): Promise<void> {
    // Where a successor serves, all stop accepting at once: nobody has to find the listeners in an order.
    if (how.drainMs !== undefined) await Promise.all(parts.map(async (part) => await part.stop(how)));
    else for (const part of inOrderOfEnd(parts, [this.#telemetry, this.#api])) await part.stop(how);
    this.#stopMetrics();
    this.readiness.set('stopped');
  }
}

/** The other way round than they started; those that tell how the drain goes last, but for the log. */
function inOrderOfEnd(started: readonly IPart[], telling: readonly IPart[]): IPart[] {
  const [log, ...others] = started;
  const serving = others.filter((part) => !telling.includes(part)).reverse();
  return [...serving, ...telling.filter((part) => others.includes(part)), ...(log === undefined ? [] : [log])];
}
