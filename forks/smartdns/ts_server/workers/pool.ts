/**
 * Several servers on the same ports, one per thread, read as one.
 *
 * The system spreads clients over the sockets (SO_REUSEPORT). Rates of answers and of queries are limited for all workers
 * together; the rest is each worker's own: caches are filled per worker, connections are limited per worker.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import { makeSharedLimits } from '../abuse/sharedlimits.ts';
import type { IDnsListenAddresses } from '../interfaces/options.ts';
import type { IDnsSnapshot, IDnsStats } from '../interfaces/stats.ts';
import { workerAnswerMs, workerCollectMs, workerRestartMs, workerRestartMsMax, workersMax } from '../limits/index.ts';
import { DnsStats, type IDnsStatsData } from '../stats/dnsstats.ts';
import type { IWorkerStart, TPoolMessage, TSharedOptions, TWorkerMessage } from './messages.ts';

export interface IDnsWorkerPoolOptions {
  /** File that calls `serveInWorker`. */
  readonly entry: URL;
  /** Threads; a core each is the most that helps. */
  readonly workers: number;
  /** Ports of all workers; 0 is chosen once, by the first. Options of the entry's own server otherwise. */
  readonly ports?: Pick<TSharedOptions, 'udpPort' | 'tcpPort' | 'tlsPort' | 'httpsPort'>;
  /** Handed to the entry as it is; must survive a structured clone. */
  readonly workerData?: unknown;
  /** Told when a worker ended by itself; it is started again. */
  readonly onWorkerExit?: (error: Error) => void;
}

const cookieSecretBytes = 16;
const msPerSecond = 1_000;

/** One thread and the last that was heard of its counters. */
interface IMember {
  worker: Worker;
  counters: IDnsStatsData | undefined;
  waiting: Map<number, () => void>;
  ended: Promise<void>;
}

export class DnsWorkerPool {
  readonly #options: IDnsWorkerPoolOptions;
  #members: IMember[] = [];
  /** Counters of workers that are no more: totals never fall. */
  #past: IDnsStatsData[] = [];
  #shared: TSharedOptions = {};
  #addresses: IDnsListenAddresses = {};
  #timer: NodeJS.Timeout | undefined;
  #restarts = new Set<NodeJS.Timeout>();
  #failures = 0;
  #collectId = 0;
  #stopping = false;

  /** @throws RangeError for a number of workers that cannot be */
  constructor(options: IDnsWorkerPoolOptions) {
    if (!Number.isInteger(options.workers) || options.workers < 1 || options.workers > workersMax) {
      throw new RangeError(`workers is ${options.workers}; give a number from 1 to ${workersMax}`);
    }
    this.#options = options;
  }

  /** Where the workers listen. */
  get addresses(): IDnsListenAddresses {
    return this.#addresses;
  }

  /** Workers that serve now. */
  get size(): number {
    return this.#members.length;
  }

  /** Everything counted by all workers, as of the last collection, at most a second ago; {@link collect} for now. */
  get stats(): IDnsStats {
    const merged = new DnsStats();
    for (const data of this.#past) {
      merged.merge(data);
    }
    for (const { counters } of this.#members) {
      if (counters !== undefined) {
        merged.merge(counters);
      }
    }
    return merged;
  }

