/**
 * One worker process as the primary sees it.
 *
 * @module
 */
import cluster, { type Worker } from 'node:cluster';
import { fileURLToPath } from 'node:url';
import { ProxyError } from '../errors.ts';
import type { TSlotChange } from '../http/slots.ts';
import { clusterLimits } from '../limits/cluster.ts';
import type { EventGate } from '../stats/eventgate.ts';
import type { Recorder } from '../stats/recorder.ts';
import { WorkerBooks } from './books.ts';
import type { TOrder, TTold, TWorkerMessage } from './messages.ts';
import type { TShareChange } from './shares.ts';

type TDone = TWorkerMessage & { readonly proxy: 'done' };

/** The worker's file beside this one, in sources and in what is built from them. */
const WORKER_FILE = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url),
);

/** Flags of this process that name what to run, each with its value: a worker runs its own file. */
const RUN_FLAGS = new Set(['-e', '--eval', '-p', '--print', '-pe']);

/** Hears what a worker says besides its numbers and answers. */
export interface IMemberDesk {
  /** What it holds against limits that all share. */
  takeShares(from: Member, changes: readonly TShareChange[]): void;
  /** What it has of targets with a maximum. */
  takeSlots(from: Member, changes: readonly TSlotChange[]): void;
}

export class Member {
  readonly worker: Worker;
  /** Monotonic ms. */
  readonly startedAtMs = performance.now();
  /** Resolves when the process is gone and its books are closed. */
  readonly gone: Promise<void>;
  isGone = false;
  readonly #books: WorkerBooks;
  readonly #waiting = new Map<number, (done: TDone | null) => void>();
  readonly #desk: IMemberDesk;
  #lastId = 0;

  constructor(recorder: Recorder, gate: EventGate, desk: IMemberDesk) {
    this.#books = new WorkerBooks(recorder, gate);
    this.worker = fork();
    this.#desk = desk;
    this.worker.on('message', (message: TWorkerMessage) => this.#take(message));
    // A message to a process that is just dying fails; its exit tells the same.
    this.worker.on('error', () => {});
    const { promise, resolve } = Promise.withResolvers<void>();
    this.gone = promise;
    // Its last words may be read after the news of its end: the books are closed when there can be no more.
    let left = 2;
    const end = (): void => {
      left -= 1;
      if (left > 0) return;
      this.isGone = true;
      this.#books.close();
      for (const answer of this.#waiting.values()) answer(null);
      resolve();
    };
    this.worker.once('exit', end);
    this.worker.once('disconnect', end);
  }

  get pid(): number | undefined {
    return this.worker.process.pid;
  }

  /**
   * Gives an order and waits until it is carried out; null when the worker died before.
   *
   * @throws ProxyError as the worker says, or `PROXY_WORKER_FAILED` when it does not answer in time
   */
  async ask(order: TOrder, timeoutMs: number = clusterLimits.answerMs): Promise<TDone | null> {
    if (this.isGone) return null;
    this.#lastId += 1;
    const id = this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<TDone | null>();
    const late = setTimeout(() => {
      reject(new ProxyError('PROXY_WORKER_FAILED', `a worker did not answer '${order.proxy}' within ${timeoutMs} ms`));
    }, timeoutMs);
    this.#waiting.set(id, resolve);
    this.worker.send({ ...order, id }, () => {});
    try {
      const done = await promise;
      if (done?.failure === undefined) return done;
      throw new ProxyError(done.failure.code ?? 'PROXY_WORKER_FAILED', done.failure.message);
    } finally {
      clearTimeout(late);
      this.#waiting.delete(id);
    }
  }

  /** Says what needs no answer. */
  tell(message: TTold): void {
    if (!this.isGone) this.worker.send(message, () => {});
  }

  kill(): void {
    this.worker.process.kill('SIGKILL');
  }

  #take(message: TWorkerMessage): void {
    if (message.proxy === 'report') this.#books.take(message.report);
    else if (message.proxy === 'shares') this.#desk.takeShares(this, message.changes);
    else if (message.proxy === 'slots') this.#desk.takeSlots(this, message.changes);
    else if (message.proxy === 'done') this.#waiting.get(message.id)?.(message);
  }
}

/** Forks our file and leaves the application's own settings for workers as they were. */
function fork(): Worker {
  const before = { ...cluster.settings };
  cluster.setupPrimary({
    exec: WORKER_FILE,
    args: [],
    execArgv: workerFlags(process.execArgv),
    serialization: 'advanced',
  });
  const worker = cluster.fork();
  cluster.setupPrimary({
    exec: process.argv[1],
    args: process.argv.slice(2),
    execArgv: process.execArgv,
    serialization: 'json',
    ...before,
  });
  return worker;
}

function workerFlags(flags: readonly string[]): string[] {
  return flags.filter(
    (flag, at) => !RUN_FLAGS.has(flag) && !RUN_FLAGS.has(flags[at - 1] ?? '') && !flag.startsWith('--test'),
  );
}
