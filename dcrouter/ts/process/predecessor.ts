/**
 * A successor's side of the hand-over: what it was given, and the channel to the process that started it.
 *
 * @module
 */
import type { Server } from 'node:net';
import { RestartError } from './errors.ts';
import {
  isMessage,
  successorVariable,
  type IStoreKeeper,
  type ISuccession,
  type TDownMessage,
  type TUpMessage,
} from './messages.ts';
import type { IInheritedSocket, ISocketToPass } from './sockets.ts';

export class Predecessor {
  readonly sockets: readonly IInheritedSocket[];
  #waiting: ((message: TDownMessage) => void) | null = null;

  /** @param gone called when the process that started us is no more: nobody would tell us to end */
  constructor(succession: ISuccession, gone: () => void) {
    this.sockets = succession.sockets;
    process.on('message', (message: unknown) => {
      if (isMessage(message)) this.#waiting?.(message as TDownMessage);
    });
    process.once('disconnect', gone);
  }

  /** Asks for the store; resolves once the process before has closed it. */
  async storeFree(): Promise<void> {
    const answer = this.#answer((message) => message.dcrouter === 'store-free');
    await this.#tell({ dcrouter: 'want-store' });
    await answer;
  }

  async ready(): Promise<void> {
    await this.#tell({ dcrouter: 'ready' });
    // Until here an answer may be all that the process waits for; from now on the channel alone is no reason to go on.
    process.channel?.unref();
  }

  /** Says why we will not serve. A process before that is gone does not need to know. */
  async failed(reason: string): Promise<void> {
    await this.#tell({ dcrouter: 'failed', reason }).catch(() => {});
  }

  /** Lets the channel go, which would hold the process. */
  close(): void {
    if (process.connected) process.disconnect?.();
  }

  /**
   * Asks for a successor of our own; resolves when it serves.
   *
   * @throws RestartError
   */
  async restart(sockets: readonly ISocketToPass[], store: IStoreKeeper, readyMs: number): Promise<void> {
    const answer = this.#answer((message) => {
      if (message.dcrouter === 'release-store') this.#tellStore(store.release());
      else if (message.dcrouter === 'reclaim-store') this.#tellStore(store.reclaim());
      return message.dcrouter === 'restarted' || message.dcrouter === 'refused';
    });
    for (const { handle, ...socket } of sockets) await this.#tell({ dcrouter: 'socket', socket }, handle);
    await this.#tell({ dcrouter: 'restart', readyMs });
    const message = await answer;
    if (message.dcrouter === 'refused') {
      throw new RestartError(message.busy ? 'DCR_RESTART_BUSY' : 'DCR_RESTART_FAILED', message.reason);
    }
  }

  #tellStore(done: Promise<void>): void {
    done
      .then(
        () => null,
        (error: unknown) => (error as Error).message,
      )
      .then(async (problem) => await this.#tell({ dcrouter: 'store', problem }))
      // The process that started us is gone: that ends us, too, and is told by the channel's end.
      .catch(() => {});
  }

  async #answer(isLast: (message: TDownMessage) => boolean): Promise<TDownMessage> {
    return await new Promise<TDownMessage>((resolve) => {
      this.#waiting = (message) => {
        if (!isLast(message)) return;
        this.#waiting = null;
        resolve(message);
      };
    });
  }

  async #tell(message: TUpMessage, handle?: object): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      // Node passes the handles of its own sockets on, too; its types know the sockets alone.
      process.send!(message, handle as Server | undefined, (error) => (error === null ? resolve() : reject(error)));
    });
  }
}

/** The predecessor, if one started this process; the variable is removed, so that no other child takes it for its own. */
export function findPredecessor(gone: () => void, env: NodeJS.ProcessEnv = process.env): Predecessor | null {
  const text = env[successorVariable];
  delete env[successorVariable];
  if (text === undefined || process.send === undefined) return null;
  return new Predecessor(JSON.parse(text) as ISuccession, gone);
}
