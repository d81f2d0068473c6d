/**
 * The worker processes of one proxy: they share its ports, its routes, certificates and ticket keys; the primary
 * process has the API, the orders at authorities, and the sum of all numbers.
 *
 * @module
 */
import cluster from 'node:cluster';
import type { EventEmitter } from 'node:events';
import { availableParallelism } from 'node:os';
import { Listener, type IListener } from '../accept/listener.ts';
import type { CertificateManager } from '../certificates/certificate-manager.ts';
import type { IEngine } from '../connection/engine.ts';
import { idOrder, type TInquiry } from '../connection/inspect.ts';
import { ProxyError } from '../errors.ts';
import type { IConnectionInfo } from '../interfaces/connections.ts';
import type { ISmartProxyOptions } from '../interfaces/options.ts';
import type { IRouteConfig } from '../interfaces/route.ts';
import type { IWorkerStats } from '../interfaces/stats.ts';
import type { IUpstreamState } from '../interfaces/upstreams.ts';
import { clusterLimits } from '../limits/cluster.ts';
import { watchListeners } from '../stats/eventgate.ts';
import { Member } from './member.ts';
import { WORKER_EVENTS, type IRouteCertificate, type TOrder, type TWorkerEvent } from './messages.ts';
import { unhealthyTargets } from './health.ts';
import { assertPortable, portableOptions, portableRoutes } from './portable.ts';
import { ShareDesk } from './shares.ts';
import { SlotDesk } from './slotdesk.ts';

export class WorkerPool {
  readonly #options: ISmartProxyOptions;
  readonly #engine: IEngine;
  readonly #emitter: EventEmitter;
  readonly #count: number;
  readonly #members = new Set<Member>();
  readonly #shares = new ShareDesk(this.#members);
  readonly #slots = new SlotDesk((member, answers) => member.tell({ proxy: 'slot-answers', answers }));
  /** Bound ports by the ports of the routes. */
  readonly #ports = new Map<number, number>();
  readonly #restarts = new Set<NodeJS.Timeout>();
  #startedCount = 0;
  #deaths = 0;
  #replaced = 0;
  #failuresInRow = 0;
  #running = false;
  #heard: readonly TWorkerEvent[] = [];
  #hearingLater = false;

