import { limits } from '../limits/limits.ts';
import type { Registry } from '../registry/registry.ts';
import { asOurs, sendOver, snapshotMessage } from './channel.ts';
import type { IChannel } from './channel.ts';

/** The worker's side of several processes that are one scrape. */
export interface IWorkerMetrics {
  /** Sends the snapshot of now, for instance before the worker exits on purpose. */
  push(): Promise<void>;
  /** Answers no more. */
  stop(): void;
}

/** Options of {@link serveSnapshots}. */
export interface IServeSnapshotsOptions {
  /** The main process. Default `process`, right for cluster workers and forked children. */
  channel?: IChannel;
  /** Milliseconds between snapshots sent unasked; what a killed worker counted since is lost. Default 5,000. */
  pushMs?: number;
}

/**
 * Call in each worker: answers the main process's requests for a snapshot, and sends one now and then so that little
 * is lost when the worker dies.
 */
export function serveSnapshots(registry: Registry, options: IServeSnapshotsOptions = {}): IWorkerMetrics {
  const channel = options.channel ?? (process as unknown as IChannel);
  const answer = async (id: number): Promise<void> => {
    sendOver(channel, snapshotMessage(id, await registry.snapshot()));
  };
  const onMessage = (message: unknown): void => {
    const ours = asOurs(message);
    if (ours?.op === 'request') void answer(ours.id);
  };
  channel.on('message', onMessage);
  const timer = setInterval(() => void answer(0), options.pushMs ?? limits.workerPushMs).unref();
  return {
    push: () => answer(0),
    stop: () => {
      clearInterval(timer);
      channel.off('message', onMessage);
    },
  };
}
