/**
 * `DnsServer`: upstream's class, whole and in this process.
 *
 * @module
 */
import { EventEmitter } from 'node:events';
import { HandlerTable } from '../handlers/table.ts';
import type { IDnsServerEvents } from '../interfaces/events.ts';
import type { IDnsListenAddresses, IDnsServerOptions } from '../interfaces/options.ts';
import type { IDnsHandlerOptions, TDnsHandler, TDnsMiddleware } from '../interfaces/query.ts';
import type { IDnsStats } from '../interfaces/stats.ts';
import { handlerTimeoutMs } from '../limits/index.ts';
import { MiddlewareChain } from '../middleware/chain.ts';
import { Authority, normalName } from '../pipeline/authority.ts';
import { EventGate } from '../pipeline/emitter.ts';
import { Engine } from '../pipeline/engine.ts';
import { Resolver } from '../pipeline/resolver.ts';
import { DnsStats } from '../stats/dnsstats.ts';
import { Listeners } from './listeners.ts';
import { watchListeners } from './watchlisteners.ts';

/**
 * A DNS server that answers from handlers.
 *
 * @example
 * const server = new DnsServer({ udpPort: 5353, dnssecZone: 'example.test' });
 * server.registerHandler('*.example.test', ['A'], (question) => ({
 *   name: question.name, type: 'A', class: 'IN', ttl: 60, data: '192.0.2.1',
 * }));
 * await server.start();
 */
export class DnsServer extends EventEmitter<IDnsServerEvents> {
  readonly #options: IDnsServerOptions;
  readonly #table = new HandlerTable();
  readonly #chain = new MiddlewareChain();
  readonly #stats = new DnsStats();
  readonly #events: EventGate;
  readonly #authority: Authority;
  readonly #engine: Engine;
  readonly #listeners: Listeners;

  constructor(options: IDnsServerOptions) {
    super();
    this.#options = { ...options };
    this.#events = new EventGate(this);
    watchListeners(this, () => this.#events.refresh());
    this.#authority = new Authority(this.#table, {
      origins: [options.dnssecZone ?? '', ...(options.authoritativeZones ?? [])].filter((origin) => origin !== ''),
      primaryNameserver: options.primaryNameserver,
      soa: options.soa ?? {},
    });
    const resolver = new Resolver({
      table: this.#table,
      authority: this.#authority,
      stats: this.#stats,
      events: this.#events,
      identity: { serverId: options.serverId, version: options.version },
      localhost: options.enableLocalhostHandling ?? true,
    });
    this.#engine = new Engine({
      stats: this.#stats,
      events: this.#events,
      chain: this.#chain,
      resolver,
      handlerTimeoutMs: options.handlerTimeoutMs ?? handlerTimeoutMs,
    });
    this.#listeners = new Listeners(this.#engine, this.#options);
  }

  /** Everything counted since the server was made. */
  get stats(): IDnsStats {
    return this.#stats;
  }

  getStats(): IDnsStats {
    return this.#stats;
  }

  /** Addresses and ports in use; the way to learn a port asked for as 0. Empty before `start()`. */
  get addresses(): IDnsListenAddresses {
    return this.#listeners.addresses;
  }

  /**
   * Adds a handler for names that match a glob, and for the given types.
   *
   * All matching handlers contribute, in order of registration. `*` crosses dots; letter case does not matter.
   *
   * @throws RangeError past the limits of handlers or patterns
   */
  registerHandler(
    domainPattern: string,
    recordTypes: string[],
    handler: TDnsHandler,
    options: IDnsHandlerOptions = {},
  ): void {
    this.#table.add(domainPattern, recordTypes, handler, options, this.#stats.zones.resolve(domainPattern));
  }

  /** Removes every handler of this pattern whose types include all the given ones; false when there is none. */
  unregisterHandler(domainPattern: string, recordTypes: string[]): boolean {
    return this.#table.remove(domainPattern, recordTypes);
  }

  /** Adds a middleware around the answering of every readable query; the first one added is the outermost. */
  use(middleware: TDnsMiddleware): this {
    this.#chain.use(middleware);
    return this;
  }

  /**
   * Opens the configured sockets; a second call does nothing.
   *
   * @throws Error with the system's code, `EADDRINUSE` for one, when a port cannot be had; nothing stays open then
   */
  async start(): Promise<void> {
    await this.#listeners.start();
  }

  /** Closes everything; queries that still wait are answered SERVFAIL. The server can be started again. */
  async stop(): Promise<void> {
    this.#engine.close();
    await this.#listeners.stop();
  }

  /** Names, wildcards among them, that handlers match or that lie in `dnssecZone`. */
  filterAuthorizedDomains(domainNames: string[]): string[] {
    return domainNames.filter((domainName) => {
      const name = normalName(domainName.replace(/^\*\./, ''));
      return this.#table.matching(name).length > 0 || this.#authority.isCovered(name);
    });
  }

  /** Kept for callers of upstream's early versions; sockets open in `start()`. */
  initializeServers(): void {}

  /** Kept for callers of upstream's early versions; sockets open in `start()`. */
  initializeUdpServer(): void {}

  /** Kept for callers of upstream's early versions; sockets open in `start()`. */
  initializeHttpsServer(): void {}
}
