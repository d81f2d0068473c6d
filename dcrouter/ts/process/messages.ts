/**
 * What the processes of a hand-over tell each other. The waiting process may be of an older release than its successors:
 * members are added, never changed.
 *
 * @module
 */
import type { IInheritedSocket, ISocketDescription } from './sockets.ts';

/** The variable in which a successor finds its sockets. */
export const successorVariable = 'DCROUTER_SUCCESSOR';
export const protocolVersion = 1;

export interface ISuccession {
  readonly version: number;
  readonly sockets: readonly IInheritedSocket[];
}

/** From a successor, later the serving process, to the one that started it. */
export type TUpMessage =
  | { readonly dcrouter: 'want-store' }
  | { readonly dcrouter: 'ready' }
  | { readonly dcrouter: 'failed'; readonly reason: string }
  /** With the socket's handle. */
  | { readonly dcrouter: 'socket'; readonly socket: ISocketDescription }
  | { readonly dcrouter: 'restart'; readonly readyMs: number }
  /** The store is released or back; `problem` says why not. */
  | { readonly dcrouter: 'store'; readonly problem: string | null };

/** The other way. */
export type TDownMessage =
  | { readonly dcrouter: 'store-free' }
  | { readonly dcrouter: 'release-store' }
  | { readonly dcrouter: 'reclaim-store' }
  | { readonly dcrouter: 'restarted' }
  | { readonly dcrouter: 'refused'; readonly reason: string; readonly busy: boolean };

/** Whether a message over the channel is one of ours. */
export function isMessage(message: unknown): message is TUpMessage & TDownMessage {
  return typeof (message as { dcrouter?: unknown } | null)?.dcrouter === 'string';
}

/** Lets the store go before the next process opens it, and takes it back when that one fails. */
export interface IStoreKeeper {
  release(): Promise<void>;
  reclaim(): Promise<void>;
}
