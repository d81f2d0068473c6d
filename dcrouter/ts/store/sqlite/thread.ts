/**
 * The main thread's side of the SQLite thread.
 *
 * @module
 */
import { Worker } from 'node:worker_threads';
import { StoreUnavailableError } from '../errors.ts';
import {
  START_ID,
  type ISqliteFailure,
  type ISqliteResult,
  type ISqliteStart,
  type TParameter,
  type TSqliteReply,
  type TSqliteRequest,
} from './messages.ts';

/** A request without its number. */
type TAsked<T = TSqliteRequest> = T extends TSqliteRequest ? Omit<T, 'id'> : never;

/** What SQLite itself answered. */
export class SqliteError extends Error {
  override readonly name = 'SqliteError';
  readonly errcode: number;

  constructor({ message, errcode }: ISqliteFailure) {
    super(message);
    this.errcode = errcode;
  }
}

interface IWaiting {
  readonly resolve: (result: ISqliteResult) => void;
  readonly reject: (error: Error) => void;
}

export class SqliteThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, IWaiting>();
  readonly #exited: Promise<void>;
  #batch: TSqliteRequest[] = [];
  #lastId = START_ID;
  #over: Error | undefined;

  /** @throws SqliteError when the files cannot be opened or are not let go in time */
  static async open(start: ISqliteStart): Promise<SqliteThread> {
    const thread = new SqliteThread(start);
    await thread.#wait(START_ID);
    return thread;
  }

  private constructor(start: ISqliteStart) {
    // The sources run as they are in tests, and compiled from a package.
    const file = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js';
    this.#worker = new Worker(new URL(file, import.meta.url), { workerData: start, name: 'dcrouter-store' });
    this.#worker.on('message', (replies: readonly TSqliteReply[]) => replies.forEach((reply) => this.#settle(reply)));
    this.#worker.on('error', (error: Error) => this.#end(error));
    this.#exited = new Promise((resolve) => {
      this.#worker.once('exit', () => {
        this.#end(new Error('it has ended'));
        resolve();
      });
    });
  }

  /** Whether it has ended, asked or not. */
  get over(): boolean {
    return this.#over !== undefined;
  }

  query(sql: string, parameters: readonly TParameter[] = []): Promise<ISqliteResult> {
    return this.#ask({ do: 'query', sql, parameters });
  }

  /** Closes the files after what was asked before, and waits for the thread to end. */
  async close(): Promise<void> {
    if (!this.over) await this.#ask({ do: 'close' });
    await this.#exited;
  }

  #ask(asked: TAsked): Promise<ISqliteResult> {
    if (this.#over) return Promise.reject(this.#over);
    const id = (this.#lastId += 1);
    // Everything that is asked within one turn goes over in one message.
    if (this.#batch.length === 0) queueMicrotask(() => this.#send());
    this.#batch.push({ ...asked, id });
    return this.#wait(id);
  }

  #send(): void {
    const batch = this.#batch;
    this.#batch = [];
    if (!this.#over) this.#worker.postMessage(batch);
  }

  #wait(id: number): Promise<ISqliteResult> {
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  #settle(reply: TSqliteReply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if ('result' in reply) waiting?.resolve(reply.result);
    else waiting?.reject(new SqliteError(reply.failure));
  }

  #end(cause: Error): void {
    this.#over ??= new StoreUnavailableError(`the store's thread is gone: ${cause.message}`, { cause });
    for (const { reject } of this.#waiting.values()) reject(this.#over);
    this.#waiting.clear();
  }
}
