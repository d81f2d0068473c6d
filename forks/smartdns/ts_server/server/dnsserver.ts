/**
 * `DnsServer`: upstream's class, whole and in this process.
 *
 * @module
 */
import type { RemoteInfo } from 'node:dgram';
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import type { ClientStats } from '#client';
import { HandlerCache } from '../handlers/cache.ts';
import { ChallengeRecords } from '../acme/challengerecords.ts';
import { SslCertificates, type ILetsEncryptOptions, type IRetrievedCertificate } from '../acme/sslcertificate.ts';
import { HandlerTable } from '../handlers/table.ts';
import type { IDnsServerEvents } from '../interfaces/events.ts';
import type { IDnsListenAddresses, IDnsServerOptions } from '../interfaces/options.ts';
import type { IDnsPolicy } from '../interfaces/policy.ts';
import type { IDnsHandlerOptions, TDnsHandler, TDnsMiddleware } from '../interfaces/query.ts';
import type { IDnsStats, TDnsSource } from '../interfaces/stats.ts';
import { handlerTimeoutMs } from '../limits/index.ts';
import { MiddlewareChain } from '../middleware/chain.ts';
import { Authority, normalName } from '../pipeline/authority.ts';
import { EventGate } from '../pipeline/emitter.ts';
import { Engine } from '../pipeline/engine.ts';
import { Forwarding } from '../pipeline/forwarding.ts';
import { Guard } from '../pipeline/guard.ts';
import { Signing } from '../pipeline/signing.ts';
import { Resolver } from '../pipeline/resolver.ts';
import { ZoneTable } from '../zone/index.ts';
import { DnsStats, sources, type IDnsStatsData } from '../stats/dnsstats.ts';
import { answerManually, type IManualOrigin } from '../transports/manual.ts';
import type { IListenerHandle } from '../transports/types.ts';
import { DnsZones } from './zones.ts';
import { Listeners } from './listeners.ts';
import { watchListeners } from './watchlisteners.ts';

/** Options of {@link DnsServer.stop}. */
export interface IDnsStopOptions {
  /** Milliseconds that queries under way and streams may take; default 0: they are cut short. */
  readonly drainTimeout?: number;
}

