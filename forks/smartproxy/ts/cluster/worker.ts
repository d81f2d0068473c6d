/**
 * A worker process: started by a {@link WorkerPool}, never imported.
 *
 * @module
 */
import type { IEngine } from '../connection/engine.ts';
import { inquire } from '../connection/inspect.ts';
import { ProxyError } from '../errors.ts';
import type { IUpstreamState } from '../interfaces/upstreams.ts';
import { clusterLimits } from '../limits/cluster.ts';
import type { RouteSwap } from '../routeswap.ts';
import { SmartProxy } from '../smart-proxy.ts';
import { adoptHealth } from './health.ts';
import {
  WORKER_EVENTS,
  type IFailure,
  type IReport,
  type IRouteCertificate,
  type TOrder,
  type TPrimaryMessage,
  type TTold,
  type TWorkerEvent,
  type TWorkerMessage,
} from './messages.ts';
import { SlotClerk } from '../http/slots.ts';
import { Reporter } from './reporter.ts';
import { Shares } from './shares.ts';

class WorkerProcess {
  #proxy: SmartProxy | null = null;
  #engine: IEngine | null = null;
  #routes: RouteSwap | null = null;
  #reporter: Reporter | null = null;
  #shares: Shares | null = null;
  readonly #slots = new SlotClerk((changes) => tell({ proxy: 'slots', changes }));
  #timer: NodeJS.Timeout | undefined;
  #events: Array<IReport['events'][number]> = [];
  #turn: Promise<void> = Promise.resolve();
  readonly #bindPorts = new Map<number, number>();
  readonly #listeners = new Map<TWorkerEvent, (payload: object) => void>();

  /** Orders are carried out one after another; questions are answered at once. */
  take(message: TPrimaryMessage): void {
    if (message.proxy === 'shares') {
      // Behind the start, before which there are no limits; not behind other orders, which may take their time.
      if (this.#shares === null) this.#turn = this.#turn.then(() => this.#shares?.take(message.changes));
      else this.#shares.take(message.changes);
      return;
    }
    if (message.proxy === 'shares-heard') {
      this.#shares?.heard();
      return;
    }
    if (message.proxy === 'slot-answers') {
      this.#slots.take(message.answers);
      return;
    }
    if (message.proxy === 'inquire') {
      const connections = inquire(this.#engine?.connections ?? [], message.inquiry);
      tell({ proxy: 'done', id: message.id, connections });
      return;
    }
    this.#turn = this.#turn.then(async () => {
      try {
        const forced = await this.#carryOut(message);
        // The numbers are with the primary before it knows that the order is done.
        this.#report();
        tell({ proxy: 'done', id: message.id, forced });
      } catch (error) {
        tell({ proxy: 'done', id: message.id, failure: failureOf(error) });
      }
      if (message.proxy === 'stop') process.disconnect?.();
    });
  }

