/**
 * One client of a stream of Server-Sent Events (WHATWG HTML §9.2): it gets what it can take, and is told what it
 * missed.
 *
 * What cannot be written at once waits, up to a bound. What comes while that is full is dropped and counted; when the
 * client takes more again it is told so in its place among the others, as `event: dropped` with the number.
 *
 * @module
 */
import type { ServerResponse } from 'node:http';
import { heartbeatMs, retryMs, streamQueueChars, streamQueueMessages } from '../limits.ts';

export interface ISseMessage {
  readonly id?: string;
  readonly event?: string;
  /** One line of text: JSON. */
  readonly data: string;
}

export interface ISseLimits {
  readonly queueMessages: number;
  readonly queueChars: number;
  readonly heartbeatMs: number;
}

export const sseLimits: ISseLimits = {
  queueMessages: streamQueueMessages,
  queueChars: streamQueueChars,
  heartbeatMs,
};

export class SseStream {
  /** Messages that this client did not get. */
  dropped = 0;
  readonly #response: ServerResponse;
  readonly #limits: ISseLimits;
  readonly #queue: string[] = [];
  readonly #onClose: () => void;
  readonly #heartbeat: NodeJS.Timeout;
  #queueChars = 0;
  /** Dropped and not told yet. */
  #untold = 0;
  #full = false;
  #closed = false;

  /** @param stillAllowed asked at every heartbeat; the stream ends when it says no */
  constructor(
    response: ServerResponse,
    onClose: () => void,
    stillAllowed: () => boolean = () => true,
    limits: ISseLimits = sseLimits,
  ) {
    this.#response = response;
    this.#onClose = onClose;
    this.#limits = limits;
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
    });
    response.on('drain', () => this.#drain());
    response.once('close', () => this.close());
    response.on('error', () => this.close());
    this.#write(`retry: ${retryMs}\n\n`);
    this.#heartbeat = setInterval(() => {
      if (!stillAllowed()) this.close();
      else if (!this.#full) this.#write(': heartbeat\n\n');
    }, limits.heartbeatMs);
    this.#heartbeat.unref();
  }

  /** Messages that wait. */
  get waiting(): number {
    return this.#queue.length;
  }

  send(message: ISseMessage): void {
    if (this.#closed) return;
    if (!this.#full) {
      this.#write(format(message));
      return;
    }
    const text = format(message);
    // Once something is missing, all that follows waits until it has been told.
    const room = this.#queue.length < this.#limits.queueMessages;
    if (this.#untold > 0 || !room || this.#queueChars + text.length > this.#limits.queueChars) {
      this.#untold += 1;
      this.dropped += 1;
      return;
    }
    this.#queue.push(text);
    this.#queueChars += text.length;
  }

  /** Tells that messages are missing whose number nobody knows. */
  sendGap(reason: string): void {
    this.send({ event: 'dropped', data: JSON.stringify({ count: null, reason }) });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#heartbeat);
    this.#queue.length = 0;
    this.#onClose();
    if (!this.#response.writableEnded) this.#response.end();
  }

  #drain(): void {
    this.#full = false;
    while (!this.#full && this.#queue.length > 0) {
      const text = this.#queue.shift()!;
      this.#queueChars -= text.length;
      this.#write(text);
    }
    if (this.#full || this.#untold === 0) return;
    const count = this.#untold;
    this.#untold = 0;
    this.#write(format({ event: 'dropped', data: JSON.stringify({ count, reason: 'slow-client' }) }));
  }

  #write(text: string): void {
    if (this.#response.destroyed || this.#response.writableEnded) return;
    this.#full = !this.#response.write(text);
  }
}

function format({ id, event, data }: ISseMessage): string {
  const lines = `${id === undefined ? '' : `id: ${id}\n`}${event === undefined ? '' : `event: ${event}\n`}`;
  return `${lines}data: ${data}\n\n`;
}