  /**
   * @throws OptionsError naming route and field that cannot cross processes
   * @throws ProxyError when this process is a worker itself
   */
  constructor(options: ISmartProxyOptions, engine: IEngine, emitter: object) {
    if (cluster.isWorker) {
      throw new ProxyError('PROXY_WORKER_FAILED', 'workers: this process is a cluster worker; workers have no workers');
    }
    assertPortable(options.routes);
    this.#options = options;
    this.#engine = engine;
    this.#emitter = emitter as EventEmitter;
    this.#count = options.workers === 'auto' ? availableParallelism() : Number(options.workers);
    watchListeners(this.#emitter, () => this.#hearLater());
    const { challenges } = engine.certificates;
    challenges.onChange = (change) => this.#tellAll({ proxy: 'challenge', change });
  }

  stats(): IWorkerStats {
    return {
      configured: this.#count,
      running: this.#members.size,
      died: this.#deaths,
      replaced: this.#replaced,
      pids: Array.from(this.#members, ({ pid }) => pid ?? 0),
    };
  }

  /** Starts every worker, or none. @throws ProxyError why one could not be started */
  async start(): Promise<void> {
    this.#running = true;
    this.#heard = this.#heardNow();
    try {
      await Promise.all(
        Array.from({ length: this.#count }, async () => {
          const member = this.#add();
          const done = await member.ask(this.#startOrder());
          if (done === null) throw new ProxyError('PROXY_WORKER_FAILED', 'a worker ended while it was started');
          this.#slots.join(member);
        }),
      );
    } catch (error) {
      await this.stop(0, 0);
      throw error;
    }
  }

  /**
   * Lets every worker finish its connections; resolves with how many were cut.
   * @param idleGraceMs how long idle ones may send one more request
   */
  async stop(drainMs: number, idleGraceMs: number): Promise<number> {
    this.#running = false;
    for (const restart of this.#restarts) clearTimeout(restart);
    this.#restarts.clear();
    const timeoutMs = Math.min(drainMs + clusterLimits.stopGraceMs, clusterLimits.timerMsMax);
    const ends = Array.from(this.#members, async (member) => {
      const late = setTimeout(() => member.kill(), timeoutMs);
      const done = await member.ask({ proxy: 'stop', drainMs, idleGraceMs }, timeoutMs).catch(() => null);
      await member.gone;
      clearTimeout(late);
      return done?.forced ?? 0;
    });
    const forced = await Promise.all(ends);
    this.#ports.clear();
    return forced.reduce((sum, count) => sum + count, 0);
  }

  /** Opens a port in every worker, or in none. @throws ProxyError `PROXY_LISTEN_FAILED` */
  async listen(port: number): Promise<IListener> {
    const ephemeral = this.#options.ephemeralPorts === true;
    for (let left = clusterLimits.ephemeralTries; ; left -= 1) {
      const bindPort = await claim(ephemeral ? 0 : port, this.#options.listenAddress);
      this.#ports.set(port, bindPort);
      try {
        await this.#askAll({ proxy: 'open', port, bindPort });
        return { port, boundPort: bindPort, handle: null, close: async () => await this.#close(port) };
      } catch (error) {
        await this.#close(port);
        if (!ephemeral || left <= 1) throw error;
      }
    }
  }

  /** Has every worker compile routes beside those in use. @throws ProxyError what the first says that cannot */
  async prepareRoutes(routes: readonly IRouteConfig[]): Promise<void> {
    await this.#askAll({ proxy: 'prepare', routes: portableRoutes(routes) });
  }

  async discardRoutes(): Promise<void> {
    await this.#askAll({ proxy: 'discard' }).catch(() => {});
  }

  /**
   * Has every worker use what it prepared. One that cannot, such as one that began in between with the routes before, is
   * ended: the one in its place begins with the new ones.
   */
  async commitRoutes(): Promise<void> {
    const order: TOrder = { proxy: 'commit', certificates: this.#certificates() };
    const commits = Array.from(this.#members, async (member) => {
      try {
        await member.ask(order);
      } catch (error) {
        this.#options.logger?.error(`a worker is replaced: ${String(error)}`, { pid: member.pid });
        member.kill();
        await member.gone;
      }
    });
    await Promise.all(commits);
  }

  /** What every worker answers, in the order of the ids; nothing from one that dies meanwhile. */
  async inquire(inquiry: TInquiry): Promise<IConnectionInfo[]> {
    const answers = await Promise.all(
      Array.from(this.#members, async (member) => (await member.ask({ proxy: 'inquire', inquiry }))?.connections ?? []),
    );
    return answers.flat().sort((a, b) => idOrder(a.id, b.id));
  }

  shareCertificate(routeName: string): void {
    const certificate = certificateOf(this.#engine.certificates, routeName);
    if (certificate !== null) this.#tellAll({ proxy: 'certificate', certificate });
  }

  /** One target's state, or those of all. */
  shareUpstream(upstream: IUpstreamState): void {
    this.#tellAll({ proxy: 'upstreams', upstreams: [upstream] });
  }

  /** What the health checks say about all targets now: whole, so that it holds whatever came before. */
  shareHealth(): void {
    this.#tellAll({ proxy: 'health', unhealthy: unhealthyTargets(this.#engine) });
  }

  shareTicketKeys(): void {
    this.#tellAll({ proxy: 'tickets', ticketKeys: this.#engine.tls.tickets.all });
  }

  async #close(port: number): Promise<void> {
    this.#ports.delete(port);
    await this.#askAll({ proxy: 'close', port });
  }

  /** A worker that dies meanwhile is no failure: the one in its place starts with what holds then. */
  async #askAll(order: TOrder): Promise<void> {
    const results = await Promise.allSettled(Array.from(this.#members, async (member) => await member.ask(order)));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  #tellAll(order: TOrder): void {
    this.#askAll(order).catch((error: unknown) => {
      this.#options.logger?.error(`workers: ${String(error)}`, { component: 'cluster' });
    });
  }

  #add(): Member {
    const { recorder, gate } = this.#engine;
    const member = new Member(recorder, gate, {
      takeShares: (from, changes) => this.#shares.take(from, changes),
      takeSlots: (from, changes) => this.#slots.take(from, changes),
    });
    this.#members.add(member);
    void member.gone.then(() => {
      this.#members.delete(member);
      this.#shares.leave(member);
      this.#slots.leave(member);
      if (this.#running) this.#onDeath(member);
    });
    return member;
  }

  #onDeath(member: Member): void {
    this.#deaths += 1;
    const calm = performance.now() - member.startedAtMs >= clusterLimits.restartCalmMs;
    this.#failuresInRow = calm ? 0 : this.#failuresInRow;
    const delayMs = Math.min(clusterLimits.restartMs * 2 ** this.#failuresInRow, clusterLimits.restartMsMax);
    this.#failuresInRow += 1;
    const { exitCode, signalCode } = member.worker.process;
    this.#options.logger?.error('a worker died', { pid: member.pid, exitCode, signalCode, nextStartMs: delayMs });
    const restart = setTimeout(() => {
      this.#restarts.delete(restart);
      void this.#replace();
    }, delayMs);
    this.#restarts.add(restart);
  }

  /** All orders go out before anything else can change: what changes later reaches the new worker as everybody. */
  async #replace(): Promise<void> {
    const member = this.#add();
    const orders: TOrder[] = [this.#startOrder()];
    for (const [port, bindPort] of this.#ports) orders.push({ proxy: 'open', port, bindPort });
    try {
      const answers = orders.map(async (order) => {
        const done = await member.ask(order);
        if (done !== null && order.proxy === 'start') this.#slots.join(member);
        return done;
      });
      this.#shares.join(member);
      const done = await Promise.all(answers);
      if (done.every((answer) => answer !== null)) this.#replaced += 1;
    } catch (error) {
      this.#options.logger?.error(`a worker could not be started: ${String(error)}`, { pid: member.pid });
      member.kill();
    }
  }

  #startOrder(): TOrder {
    const { tls, certificates } = this.#engine;
    return {
      proxy: 'start',
      options: portableOptions(this.#options),
      ticketKeys: tls.tickets.all,
      heard: this.#heard,
      certificates: this.#certificates(),
      challenges: certificates.challenges.standing(),
      upstreams: this.#engine.states.list().filter(isTouched),
      unhealthy: unhealthyTargets(this.#engine),
      workers: this.#count,
      turn: this.#startedCount++ % this.#count,
    };
  }

  #certificates(): IRouteCertificate[] {
    const { table, certificates } = this.#engine;
    return table.routes.flatMap(({ name, config }) =>
      typeof config.action.tls?.certificate === 'string' ? (certificateOf(certificates, name) ?? []) : [],
    );
  }

  #heardNow(): TWorkerEvent[] {
    const heard = WORKER_EVENTS.filter((name) => this.#emitter.listenerCount(name) > 0);
    // A worker that dies cannot tell the close of its connections: for that its opens must be known.
    if (heard.includes('connection-close') && !heard.includes('connection-open')) heard.push('connection-open');
    return heard;
  }

  /** 'newListener' comes before the listener is there, and many come at once. */
  #hearLater(): void {
    if (!this.#running || this.#hearingLater) return;
    this.#hearingLater = true;
    queueMicrotask(() => {
      this.#hearingLater = false;
      const heard = this.#heardNow();
      if (heard.join() === this.#heard.join()) return;
      this.#heard = heard;
      this.#tellAll({ proxy: 'heard', heard });
    });
  }
}

/** Something was said about the target. */
function isTouched({ state, weight, healthy }: IUpstreamState): boolean {
  return state !== 'ready' || weight !== null || !healthy;
}

function certificateOf(manager: CertificateManager, routeName: string): IRouteCertificate | null {
  const material = manager.material(routeName);
  if (material === undefined) return null;
  const { cert, key, source } = material;
  // One placeholder for all workers: they must look like one server.
  return { routeName, cert, key, source: source === 'placeholder' ? 'custom' : source };
}

/** What comes in while a port is claimed is closed at once, by whatever kind of socket. */
const NO_SOCKETS = { onHandles: false, noDelay: false };

/**
 * The port to bind, chosen by the system for 0, after making sure that nobody has it: sockets of workers share it, and
 * would share it with strangers too.
 *
 * @throws ProxyError `PROXY_LISTEN_FAILED`
 */
async function claim(port: number, host: string | undefined): Promise<number> {
  const listener = new Listener(port, NO_SOCKETS, (socket) => socket.destroy());
  await listener.listen(port, host);
  await listener.close();
  return listener.boundPort;
}
