import type { IRegistrySnapshot } from './snapshot.ts';

/** Marks our messages among those of the application. */
const KIND = '@dcrouter/metrics';

/** Asks a worker for its snapshot. */
export interface IRequestMessage {
  kind: typeof KIND;
  op: 'request';
  id: number;
}

/** A worker's snapshot; `id` is that of the request, or 0 when it was sent unasked. */
export interface ISnapshotMessage {
  kind: typeof KIND;
  op: 'snapshot';
  id: number;
  snapshot: IRegistrySnapshot;
}

/**
 * A worker seen from the main process (`cluster` worker, `ChildProcess`, `Worker` of worker_threads), or the main
 * process seen from a worker (`process`, `parentPort`). Has `send` or `postMessage`.
 */
export interface IChannel {
  send?(message: object): unknown;
  postMessage?(message: object): unknown;
  on(event: 'message' | 'exit', listener: (message: unknown) => void): unknown;
  off(event: 'message' | 'exit', listener: (message: unknown) => void): unknown;
}

export function requestMessage(id: number): IRequestMessage {
  return { kind: KIND, op: 'request', id };
}

export function snapshotMessage(id: number, snapshot: IRegistrySnapshot): ISnapshotMessage {
  return { kind: KIND, op: 'snapshot', id, snapshot };
}

/** Our message, or undefined when it is somebody else's. */
export function asOurs(message: unknown): IRequestMessage | ISnapshotMessage | undefined {
  const ours = message as Partial<IRequestMessage | ISnapshotMessage> | null;
  return typeof ours === 'object' && ours?.kind === KIND ? (ours as IRequestMessage | ISnapshotMessage) : undefined;
}

/** Sends; false when the other side is gone. */
export function sendOver(channel: IChannel, message: object): boolean {
  try {
    if (channel.send !== undefined) channel.send(message);
    else channel.postMessage?.(message);
    return true;
  } catch {
    // The channel closed between two messages: its exit event tells the same.
    return false;
  }
}
