/**
 * The proxy: listeners, the engine behind them, and the life cycle.
 *
 * @module
 */
import { EventEmitter } from 'node:events';
import type { IListener, IListenerHandle } from './accept/listener.ts';
import { openPort } from './accept/open.ts';
import { Ports } from './accept/ports.ts';
import { acmeAdvice } from './certificates/advice.ts';
import type { CertificateManager } from './certificates/certificate-manager.ts';
import { certificateRoutes } from './certificates/setup.ts';
import type { ICertStatus } from './certificates/types.ts';
import { WorkerPool } from './cluster/pool.ts';
import type { IWorkerSeat } from './cluster/seat.ts';
import { manageCertificates } from './connection/certificates.ts';
import type { Connection } from './connection/connection.ts';
import type { IEngine } from './connection/engine.ts';
import { makeEngine } from './connection/makeengine.ts';
import { inquire, listLimit, type TInquiry } from './connection/inspect.ts';
import { planOf } from './connection/plan.ts';
import { prepareRoutes } from './connection/prepare.ts';
import { policyInWorkers } from './policy/verdict.ts';
import { REASON } from './connection/reasons.ts';
import { SecurityKeeper } from './connection/security.ts';
import { Drain, upstreamsGone, type IStopOptions } from './drain.ts';
import { ProxyError } from './errors.ts';
import { HealthChecker } from './health/checker.ts';
import type { IConnectionInfo, IConnectionQuery } from './interfaces/connections.ts';
import type { ISmartProxyEvents } from './interfaces/events.ts';
import type { ISmartProxyOptions } from './interfaces/options.ts';
import type { IProxyPolicy } from './interfaces/policy.ts';
import type { IRouteConfig } from './interfaces/route.ts';
import type { IMetrics } from './interfaces/metrics.ts';
import type { IProxyStats, IWorkerStats } from './interfaces/stats.ts';
import type { IUpstreamChange, IUpstreamState } from './interfaces/upstreams.ts';
import { TICKET_ROTATION_HOURS } from './limits/cluster.ts';
import { limits } from './limits/limits.ts';
import type { RouteTable } from './route/table.ts';
import { RouteSwap } from './routeswap.ts';
import { EventGate } from './stats/eventgate.ts';
import { openTypes } from './stats/opentypes.ts';
import { Metrics } from './stats/metrics.ts';
import { RejectLog } from './stats/rejectlog.ts';
import { ProxyStats } from './stats/stats.ts';
import { TicketRotation } from './tls/ticketkeys.ts';
import { Upstreams } from './upstream/upstreams.ts';
import { assertValidOptions } from './validation/options.ts';

type TState = 'stopped' | 'starting' | 'running' | 'stopping';

/**
 * A proxy for TCP, TLS and HTTP/1.1 that counts every connection.
 *
 * @example
 * const proxy = new SmartProxy({
 *   routes: [{ match: { ports: 8080 }, action: { type: 'forward', targets: [{ host: '127.0.0.1', port: 3000 }] } }],
 * });
 * proxy.on('connection-close', ({ routeName, bytesTransferred }) => {});
 * await proxy.start();
 */
export class SmartProxy extends EventEmitter<ISmartProxyEvents> {
  readonly settings: ISmartProxyOptions;
  /** What the proxy counts. */
  readonly stats: IProxyStats;
  readonly #metrics: Metrics;
  readonly #health: HealthChecker;
  readonly #rejectLog: RejectLog | null;
  readonly #engine: IEngine;
  readonly #certificates: CertificateManager;
  readonly #security: SecurityKeeper;
  /** Ports opened by `addListeningPort`, which routes need not name. */
  readonly #extraPorts = new Set<number>();
  readonly #ports = new Ports((port) => this.#listen(port));
  readonly #seat: IWorkerSeat | null;
  /** Null when this process serves itself. */
  readonly #workers: WorkerPool | null;
  readonly #routes: RouteSwap;
  readonly #ticketRotation: TicketRotation;
  readonly #upstreams: Upstreams;
  readonly #drain: Drain;
  #state: TState = 'stopped';
  #sampledAtMs = 0;
  /** Life cycle calls run one after another. */
  #turn: Promise<unknown> = Promise.resolve();

