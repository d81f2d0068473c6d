/**
 * Messages that reach the server through a call instead of a socket.
 *
 * @module
 */
import { messageBytesMax } from '../limits/index.ts';
import type { Exchange, IReplyTarget } from '../pipeline/exchange.ts';
import type { IMessageSink } from './types.ts';

const scratch = Buffer.allocUnsafeSlow(messageBytesMax);

/** Who sent a message and how, as far as the caller knows. */
export interface IManualOrigin {
  readonly source: number;
  readonly clientIp: string;
  readonly clientPort: number;
}

class ManualReply implements IReplyTarget {
  readonly #settle: (response: Buffer | undefined) => void;
  readonly #wanted: () => boolean;

  constructor(settle: (response: Buffer | undefined) => void, wanted: () => boolean) {
    this.#settle = settle;
    this.#wanted = wanted;
  }

  reply(_exchange: Exchange, response: Buffer): boolean {
    if (!this.#wanted()) {
      return false;
    }
    this.#settle(response);
    return true;
  }

  abandon(): void {
    this.#settle(undefined);
  }
}

/**
 * Answers one message; `settle` gets the answer, or undefined when there is none.
 *
 * @returns whether `settle` was called already
 */
export function answerManually(
  sink: IMessageSink,
  packet: Buffer,
  origin: IManualOrigin,
  settle: (response: Buffer | undefined) => void,
  wanted: () => boolean = () => true,
): boolean {
  const target = new ManualReply(settle, wanted);
  const { source, clientIp, clientPort } = origin;
  const bytes = sink.answer(packet, packet.length, source, clientIp, clientPort, scratch, 0, target);
  if (bytes >= 0) {
    settle(bytes > 0 ? Buffer.from(scratch.subarray(0, bytes)) : undefined);
  }
  return bytes >= 0;
}
