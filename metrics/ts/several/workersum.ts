import type { IExposable, IExposeOptions } from '../exposition/format.ts';
import { limits } from '../limits/limits.ts';
import { Registry } from '../registry/registry.ts';
import { asOurs, requestMessage, sendOver } from './channel.ts';
import type { IChannel } from './channel.ts';
import { snapshotMetric } from './snapshot.ts';
import type { IRegistrySnapshot, ISeriesSnapshot } from './snapshot.ts';

/** Options of {@link WorkerSum}. */
export interface IWorkerSumOptions {
  /** What the main process counts itself. Default: nothing. */
  own?: Registry;
  /** Milliseconds a worker has to answer before its last snapshot is used. Default 1,000. */
  timeoutMs?: number;
}

interface IMember {
  channel: IChannel;
  last: IRegistrySnapshot | undefined;
  /** Resolvers of requests under way, by request id. */
  waiting: Map<number, () => void>;
}

/**
 * The main process's side of several processes that are one scrape: asks every worker for its snapshot and adds them
 * up. What a worker had counted stays in the sums after it is gone; its gauges do not.
 *
 * @example
 * const workers = new WorkerSum();
 * cluster.on('fork', (worker) => workers.add(worker));
 * http.createServer(metricsHandler(workers)).listen(9_100, '127.0.0.1');
 */
export class WorkerSum implements IExposable {
  /** Requests that a worker did not answer in time. */
  late = 0;
  /** Metrics left out because a worker defines them differently. */
  mismatched = 0;
  readonly #own: Registry | undefined;
  readonly #timeoutMs: number;
  readonly #members = new Set<IMember>();
  #departed: IRegistrySnapshot = { takenMs: 0, metrics: [] };
  #lastId = 0;

  constructor(options: IWorkerSumOptions = {}) {
    this.#own = options.own;
    this.#timeoutMs = options.timeoutMs ?? limits.workerTimeoutMs;
  }

  /** Workers alive now. */
  get size(): number {
    return this.#members.size;
  }

  /** Includes a worker until it exits. Call it right after the worker was started. */
  add(channel: IChannel): void {
    const member: IMember = { channel, last: undefined, waiting: new Map() };
    const onMessage = (message: unknown): void => {
      const ours = asOurs(message);
      if (ours?.op !== 'snapshot') return;
      member.last = ours.snapshot;
      member.waiting.get(ours.id)?.();
    };
    const onExit = (): void => {
      channel.off('message', onMessage);
      channel.off('exit', onExit);
      this.#members.delete(member);
      for (const done of member.waiting.values()) done();
      if (member.last !== undefined) this.#departed = this.#withDeparted(member.last);
    };
    channel.on('message', onMessage);
    channel.on('exit', onExit);
    this.#members.add(member);
  }

  /** The sum over the main process, the workers alive and those that are gone. */
  async registry(): Promise<Registry> {
    await Promise.all(Array.from(this.#members, (member) => this.#refresh(member)));
    const parts = [this.#departed, ...Array.from(this.#members, (member) => member.last)];
    if (this.#own !== undefined) parts.push(await this.#own.snapshot());
    const present = parts.filter((part) => part !== undefined);
    // The newest last, so that gauges with `last` take its value.
    present.sort((one, other) => one.takenMs - other.takenMs);
    const sum = new Registry();
    for (const part of present) this.#merge(sum, part);
    this.#describe(sum);
    return sum;
  }

  /** A snapshot of {@link registry}, for a push exporter. */
  async snapshot(): Promise<IRegistrySnapshot> {
    return (await this.registry()).snapshot();
  }

  /** The exposition of {@link registry} as text. */
  async expose(options: IExposeOptions = {}): Promise<string> {
    return (await this.registry()).expose(options);
  }

  async *exposeSlices(options: IExposeOptions = {}): AsyncGenerator<Buffer, void, void> {
    yield* (await this.registry()).exposeSlices(options);
  }

  /** Adds a snapshot metric by metric: one that a worker of another version defines differently costs only itself. */
  #merge(sum: Registry, part: IRegistrySnapshot): void {
    for (const metric of part.metrics) {
      try {
        sum.merge({ takenMs: part.takenMs, metrics: [metric] });
      } catch {
        this.mismatched += 1;
      }
    }
  }

  /** Adds a departed worker's counts to those before it. Gauges and quantiles describe what is, so they go. */
  #withDeparted(last: IRegistrySnapshot): IRegistrySnapshot {
    const sum = new Registry({ selfMetrics: false });
    const counts = last.metrics.filter((metric) => metric.type !== 'gauge');
    this.#merge(sum, this.#departed);
    this.#merge(sum, {
      takenMs: last.takenMs,
      metrics: counts.map((metric) => ({ ...metric, series: metric.series.map(withoutWindow) })),
    });
    return { takenMs: 0, metrics: Array.from(sum.metrics(), snapshotMetric) };
  }

  /** What the sum says about itself. */
  #describe(sum: Registry): void {
    sum.gauge({ name: 'metrics_workers', help: 'Worker processes in this sum.' }).set(this.size);
    sum
      .counter({ name: 'metrics_worker_snapshots_late_total', help: 'Snapshots that a worker did not send in time.' })
      .inc(this.late);
    sum
      .counter({
        name: 'metrics_worker_metrics_mismatched_total',
        help: 'Metrics left out of a sum because a worker defines them differently.',
      })
      .inc(this.mismatched);
  }

  #refresh(member: IMember): Promise<void> {
    this.#lastId += 1;
    const id = this.#lastId;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      this.late += 1;
      resolve();
    }, this.#timeoutMs);
    member.waiting.set(id, resolve);
    if (!sendOver(member.channel, requestMessage(id))) resolve();
    return promise.finally(() => {
      clearTimeout(timer);
      member.waiting.delete(id);
    });
  }
}

function withoutWindow({ labels, values, created }: ISeriesSnapshot): ISeriesSnapshot {
  return { labels, values, created };
}
