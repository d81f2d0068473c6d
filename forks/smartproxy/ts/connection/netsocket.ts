/**
 * Sockets of the proxy as `net.Socket`s, with `onread` into shared memory: where Node's own streams are needed, as under
 * TLS and for socket handlers, and on runtimes that do not show their stream handles.
 *
 * The two events that matter are taken where Node produces them: the end of the stream in `push(null)`, the end of the
 * socket in `_destroy`.
 *
 * @module
 */
import net from 'node:net';
import { limits } from '../limits/limits.ts';
import { abandonSlab, borrowSlab, nextReadBuffer, setNextReadBuffer } from './slab.ts';
import type { Slab } from './slab.ts';
import type { IDialOwner, IProxySocket, ISocketOwner } from './socket.ts';

/** The part of Node's stream handle that is read for counting. */
interface ICountingHandle {
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly writeQueueSize: number;
}

type TDestroyDone = (error?: Error | null) => void;

export class NetSocket extends net.Socket implements IProxySocket {
  owner: ISocketOwner | null = null;
  slab: Slab | null = null;
  /** What the socket that this one came of read and did not tell; whoever takes this one reads it first. */
  unread: Buffer[] = [];
  /** Set to stop reading when the running callback returns. */
  holdReads = false;
  /** Bytes that went past the handle, through the ring, before it was given to this socket. */
  pastBytesIn = 0;
  pastBytesOut = 0;

  constructor(handle?: unknown) {
    super({ handle, allowHalfOpen: true, onread: ON_READ } as net.SocketConstructorOpts);
    // What broke a socket is told to its owner in _destroy; this only keeps a stray event from ending the process.
    this.on('error', ignore);
  }

  get wireBytesIn(): number {
    const handle = handleOf(this);
    return this.pastBytesIn + (handle === null ? this.bytesRead : handle.bytesRead);
  }

  get wireBytesOut(): number {
    const handle = handleOf(this);
    return this.pastBytesOut + (handle === null ? this.bytesWritten : handle.bytesWritten - handle.writeQueueSize);
  }

  /** Begins to connect; the owner hears `onConnected` or `onSocketGone`. */
  dial(host: string, port: number): this {
    this.on('connect', onConnect);
    return this.connect({ host, port });
  }

  mayUseRing(): void {
    // Node's streams do their own reading.
  }

  startReading(): void {
    // Node's sockets read from the start.
  }

  disableDelay(): void {
    this.setNoDelay(true);
  }

  /**
   * libuv refuses to reset while a shutdown is pending, and Node then forgets the handle, so a socket that was ended is
   * closed plainly.
   */
  resetOrDestroy(): void {
    if (this.writableEnded || this.connecting) this.destroy();
    else this.resetAndDestroy();
  }

  /**
   * When the kernel has all that was written, it sends the rest and the FIN by itself after a plain close, which spares
   * the shutdown and the turn of the event loop that waits for it.
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

  useOwnSlab(): void {
    if (this.slab === null) this.slab = borrowSlab();
  }

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
function onRead(this: NetSocket, bytesRead: number, view: Uint8Array): boolean {
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

function onConnect(this: NetSocket): void {
  if (this.owner !== null) (this.owner as IDialOwner).onConnected(this, null);
}

function ignore(): void {
  // See the constructor.
}

const ON_READ = { buffer: nextReadBuffer, callback: onRead as unknown as (bytes: number, view: Uint8Array) => boolean };

function handleOf(socket: net.Socket): ICountingHandle | null {
  return (socket as unknown as { _handle: ICountingHandle | null })._handle ?? null;
}

/** Takes the handle out of a socket, which is left without one. */
export function takeHandle(socket: net.Socket): unknown {
  const inner = socket as unknown as { _handle: unknown };
  const handle = inner._handle;
  inner._handle = null;
  return handle;
}
