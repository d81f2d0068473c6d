/**
 * The sockets of the proxy: `net.Socket` with `onread` into shared memory and one owner instead of listeners.
 *
 * A listener per event and socket is what a connection costs on Node, so the two events that matter are taken where
 * Node produces them: the end of the stream in `push(null)`, the end of the socket in `_destroy`.
 *
 * @module
 */
import net from 'node:net';
import { limits } from '../limits/limits.ts';
import { abandonSlab, borrowSlab, nextReadBuffer, returnSlab, setNextReadBuffer } from './slab.ts';
import type { Slab } from './slab.ts';

/** A stream that can be written to and paused: our sockets, and `TLSSocket`s over them. */
export type TStream = net.Socket;

/** What a socket reports to. All calls are synchronous. */
export interface ISocketOwner {
  /** Bytes arrived in `bytes[start, end)`; they are valid only during the call unless `source` owns its slab. */
  onSocketData(source: TStream, bytes: Buffer, start: number, end: number): void;
  /** The peer sent FIN. */
  onSocketEnd(source: TStream): void;
  /** The outgoing buffer of a stream that refused more is empty again. */
  onSocketDrain(source: TStream): void;
  /** The socket is going away; nothing else follows. `error` is set when it broke. */
  onSocketGone(source: TStream, error: Error | null): void;
}

/** The part of Node's stream handle that is read for counting. */
interface IStreamHandle {
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly writeQueueSize: number;
}

type TDestroyDone = (error?: Error | null) => void;

export class ProxySocket extends net.Socket {
  owner: ISocketOwner | null = null;
  /** The private read slab, if one is borrowed. */
  slab: Slab | null = null;
  /** Set to stop reading when the running callback returns. */
  holdReads = false;

  constructor(handle?: unknown) {
    super({ handle, allowHalfOpen: true, onread: ON_READ } as net.SocketConstructorOpts);
    // What broke a socket is told to its owner in _destroy; this only keeps a stray event from ending the process.
    this.on('error', ignore);
  }

  /** Bytes received from the peer, as the kernel counts them. */
  get wireBytesIn(): number {
    const handle = handleOf(this);
    return handle === null ? this.bytesRead : handle.bytesRead;
  }

  /** Bytes the kernel took from us: handed over minus still queued. */
  get wireBytesOut(): number {
    const handle = handleOf(this);
    return handle === null ? this.bytesWritten : handle.bytesWritten - handle.writeQueueSize;
  }

  /**
   * Closes with a reset, so that the peer cannot take what it has for the whole. libuv refuses to reset while a
   * shutdown is pending, and Node then forgets the handle, so a socket that was ended is closed plainly.
   */
  resetOrDestroy(): void {
    if (this.writableEnded || this.connecting) this.destroy();
    else this.resetAndDestroy();
  }

  /**
   * Closes in order: what was written is sent first. When the kernel has all of it, it sends the rest and the FIN by
   * itself after a plain close, which spares the shutdown and the turn of the event loop that waits for it.
   */
  override destroySoon(): void {
    const handle = handleOf(this);
    const sent = handle !== null && !this.connecting && this.writableLength === 0 && handle.writeQueueSize === 0;
    if (sent) this.destroy();
    else super.destroySoon();
  }

  /** Stops reading now. Inside the read callback it takes effect when the callback returns. */
  holdReading(): void {
    this.holdReads = true;
    this.pause();
  }

  resumeReading(): void {
    this.holdReads = false;
    this.resume();
  }

  /** Borrows a slab for a transfer of many big reads. */
  useOwnSlab(): void {
    if (this.slab === null) this.slab = borrowSlab();
  }

  /** Goes back to the shared slab. Only inside the read callback, while no write refers to the slab. */
  useSharedSlab(): void {
    if (this.slab !== null) returnSlab(this.slab);
    this.slab = null;
  }

  /** A pending write refers to the slab: leave it to that write and borrow another. */
  replaceSlab(): void {
    if (this.slab === null) return;
    abandonSlab();
    this.slab = borrowSlab();
  }

  override push(chunk: unknown, encoding?: BufferEncoding): boolean {
    const more = super.push(chunk, encoding);
    if (chunk === null && this.owner !== null) this.owner.onSocketEnd(this);
    return more;
  }

  override _destroy(error: Error | null, done: TDestroyDone): void {
    const owner = this.owner;
    if (owner !== null) {
      owner.onSocketGone(this, error);
      this.owner = null;
    }
    if (this.slab !== null) {
      // A write may still be under way when a socket is destroyed, so the slab is not reused.
      abandonSlab();
      this.slab = null;
    }
    // The owner has the error; without one, Node emits no 'error' event and no listener is needed.
    super._destroy(null, done);
  }
}

/** Shared by all sockets: Node calls it with the socket as `this`. */
function onRead(this: ProxySocket, bytesRead: number, view: Uint8Array): boolean {
  const owner = this.owner;
  if (owner !== null) {
    const slab = this.slab;
    // A slab borrowed outside this callback is used from the next read on; this one still went to the shared slab.
    if (slab === null || view !== slab.view) owner.onSocketData(this, view as Buffer, 0, bytesRead);
    else owner.onSocketData(this, slab.bytes, limits.headroomBytes, limits.headroomBytes + bytesRead);
  }
  setNextReadBuffer(this.slab);
  return !this.holdReads;
}

function ignore(): void {
  // See the constructor.
}

const ON_READ = { buffer: nextReadBuffer, callback: onRead as unknown as (bytes: number, view: Uint8Array) => boolean };

function handleOf(socket: net.Socket): IStreamHandle | null {
  return (socket as unknown as { _handle: IStreamHandle | null })._handle ?? null;
}

/** Reports a stream's next `drain` to `owner`, once however often it is asked. */
export function notifyDrain(stream: TStream, owner: ISocketOwner): void {
  if (stream.listenerCount('drain') === 0) stream.once('drain', () => owner.onSocketDrain(stream));
}

/** Stops reading from a stream. */
export function pauseStream(stream: TStream): void {
  if (stream instanceof ProxySocket) stream.holdReading();
  else stream.pause();
}

/** Reads from a stream again. */
export function resumeStream(stream: TStream): void {
  if (stream.destroyed) return;
  if (stream instanceof ProxySocket) stream.resumeReading();
  else stream.resume();
}