/** Where a message that came through a call is from, for limits, statistics and events. */
export interface IRawPacketOrigin {
  /** Default `udp`: the answer then keeps to what a datagram of this client may have. */
  source?: TDnsSource;
  /** Default the unspecified address. */
  clientIp?: string;
  clientPort?: number;
}

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
  /** Zones with their records, and their signing. */
  readonly zones: DnsZones;
  readonly #options: IDnsServerOptions;
  readonly #signing = new Signing();
  readonly #table = new HandlerTable();
  readonly #chain = new MiddlewareChain();
  readonly #stats = new DnsStats();
  readonly #events: EventGate;
  readonly #authority: Authority;
  readonly #forwarding: Forwarding | undefined;
  readonly #resolver: Resolver;
  readonly #engine: Engine;
  readonly #listeners: Listeners;
  readonly #certificates: SslCertificates;

  constructor(options: IDnsServerOptions) {
    super();
    this.#options = { ...options };
    this.#events = new EventGate(this);
    watchListeners(this, () => this.#events.refresh());
    this.#authority = new Authority(this.#table, {
      origins: [options.dnssecZone ?? '', ...(options.authoritativeZones ?? [])].filter((origin) => origin !== ''),
      mainOrigin:
        options.dnssecZone === undefined || options.dnssecZone === '' ? undefined : normalName(options.dnssecZone),
      primaryNameserver: options.primaryNameserver,
      soa: options.soa ?? {},
      serialStart: options.serialStart,
    });
    this.#stats.readSignatures = () => this.#signing.signaturesMade;
    const zoneTable = new ZoneTable();
    this.zones = new DnsZones(zoneTable, this.#signing);
    for (const zone of options.zones ?? []) {
      this.zones.add(zone);
    }
    this.#forwarding = options.forward === undefined ? undefined : new Forwarding(options.forward);
    this.#resolver = new Resolver({
      table: this.#table,
      authority: this.#authority,
      zones: zoneTable,
      signing: this.#signing,
      stats: this.#stats,
      events: this.#events,
      identity: { serverId: options.serverId, version: options.version },
      localhost: options.enableLocalhostHandling ?? true,
      forwarding: this.#forwarding,
    });
    this.#engine = new Engine({
      signing: this.#signing,
      stats: this.#stats,
      events: this.#events,
      chain: this.#chain,
      resolver: this.#resolver,
      guard: new Guard({
        rateLimit: options.rateLimit,
        queryLimit: options.queryLimit,
        sharedLimits: options.sharedLimits,
        cookies: options.cookies ?? {},
      }),
      serverId: options.serverId,
      handlerTimeoutMs: options.handlerTimeoutMs ?? handlerTimeoutMs,
    });
    this.#listeners = new Listeners(this.#engine, this.#options);
    this.#certificates = new SslCertificates({
      records: new ChallengeRecords((name, handler) => {
        const entry = this.#table.add(name, ['TXT'], handler, {}, this.#stats.zones.resolve(name));
        return () => void this.#table.removeEntry(entry);
      }),
      authorized: (names) => this.filterAuthorizedDomains(names),
      install: ({ cert, key }) => this.#listeners.setCertificate(cert, key),
    });
  }

  /** Everything counted since the server was made. */
  get stats(): IDnsStats {
    return this.#stats;
  }

  getStats(): IDnsStats {
    return this.#stats;
  }

  /** Everything counted, in a form that another thread or process can add up. */
  getStatsData(): IDnsStatsData {
    return this.#stats.toData();
  }

  /** Counters of the servers that `forward` asks; undefined without it. */
  get forwardStats(): ClientStats | undefined {
    return this.#forwarding?.stats;
  }

  /** Addresses and ports in use; the way to learn a port asked for as 0. Empty before `start()`. */
  get addresses(): IDnsListenAddresses {
    return this.#listeners.addresses;
  }

  /** Why `udpBatch` has no effect here; undefined while it has, or was not asked for. */
  get batchUnavailable(): string | undefined {
    return this.#listeners.batchUnavailable;
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
    const cache = options.cache === undefined ? undefined : new HandlerCache(options.cache, this.#resolver);
    const counters = this.#stats.zones.resolve(domainPattern);
    this.#table.add(domainPattern, recordTypes, handler, options, counters, cache);
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

  /** Asks a policy about every query from now on, before prebuilt answers too; null for none. */
  setPolicy(policy: IDnsPolicy | null): this {
    this.#engine.policy = policy;
    return this;
  }

  /**
   * Opens the configured sockets; a second call does nothing.
   *
   * @throws Error with the system's code, `EADDRINUSE` for one, when a port cannot be had; nothing stays open then
   */
  async start(): Promise<void> {
    this.#forwarding?.open();
    await this.#signDnssecZone();
    await this.#listeners.start();
  }

  /** Upstream's zone is signed; the keys are opened once. */
  async #signDnssecZone(): Promise<void> {
    const { dnssec = {}, dnssecZone = '' } = this.#options;
    if (dnssec !== false && dnssecZone !== '' && this.zones.signer(dnssecZone) === undefined) {
      await this.zones.sign(dnssecZone, dnssec);
    }
  }

  /**
   * The sockets in use, to hand on to another process: over an IPC channel, or by descriptor. They stay the server's.
   * Empty where the runtime does not show them.
   */
  listenerHandles(): Map<TDnsSource, IListenerHandle> {
    return this.#listeners.handles();
  }

  /**
   * Closes everything; queries that still wait are answered SERVFAIL. The server can be started again.
   *
   * With a drain time nothing new is read first, and what was asked is answered: datagrams that wait in the system's
   * queue are left to a process that shares the socket, streams end after their next answer or when they are idle.
   */
  async stop(options: IDnsStopOptions = {}): Promise<void> {
    const { drainTimeout = 0 } = options;
    if (drainTimeout > 0) {
      await this.#drain(drainTimeout);
    }
    this.#engine.close();
    await this.#listeners.stop();
    this.#forwarding?.destroy();
  }

  async #drain(timeoutMs: number): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, timeoutMs);
    // Nothing is read from here on, so that what waits can only become less.
    const drained = Promise.all([this.#listeners.drain(), this.#engine.idle()]);
    await Promise.race([drained, late]);
    clearTimeout(timer);
  }

  /** Names, wildcards among them, that handlers match or that lie in `dnssecZone`. */
  filterAuthorizedDomains(domainNames: string[]): string[] {
    return domainNames.filter((domainName) => {
      const name = normalName(domainName.replace(/^\*\./, ''));
      return this.#table.matching(name).length > 0 || this.#authority.isCovered(name) || this.zones.covers(name);
    });
  }

  /**
   * Answers one message at once.
   *
   * @throws Error when it gets no answer (an answer itself, shorter than a header, dropped) or has to wait for an
   * asynchronous handler; then use {@link processRawDnsPacketAsync}
   */
  processRawDnsPacket(packet: Buffer, origin: IRawPacketOrigin = {}): Buffer {
    let answer: Buffer | undefined;
    let waiting = true;
    const ready = answerManually(
      this.#engine,
      packet,
      toOrigin(origin),
      (response) => {
        answer = response;
      },
      () => waiting,
    );
    waiting = false;
    if (!ready) {
      throw new Error('the answer has to wait for a handler; use processRawDnsPacketAsync');
    }
    return expectAnswer(answer);
  }

  /** Answers one message; rejects when it gets no answer. Works before `start()` too. */
  async processRawDnsPacketAsync(packet: Buffer, origin: IRawPacketOrigin = {}): Promise<Buffer> {
    const { promise, resolve } = Promise.withResolvers<Buffer | undefined>();
    answerManually(this.#engine, packet, toOrigin(origin), resolve);
    return expectAnswer(await promise);
  }

  /**
   * Answers a datagram received elsewhere: through `responseCallback` or, without one, over our own UDP socket. Nothing
   * is called for messages that get no answer.
   */
  handleUdpMessage(
    msg: Buffer,
    rinfo: RemoteInfo,
    responseCallback?: (response: Buffer, rinfo: RemoteInfo) => void,
  ): void {
    const origin = toOrigin({ source: 'udp', clientIp: rinfo.address, clientPort: rinfo.port });
    answerManually(this.#engine, msg, origin, (response) => {
      if (response === undefined) {
        return;
      }
      if (responseCallback !== undefined) {
        responseCallback(response, rinfo);
      } else {
        this.#listeners.sendUdp(response, rinfo.port, rinfo.address);
      }
    });
  }

  /**
   * Takes over an accepted TCP connection as DNS over HTTPS; TLS has not begun on it.
   *
   * @throws TypeError without `httpsKey` and `httpsCert`
   */
  handleHttpsSocket(socket: Socket): void {
    this.#listeners.handleHttps(socket);
  }

  /** Replaces certificate and key (PEM) of DoH and DoT, or `only` of one, at once; connections that exist keep theirs. */
  setCertificate(cert: string, key: string, only?: 'https' | 'tls'): void {
    this.#listeners.setCertificate(cert, key, only);
  }

  /**
   * Gets a certificate from a CA by dns-01, whose questions this server answers itself; wildcards are possible.
   *
   * DoH and DoT use it for connections from then on. A stored certificate that is not due is used again: calling this
   * every day renews in time. Never rejects; `error` says why there is no certificate.
   */
  retrieveSslCertificate(domainNames: string[], options: ILetsEncryptOptions = {}): Promise<IRetrievedCertificate> {
    return this.#certificates.retrieve(domainNames, options);
  }

  /** Kept for callers of upstream's early versions; sockets open in `start()`. */
  initializeServers(): void {}

  /** Kept for callers of upstream's early versions; sockets open in `start()`. */
  initializeUdpServer(): void {}

  /** Kept for callers of upstream's early versions; sockets open in `start()`. */
  initializeHttpsServer(): void {}
}

const unknownAddress = '0.0.0.0';

function toOrigin(origin: IRawPacketOrigin): IManualOrigin {
  const { source = 'udp', clientIp = unknownAddress, clientPort = 0 } = origin;
  return { source: sources.indexOf(source), clientIp, clientPort };
}

function expectAnswer(answer: Buffer | undefined): Buffer {
  if (answer === undefined) {
    throw new Error('the message gets no answer: it is no query, or it was dropped');
  }
  return answer;
}