  /**
   * Starts the first worker, which chooses ports and makes keys, then the others.
   *
   * @throws Error why a worker could not start; none is left running
   */
  async start(): Promise<void> {
    if (this.#members.length > 0) {
      return;
    }
    this.#stopping = false;
    this.#shared = {
      reusePort: true,
      cookies: { secrets: [randomBytes(cookieSecretBytes)] },
      sharedLimits: makeSharedLimits(),
      serialStart: Math.floor(Date.now() / msPerSecond),
      ...this.#options.ports,
    };
    try {
      this.#addresses = await this.#startOne();
      const { udp, tcp, tls, https } = this.#addresses;
      this.#shared = {
        ...this.#shared,
        ...(udp && { udpPort: udp.port }),
        ...(tcp && { tcpPort: tcp.port }),
        ...(tls && { tlsPort: tls.port }),
        ...(https && { httpsPort: https.port }),
      };
      const others = Array.from({ length: this.#options.workers - 1 }, async () => await this.#startOne());
      await Promise.all(others);
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.#timer = setInterval(() => void this.collect(), workerCollectMs).unref();
  }

  /** Asks all workers for their counters and gives them as one. */
  async collect(): Promise<IDnsSnapshot> {
    await Promise.all(this.#members.map(async (member) => await this.#collectFrom(member)));
    return this.stats.snapshot();
  }

  /** Stops all workers; their counters stay readable. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#timer);
    for (const restart of this.#restarts) {
      clearTimeout(restart);
    }
    this.#restarts.clear();
    const members = this.#members;
    const stop: TPoolMessage = { dns: 'stop' };
    for (const { worker } of members) {
      worker.postMessage(stop, []);
    }
    const late = setTimeout(() => {
      for (const { worker } of members) {
        void worker.terminate();
      }
    }, workerAnswerMs);
    await Promise.all(members.map(async ({ ended }) => await ended));
    clearTimeout(late);
  }

  async #startOne(): Promise<IDnsListenAddresses> {
    const start: IWorkerStart = { dnsWorker: true, shared: this.#shared, data: this.#options.workerData };
    const worker = new Worker(this.#options.entry, { workerData: start });
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    const member: IMember = { worker, counters: undefined, waiting: new Map(), ended };
    const { promise, resolve, reject } = Promise.withResolvers<IDnsListenAddresses>();
    let started = false;
    let lastError: Error | undefined;
    worker.on('message', (message: TWorkerMessage) => {
      if (message.dns === 'started') {
        started = true;
        this.#members.push(member);
        resolve(message.addresses);
      } else if (message.dns === 'failed') {
        reject(Object.assign(new Error(message.message), { code: message.code }));
      } else {
        member.counters = message.counters;
        if (message.dns === 'counters') {
          member.waiting.get(message.id)?.();
        }
      }
    });
    worker.on('error', (error: Error) => {
      lastError = error;
      reject(error);
    });
    worker.once('exit', (code) => {
      const error = lastError ?? new Error(`a DNS worker ended with code ${code}`);
      reject(error);
      this.#forget(member);
      end();
      if (started && !this.#stopping) {
        this.#options.onWorkerExit?.(error);
        this.#startAgain();
      }
    });
    const late = setTimeout(() => {
      reject(new Error(`a DNS worker did not start within ${workerAnswerMs} ms`));
      void worker.terminate();
    }, workerAnswerMs);
    return await promise.finally(() => clearTimeout(late));
  }

  #forget(member: IMember): void {
    this.#members = this.#members.filter((other) => other !== member);
    for (const wake of member.waiting.values()) {
      wake();
    }
    if (member.counters !== undefined) {
      const { counters } = member;
      this.#addPast({ ...counters, streamsActive: 0, perSecond: 0 });
    }
  }

  /** Kept as one, however many workers come and go. */
  #addPast(counters: IDnsStatsData): void {
    const merged = new DnsStats();
    for (const data of [...this.#past, counters]) {
      merged.merge(data);
    }
    this.#past = [merged.toData()];
  }

  #startAgain(): void {
    const delayMs = Math.min(workerRestartMs * 2 ** this.#failures, workerRestartMsMax);
    this.#failures++;
    const restart = setTimeout(() => {
      this.#restarts.delete(restart);
      this.#startOne().then(
        () => {
          this.#failures = 0;
        },
        () => {
          if (!this.#stopping) {
            this.#startAgain();
          }
        },
      );
    }, delayMs);
    this.#restarts.add(restart);
  }

  async #collectFrom(member: IMember): Promise<void> {
    const id = ++this.#collectId;
    const message: TPoolMessage = { dns: 'collect', id };
    await new Promise<void>((resolve) => {
      const late = setTimeout(resolve, workerAnswerMs);
      member.waiting.set(id, () => {
        clearTimeout(late);
        resolve();
      });
      member.worker.postMessage(message, []);
    });
    member.waiting.delete(id);
  }
}
