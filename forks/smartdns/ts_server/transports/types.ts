/**
 * What transports and the answering of queries know of each other.
 *
 * @module
 */
import type { IReplyTarget } from '../pipeline/exchange.ts';
import type { TDropReason, TErrorReason } from '../stats/reasons.ts';

/** Indexes into `sources`. */
export const sourceUdp = 0;
export const sourceTcp = 1;
export const sourceTls = 2;
export const sourceHttps = 3;

/** Answers messages. Every transport hands its messages here and counts nothing itself but connections. */
export interface IMessageSink {
  /**
   * Answers the message in the first `length` octets of `packet`.
   *
   * @returns octets of the answer written to `out` from `outStart`, 0 when there will be no answer, -1 when the answer
   * follows through `target`
   */
  answer(
    packet: Buffer,
    length: number,
    source: number,
    clientIp: string,
    clientPort: number,
    out: Buffer,
    outStart: number,
    target: IReplyTarget,
  ): number;
  /** Messages that arrived together follow, up to `batchEnded`: one reading of the clock is good for all of them. */
  batchArrived(): void;
  batchEnded(): void;
  /** Counts something that went wrong on a connection, outside of any message. */
  failed(reason: TErrorReason, source: number, clientIp: string, error?: string): void;
  /** An answer that was counted did not leave: moves nothing, is counted as a failure to send. */
  unsent(source: number, clientIp: string, error: string): void;
  /** A stream opened or closed. */
  streamOpened(): void;
  streamClosed(): void;
}

export type { TDropReason };

/** Where a transport listens. */
export interface IBoundAddress {
  readonly address: string;
  readonly port: number;
}

/** Node's own object of a listening socket: it goes over an IPC channel, its descriptor into a child's `stdio`. */
export interface IListenerHandle {
  /** Still the transport's: it closes it. Valid until the server stops. */
  readonly fd: number;
}

/** A listening transport. */
export interface ITransport {
  /** Null where there is none to hand on: closed, or on a runtime that does not show it. */
  readonly listenerHandle: IListenerHandle | null;
  start(): Promise<IBoundAddress>;
  /** Takes nothing new; resolves when its connections are over. Those that wait for nothing end by themselves. */
  drain(): Promise<void>;
  stop(): Promise<void>;
}

/** The handle of one of Node's sockets or servers, if it shows one. */
export function shownHandle(handle: unknown): IListenerHandle | null {
  const { fd } = (handle ?? {}) as { fd?: number };
  return typeof fd === 'number' && fd >= 0 ? (handle as IListenerHandle) : null;
}

/**
 * Several datagrams at once, read and answered in place: one for `node:dgram`, up to a slot count for an engine that
 * receives with recvmmsg.
 */
export interface IDatagramBatch {
  count: number;
  readonly inputs: Buffer[];
  readonly inputLengths: number[];
  readonly addresses: string[];
  readonly ports: number[];
  readonly outputs: Buffer[];
  /** Octets to send per slot; 0 for nothing now. */
  readonly outputLengths: number[];
}

/** Answers every datagram of a batch into its output slot. */
export function answerBatch(sink: IMessageSink, batch: IDatagramBatch, target: IReplyTarget): void {
  if (batch.count === 1) {
    answerSlot(sink, batch, 0, target);
    return;
  }
  sink.batchArrived();
  try {
    for (let slot = 0; slot < batch.count; slot++) {
      answerSlot(sink, batch, slot, target);
    }
  } finally {
    sink.batchEnded();
  }
}

function answerSlot(sink: IMessageSink, batch: IDatagramBatch, slot: number, target: IReplyTarget): void {
  const length = sink.answer(
    batch.inputs[slot]!,
    batch.inputLengths[slot]!,
    sourceUdp,
    batch.addresses[slot]!,
    batch.ports[slot]!,
    batch.outputs[slot]!,
    0,
    target,
  );
  batch.outputLengths[slot] = length > 0 ? length : 0;
}