  /**
   * @param seat given to the proxy of a worker process
   * @throws OptionsError naming the option, RouteConfigError naming route and field, when they cannot be used
   */
  constructor(options: ISmartProxyOptions, seat: IWorkerSeat | null = null) {
    super();
    this.#seat = seat;
    assertValidOptions(options);
    if (options.workers !== undefined && options.policy !== undefined) throw policyInWorkers();
    this.settings = options;
    this.#certificates = manageCertificates(options, {
      engine: () => this.#engine,
      workers: () => this.#workers,
      ports: this.#ports,
    });
    this.#security = new SecurityKeeper(options.defaults?.security, seat?.tallies ?? null);
    const connections = new Set<Connection>();
    this.#drain = new Drain(connections);
    this.#engine = makeEngine(options, {
      gate: new EventGate(this),
      certificates: this.#certificates,
      connections,
      others: seat,
      securityOf: (route) => this.#security.of(route),
      onTick: (nowMs) => this.#onTick(nowMs),
      onConnectionGone: () => this.#drain.onConnectionGone(),
    });
    const { gate, recorder, states } = this.#engine;
    this.stats = new ProxyStats(recorder, () => openTypes(connections), states);
    this.#upstreams = new Upstreams(this.#engine, (state) => this.#workers?.shareUpstream(state));
    this.#health = new HealthChecker(gate, recorder, () => this.#workers?.shareHealth());
    this.#rejectLog = options.logger === undefined ? null : new RejectLog(options.logger, recorder.rejects);
    this.#metrics = new Metrics(recorder, options.metrics?.retentionSeconds ?? limits.historySeconds);
    this.#ticketRotation = new TicketRotation(options.ticketKeyRotationHours ?? TICKET_ROTATION_HOURS, () => {
      this.#engine.tls.tickets.rotate();
      this.#workers?.shareTicketKeys();
    });
    prepareRoutes(this.#engine, this.#engine.table);
    this.#workers = options.workers === undefined ? null : new WorkerPool(options, this.#engine, this);
    this.#routes = new RouteSwap({
      settings: options,
      engine: this.#engine,
      certificates: this.#certificates,
      security: this.#security,
      workers: this.#workers,
      openPorts: async (table) => {
        if (this.#state === 'running') await this.#ports.openAll(this.#portsOf(table));
      },
    });
    seat?.take(this.#engine, this.#routes);
  }

  /** The statistics, under upstream's 19.6 name. */
  getStats(): IProxyStats {
    return this.stats;
  }

  /** Upstream's grouped metrics, over the same counters. */
  getMetrics(): IMetrics {
    return this.#metrics;
  }

  /** The worker processes; null without `workers`. */
  getWorkerStats(): IWorkerStats | null {
    return this.#workers?.stats() ?? null;
  }

  /** Open connections that fit the query, oldest first; with `workers`, those of every worker. */
  async listConnections(query: IConnectionQuery = {}): Promise<IConnectionInfo[]> {
    return (await this.#inquire({ ask: 'list', query })).slice(0, listLimit(query));
  }

  /** An open connection by its id. */
  async getConnection(id: string): Promise<IConnectionInfo | undefined> {
    return (await this.#inquire({ ask: 'get', id }))[0];
  }

  /** Ends a connection at once, counted under the reason `killed`; false when it is not open any more. */
  async closeConnection(id: string): Promise<boolean> {
    return (await this.#inquire({ ask: 'close', id })).length > 0;
  }

  /** Opens all ports, or none: when one fails, those already open are closed again. */
  async start(): Promise<void> {
    await this.#inTurn(async () => {
      if (this.#state !== 'stopped') throw new ProxyError('PROXY_ALREADY_RUNNING', 'the proxy is running already');
      this.#state = 'starting';
      const engine = this.#engine;
      engine.draining = false;
      engine.begin();
      try {
        await this.#certificates.load(certificateRoutes(engine.table.routes, this.settings));
        await this.#workers?.start();
        await this.#ports.openAll(this.#portsOf(engine.table));
      } catch (error) {
        await this.#ports.closeAll();
        await this.#workers?.stop(0, 0);
        engine.end();
        this.#state = 'stopped';
        throw error;
      }
      this.#state = 'running';
      this.#watchHealth();
      if (this.#seat === null) this.#certificates.begin();
      this.settings.logger?.info('listening', { ports: this.getListeningPorts() });
      engine.gate.emit('listening', { ports: this.getListeningPorts(), timestamp: new Date() });
    });
  }

  /** Stops accepting, lets open connections finish within the drain time, then cuts the rest. */
  async stop(options: IStopOptions = {}): Promise<void> {
    await this.#inTurn(async () => {
      if (this.#state !== 'running') return;
      this.#state = 'stopping';
      const engine = this.#engine;
      engine.draining = true;
      this.#health.stop();
      const ordersEnded = this.#certificates.stop();
      await this.#ports.closeAll();
      engine.pressure.release();
      engine.pool.closeIdle();
      const drainMs = options.drainTimeout ?? engine.settings.drainMs;
      const graceMs = Math.min(options.idleGrace ?? 0, drainMs);
      if (graceMs > 0) await this.#drain.wait(graceMs);
      for (const connection of engine.connections) connection.stage?.onStop();
      let forced = (await this.#workers?.stop(drainMs, graceMs)) ?? 0;
      await this.#drain.wait(drainMs - graceMs);
      forced += engine.connections.size;
      for (const connection of engine.connections) connection.abort(REASON.shutdown);
      await this.#drain.wait(limits.sampleMs);
      engine.pool.closeIdle();
      await upstreamsGone(engine.recorder.upstreams, limits.sampleMs);
      engine.end();
      await ordersEnded;
      this.#state = 'stopped';
      this.#rejectLog?.flush();
      this.settings.logger?.info('stopped', { forced });
      engine.gate.emit('drained', { forced, timestamp: new Date() });
    });
  }

  /**
   * Replaces the routes. Connections and requests that began keep theirs; ports that no route names any more are
   * closed, new ones opened first: when one cannot be opened, or a worker cannot use the routes, nothing changes.
   */
  async updateRoutes(routes: IRouteConfig[]): Promise<void> {
    await this.#inTurn(async () => {
      await this.#routes.update(routes);
      const { table, gate } = this.#engine;
      const wanted = new Set(this.#portsOf(table));
      await this.#ports.closeAll(this.#ports.open.filter((port) => !wanted.has(port)));
      if (this.#state === 'running') this.#watchHealth();
      this.settings.logger?.info('routes updated', { routes: table.routes.length });
      gate.emit('routes-updated', { routes: table.routes.length, timestamp: new Date() });
    });
  }

  /** Uses the routes anew: files of certificates are read again, what is open goes on. Nothing changes when one fails. */
  async reload(): Promise<void> {
    await this.updateRoutes(this.settings.routes);
  }

  /** The routes in use, as they were given. */
  getRoutes(): IRouteConfig[] {
    return [...this.settings.routes];
  }

  /**
   * Replaces the policy at once; what was decided stays decided. Null: none.
   * @throws ProxyError with `workers`: functions cannot cross processes
   */
  setPolicy(policy: IProxyPolicy | null): void {
    if (policy !== null && this.#workers !== null) throw policyInWorkers();
    this.#engine.policy = policy;
  }

  /** Ports that are open now, as the routes name them. */
  getListeningPorts(): number[] {
    return this.#ports.open;
  }

  /** Listens on a port that no route names yet. */
  async addListeningPort(port: number): Promise<void> {
    await this.#inTurn(async () => {
      if (this.#state === 'running') await this.#ports.openAll([port]);
      this.#extraPorts.add(port);
    });
  }

  /** Stops listening on a port; its open connections go on. A port that routes name opens again with the next start. */
  async removeListeningPort(port: number): Promise<void> {
    await this.#inTurn(async () => {
      this.#extraPorts.delete(port);
      await this.#ports.closeAll([port]);
    });
  }

  /** The port that the system bound for a route's port: the same, except with `ephemeralPorts`. */
  listeningPort(port: number): number | undefined {
    return this.#ports.boundPort(port);
  }

  /**
   * The sockets of the open ports, by port as the routes name it, to hand on to another process: over an IPC channel, or
   * by descriptor. They stay the proxy's. Empty with `workers` and where the runtime does not show them.
   */
  listenerHandles(): Map<number, IListenerHandle> {
    return this.#ports.handles();
  }

  /** State of the certificate of a route; undefined for routes without one of their own. */
  getCertificateStatus(routeName: string): ICertStatus | undefined {
    return this.#certificates.getCertificateStatus(routeName);
  }

  /**
   * Makes sure that a route whose certificate is `auto` has one; orders it only when there is none that is valid.
   *
   * @throws AcmeError when it cannot be had
   */
  async provisionCertificate(routeName: string): Promise<void> {
    await this.#certificates.provisionCertificate(routeName);
  }

  /**
   * Orders a new certificate for a route whose certificate is `auto`.
   *
   * @throws AcmeError when it cannot be had
   */
  async renewCertificate(routeName: string): Promise<void> {
    await this.#certificates.renewCertificate(routeName);
  }

  /**
   * Takes over what another node has put into `acme.storage` for a route, where it is later; false: it is not. Ours.
   *
   * @throws AcmeError when the storage gives no answer
   */
  async reloadCertificate(routeName: string): Promise<boolean> {
    return await this.#certificates.reloadCertificate(routeName);
  }

  /**
   * Takes a target out (`drain`, `disabled`) or in again, or gives it another weight, at once and in every route that
   * names it; it outlives `updateRoutes`. What is under way goes on. Ours.
   *
   * @param target `host:port`; `name:srv` for SRV targets, or one address or server of a name
   * @throws ProxyError `PROXY_BAD_OPTION`
   */
  setUpstreamState(target: string, change: IUpstreamChange): void {
    this.#upstreams.change(target, change);
  }

  /**
   * Tells what a check outside found out, and why a target is unhealthy: balancing passes it over while others are. Ours.
   *
   * @throws ProxyError `PROXY_BAD_OPTION` when there is no room for another target
   */
  setTargetHealth(target: string, healthy: boolean, reason?: string): void {
    this.#upstreams.changeHealth(target, healthy, reason ?? null);
  }

  /** The targets that routes name, and those that something was said about. Ours. */
  getUpstreamStates(): IUpstreamState[] {
    return this.#engine.states.list();
  }

  /** What keeps certificates of routes from being ordered, a sentence each; empty when nothing does. */
  validateAcmeConfiguration(): string[] {
    return acmeAdvice(this.settings);
  }

  /** Names that certificates are ordered for. */
  getEligibleDomainsForCertificates(): string[] {
    return this.#certificates.orderedNames();
  }

  async #inquire(inquiry: TInquiry): Promise<IConnectionInfo[]> {
    return (await this.#workers?.inquire(inquiry)) ?? inquire(this.#engine.connections, inquiry);
  }

  async #inTurn<TResult>(work: () => Promise<TResult>): Promise<TResult> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => {});
    return await result;
  }

  #watchHealth(): void {
    if (this.#seat !== null) return;
    this.#health.watch(this.#engine.table.routes.map((route) => planOf(this.#engine, route)));
    this.#workers?.shareHealth();
  }

  /** A worker opens what it is told to: the primary knows when. */
  #portsOf(table: RouteTable): number[] {
    return this.#seat === null ? [...table.ports, ...this.#extraPorts] : [...this.#extraPorts];
  }

  async #listen(port: number): Promise<IListener> {
    return (await this.#workers?.listen(port)) ?? (await openPort(this.#engine, this.settings, this.#seat, port));
  }

  #onTick(nowMs: number): void {
    this.#health.tick(nowMs);
    this.#ticketRotation.tick(nowMs);
    this.#rejectLog?.tick(nowMs);
    if (nowMs - this.#sampledAtMs < limits.sampleMs) return;
    this.#sampledAtMs = nowMs;
    this.#engine.recorder.sampleOpen();
    for (const connection of this.#engine.connections) connection.age(nowMs);
    if (this.settings.metrics?.enabled !== false) this.#metrics.sample();
    this.#engine.pressure.check(nowMs);
  }
}
