/**
 * A successor as its parent sees it: until it serves, and later, when it wants a successor itself.
 *
 * @module
 */
import type { ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import { RestartError } from './errors.ts';
import { isMessage, type IStoreKeeper, type TDownMessage, type TUpMessage } from './messages.ts';
import type { ISocketHandle, ISocketToPass } from './sockets.ts';

export interface IChildOwner {
  /** Starts the successor that the child asks for. @throws RestartError */
  restart(sockets: readonly ISocketToPass[], store: IStoreKeeper, readyMs: number): Promise<void>;
  ended(code: number): void;
}

/** A socket that came over the channel: ours until it is handed on. */
interface IReceivedHandle extends ISocketHandle {
  close(): void;
}

/** What shells say of a process that a signal ended. */
const signalCodeBase = 128;

export class Child {
  readonly #process: ChildProcess;
  readonly #owner: IChildOwner;
  #sockets: Array<ISocketToPass & { readonly handle: IReceivedHandle }> = [];
  #onMessage: (message: TUpMessage) => void = () => {};
  #onEnd: (how: string) => void = () => {};
  #storeAnswer: ((problem: string | null) => void) | null = null;
  #over: string | null = null;

  constructor(process: ChildProcess, owner: IChildOwner) {
    this.#process = process;
    this.#owner = owner;
    process.on('message', (message: unknown, handle: unknown) => this.#receive(message, handle));
    process.once('error', (error) => this.#end(`it cannot be started: ${error.message}`, 1));
    process.once('exit', (code, signal) => {
      if (signal === null) this.#end(`it ended with exit code ${code}`, code ?? 1);
      else this.#end(`it was ended by ${signal}`, signalCodeBase + constants.signals[signal]);
    });
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /**
   * Resolves when the process serves.
   *
   * @throws RestartError why it does not; it has ended then, and the store is back
   */
  async serving(store: IStoreKeeper, readyMs: number): Promise<void> {
    let released = false;
    const problem = await new Promise<string | null>((resolve) => {
      const late = setTimeout(() => resolve(`it was not ready after ${readyMs} ms`), readyMs);
      const done = (result: string | null): void => {
        clearTimeout(late);
        resolve(result);
      };
      this.#onEnd = done;
      if (this.#over !== null) done(this.#over);
      this.#onMessage = (message) => {
        if (message.dcrouter === 'ready') done(null);
        else if (message.dcrouter === 'failed') done(message.reason);
        else if (message.dcrouter === 'want-store') {
          released = true;
          void this.#release(store, done);
        }
      };
    });
    this.#onMessage = (message) => this.#serve(message);
    if (problem === null) return;
    await this.#gone();
    if (released) await store.reclaim();
    throw new RestartError('DCR_RESTART_FAILED', `the successor does not serve: ${problem}`);
  }

  async #release(store: IStoreKeeper, failed: (problem: string) => void): Promise<void> {
    try {
      await store.release();
      this.#tell({ dcrouter: 'store-free' });
    } catch (error) {
      failed(`the store could not be released: ${(error as Error).message}`);
    }
  }

  async #gone(): Promise<void> {
    if (this.#over !== null) return;
    await new Promise<void>((resolve) => {
      this.#onEnd = () => resolve();
      this.#process.kill('SIGKILL');
    });
  }

  #receive(message: unknown, handle: unknown): void {
    if (!isMessage(message)) return;
    const up = message as TUpMessage;
    if (up.dcrouter === 'socket') this.#sockets.push({ ...up.socket, handle: handle as IReceivedHandle });
    else this.#onMessage(up);
  }

  /** The process serves: it may want a successor. */
  #serve(message: TUpMessage): void {
    if (message.dcrouter === 'store') {
      this.#storeAnswer?.(message.problem);
    } else if (message.dcrouter === 'restart') {
      const sockets = this.#sockets;
      this.#sockets = [];
      const store: IStoreKeeper = {
        release: () => this.#askStore({ dcrouter: 'release-store' }),
        reclaim: () => this.#askStore({ dcrouter: 'reclaim-store' }),
      };
      this.#owner
        .restart(sockets, store, message.readyMs)
        .then(
          () => this.#tell({ dcrouter: 'restarted' }),
          (error: unknown) => {
            const busy = error instanceof RestartError && error.code === 'DCR_RESTART_BUSY';
            this.#tell({ dcrouter: 'refused', reason: (error as Error).message, busy });
          },
        )
        // The successor has descriptors of its own by now.
        .finally(() => {
          for (const { handle } of sockets) handle.close();
        });
    }
  }

  /** A process that is gone has let go of the store, too. */
  async #askStore(message: TDownMessage): Promise<void> {
    if (this.#over !== null) return;
    const problem = await new Promise<string | null>((resolve) => {
      this.#storeAnswer = resolve;
      this.#tell(message);
    });
    this.#storeAnswer = null;
    if (problem !== null) throw new Error(problem);
  }

  #tell(message: TDownMessage): void {
    // A channel that is closed says so by the end of the process, which is heard of anyway.
    if (this.#process.connected) this.#process.send(message, () => {});
  }

  #end(how: string, code: number): void {
    if (this.#over !== null) return;
    this.#over = how;
    this.#storeAnswer?.(null);
    for (const { handle } of this.#sockets.splice(0)) handle.close();
    this.#onEnd(how);
    this.#owner.ended(code);
  }
}