  async #carryOut(order: Exclude<TOrder, { proxy: 'inquire' }>): Promise<number> {
    if (order.proxy === 'start') {
      await this.#start(order);
      return 0;
    }
    const proxy = this.#proxy;
    const engine = this.#engine;
    if (proxy === null || engine === null) throw new ProxyError('PROXY_NOT_RUNNING', 'the worker has not been started');
    switch (order.proxy) {
      case 'open':
        this.#bindPorts.set(order.port, order.bindPort);
        await proxy.addListeningPort(order.port);
        break;
      case 'close':
        await proxy.removeListeningPort(order.port);
        break;
      case 'prepare':
        this.#routes!.prepare(order.routes);
        break;
      case 'discard':
        this.#routes!.discard();
        break;
      case 'commit':
        await this.#routes!.commit(() => adopt(engine, order.certificates));
        break;
      case 'heard':
        this.#hear(proxy, order.heard);
        break;
      case 'tickets':
        engine.tls.tickets.adopt(order.ticketKeys);
        break;
      case 'certificate':
        adopt(engine, [order.certificate]);
        break;
      case 'challenge':
        engine.certificates.challenges.apply(order.change);
        break;
      case 'health':
        adoptHealth(engine, order.unhealthy);
        break;
      case 'upstreams':
        adoptUpstreams(engine, order.upstreams);
        break;
      default:
        return await this.#stop(proxy, order.drainMs, order.idleGraceMs);
    }
    return 0;
  }

  async #start(order: TOrder & { readonly proxy: 'start' }): Promise<void> {
    const shares = new Shares(order.workers, (changes) => tell({ proxy: 'shares', changes }));
    this.#shares = shares;
    const proxy = new SmartProxy(order.options, {
      tallies: shares,
      slots: this.#slots,
      turn: order.turn,
      bindPort: (port) => this.#bindPorts.get(port) ?? port,
      take: (engine, routes) => {
        this.#engine = engine;
        this.#routes = routes;
        this.#reporter = new Reporter(engine);
        engine.tls.tickets.adopt(order.ticketKeys);
      },
    });
    this.#hear(proxy, order.heard);
    await proxy.start();
    const engine = this.#engine!;
    adopt(engine, order.certificates);
    for (const change of order.challenges) engine.certificates.challenges.apply(change);
    adoptUpstreams(engine, order.upstreams);
    adoptHealth(engine, order.unhealthy);
    this.#proxy = proxy;
    this.#timer = setInterval(() => this.#onTime(), clusterLimits.reportMs);
  }

  async #stop(proxy: SmartProxy, drainTimeout: number, idleGrace: number): Promise<number> {
    let forced = 0;
    proxy.once('drained', (event) => {
      forced = event.forced;
    });
    await proxy.stop({ drainTimeout, idleGrace });
    clearInterval(this.#timer);
    return forced;
  }

  /** Listens to exactly these events, so that payloads of the others are not built. */
  #hear(proxy: SmartProxy, heard: readonly TWorkerEvent[]): void {
    for (const name of WORKER_EVENTS) {
      const listener = this.#listeners.get(name);
      if (heard.includes(name) === (listener !== undefined)) continue;
      if (listener !== undefined) {
        proxy.off(name, listener);
        this.#listeners.delete(name);
        continue;
      }
      const hold = (payload: object): void => {
        this.#events.push({ name, payload });
        // The report waits for the turn to end: the event stands in the middle of the counting that it tells of.
        if (this.#events.length === clusterLimits.eventsHeld) setImmediate(() => this.#report());
      };
      proxy.on(name, hold);
      this.#listeners.set(name, hold);
    }
  }

  #onTime(): void {
    this.#shares?.tellAll();
    this.#report();
  }

  #report(): void {
    const events = this.#events;
    const report = this.#reporter?.make(events) ?? null;
    if (report === null) return;
    this.#events = [];
    tell({ proxy: 'report', report });
  }
}

function adopt(engine: IEngine, certificates: readonly IRouteCertificate[]): void {
  for (const { routeName, cert, key, source } of certificates) {
    engine.certificates.adopt(routeName, { cert, key, source });
  }
}

function adoptUpstreams(engine: IEngine, upstreams: readonly IUpstreamState[]): void {
  engine.states.adopt(upstreams);
  for (const { target, state } of upstreams) if (state === 'disabled') engine.pool.closeIdle(target);
}

function failureOf(error: unknown): IFailure {
  const message = error instanceof Error ? error.message : String(error);
  return { code: error instanceof ProxyError ? error.code : undefined, message };
}

function tell(message: TWorkerMessage): void {
  // The primary may be gone; this process ends with its channel.
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}

/** Messages without an id. */
const TOLD = new Set(['shares', 'shares-heard', 'slot-answers'] satisfies Array<TTold['proxy']> as string[]);

const worker = new WorkerProcess();
process.on('message', (message: { proxy?: unknown; id?: unknown } | null) => {
  const { proxy, id } = message ?? {};
  if (typeof proxy === 'string' && (typeof id === 'number' || TOLD.has(proxy))) worker.take(message as TPrimaryMessage);
});
// A terminal or a service manager signals the whole group: the primary decides how it ends.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
process.on('disconnect', () => process.exit());
