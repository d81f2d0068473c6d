/**
 * DNS over a stream of bytes: TCP (RFC 7766) and TLS (RFC 7858). Queries may be pipelined; answers leave as they are
 * ready, those of one read together.
 *
 * @module
 */
import type { Socket } from 'node:net';
import type { Exchange, IReplyTarget } from '../pipeline/exchange.ts';
import { messageBytesMax, streamIdleMs, streamInFlightMax, streamUnreadBytesMax } from '../limits/index.ts';
import type { IMessageSink } from './types.ts';

/** Octets of the length prefix (RFC 1035 §4.2.2). */
const prefixBytes = 2;
const headerBytes = 12;
/** One scratch area for all connections: an answer is copied out before the next one is written. */
const scratch = Buffer.allocUnsafeSlow(prefixBytes + messageBytesMax);
const noBytes = Buffer.alloc(0);

export interface IStreamOptions {
  readonly idleMs?: number;
  readonly inFlightMax?: number;
}

export class DnsStream implements IReplyTarget {
  readonly #sink: IMessageSink;
  readonly #socket: Socket;
  readonly #source: number;
  readonly #clientIp: string;
  readonly #clientPort: number;
  readonly #inFlightMax: number;
  #buffered: Buffer = noBytes;
  #inFlight = 0;
  #outgoing: Buffer[] = [];
  #reading = false;
  #ended = false;
  #draining = false;
  #closed = false;
  #paused = false;
  /** When the message that is not yet whole began. */
  #partialMs = 0;
  readonly #idleMs: number;

  constructor(sink: IMessageSink, socket: Socket, source: number, options: IStreamOptions = {}) {
    this.#sink = sink;
    this.#socket = socket;
    this.#source = source;
    this.#clientIp = socket.remoteAddress ?? '';
    this.#clientPort = socket.remotePort ?? 0;
    this.#inFlightMax = options.inFlightMax ?? streamInFlightMax;
    socket.setNoDelay(true);
    this.#idleMs = options.idleMs ?? streamIdleMs;
    socket.setTimeout(this.#idleMs);
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('drain', () => this.#resume());
    socket.on('timeout', () => socket.destroy());
    socket.on('end', () => this.#end());
    socket.on('error', () => socket.destroy());
    socket.once('close', () => {
      this.#closed = true;
      this.#buffered = noBytes;
    });
  }

  /** Ends the stream once it has answered what it was asked; one that was not asked yet may be, until it is idle. */
  drain(): void {
    this.#draining = true;
  }

  reply(_exchange: Exchange, response: Buffer): boolean {
    this.#inFlight--;
    if (this.#closed || !this.#socket.writable) {
      return false;
    }
    this.#queue(response, 0, response.length);
    if (!this.#reading) {
      this.#flush();
      this.#resume();
    }
    return true;
  }

  abandon(): void {
    this.#inFlight--;
    if (!this.#reading) {
      this.#resume();
    }
  }

  #read(chunk: Buffer): void {
    const now = performance.now();
    if (this.#buffered.length === 0) {
      this.#partialMs = now;
    } else if (now - this.#partialMs > this.#idleMs) {
      // One octet now and then keeps the socket busy, but does not make a query.
      this.#socket.destroy();
      return;
    }
    this.#buffered = this.#buffered.length === 0 ? chunk : Buffer.concat([this.#buffered, chunk]);
    this.#work();
  }

  /** Answers every whole message that is buffered, as far as the limits let it. */
  #work(): void {
    const buffer = this.#buffered;
    let at = 0;
    this.#reading = true;
    while (!this.#isFull() && buffer.length - at >= prefixBytes) {
      const length = buffer.readUInt16BE(at);
      if (buffer.length - at - prefixBytes < length) {
        break;
      }
      const start = at + prefixBytes;
      at = start + length;
      const written = this.#sink.answer(
        buffer.subarray(start, at),
        length,
        this.#source,
        this.#clientIp,
        this.#clientPort,
        scratch,
        prefixBytes,
        this,
      );
      if (length < headerBytes) {
        // Nobody who speaks DNS sends this; what follows is not worth reading.
        this.#sink.failed('framing', this.#source, this.#clientIp);
        this.#socket.destroy();
        break;
      }
      if (written > 0) {
        this.#queue(scratch, prefixBytes, written);
      } else if (written < 0) {
        this.#inFlight++;
      }
    }
    this.#reading = false;
    if (at > 0) {
      this.#buffered = at === buffer.length ? noBytes : buffer.subarray(at);
      this.#partialMs = performance.now();
    }
    this.#flush();
    this.#throttle();
  }

  #queue(bytes: Buffer, start: number, length: number): void {
    const framed = Buffer.allocUnsafe(prefixBytes + length);
    framed.writeUInt16BE(length, 0);
    bytes.copy(framed, prefixBytes, start, start + length);
    this.#outgoing.push(framed);
  }

  /** One write for all answers of one read (RFC 7766 §8). */
  #flush(): void {
    const count = this.#outgoing.length;
    if (count > 0 && !this.#closed) {
      this.#socket.write(count === 1 ? this.#outgoing[0]! : Buffer.concat(this.#outgoing));
    }
    this.#outgoing = [];
    const isOver = this.#ended || (this.#draining && count > 0 && this.#buffered.length === 0);
    if (isOver && this.#inFlight === 0 && !this.#closed) {
      this.#socket.end();
    }
  }

  #isFull(): boolean {
    return this.#inFlight >= this.#inFlightMax || this.#socket.writableLength > streamUnreadBytesMax;
  }

  #throttle(): void {
    if (this.#isFull() && !this.#paused) {
      this.#paused = true;
      this.#socket.pause();
    }
  }

  #resume(): void {
    if (this.#closed || this.#isFull()) {
      return;
    }
    if (this.#paused) {
      this.#paused = false;
      this.#socket.resume();
    }
    if (this.#buffered.length > 0) {
      this.#work();
    } else if (this.#ended && this.#inFlight === 0) {
      this.#socket.end();
    }
  }

  /** The client will send nothing more; what it asked is still answered (RFC 7766 §6.2.4). */
  #end(): void {
    this.#ended = true;
    if (this.#inFlight === 0) {
      this.#flush();
    }
  }
}
