/**
 * TLS on Node's handles, without the two streams that `tls.TLSSocket` and the `net.Socket` under it are: what both sides
 * of a handshake share. Why, and what it saves: docs/decisions/0007-tls-on-handles.md.
 *
 * @module
 */
import { constants } from 'node:os';
import type { SecureContext } from 'node:tls';
import { takeKit } from '../connection/handleoutput.ts';
import type { IHandle, IRequest } from '../connection/handles.ts';
import { HandleSocket } from '../connection/handlesocket.ts';
import { tlsWrap } from './tlshandles.ts';
import type { ITlsHandle } from './tlshandles.ts';

/** libuv's code of a reset: the system's own number of it, negative. */
const UV_ECONNRESET = -constants.errno.ECONNRESET;

/** The handle that carries TLS. It counts what passes. */
export interface IWire extends IHandle {
  readonly bytesRead: number;
  readonly bytesWritten: number;
  tls: ITlsHandle;
  close(done?: () => void): void;
  reset(done?: () => void): number;
}

interface IOwnTls extends ITlsHandle {
  tlsSocket: TlsSocket;
}

interface IShutdown extends IRequest {
  socket: TlsSocket | null;
}

/** Whether TLS can stand on handles. Must be true before a {@link TlsSocket} is made. */
export function canWrapHandles(): boolean {
  return takeKit() !== null && tlsWrap() !== null;
}

export abstract class TlsSocket extends HandleSocket {
  protected readonly tls: ITlsHandle;
  /** The handshake is over, and the peer who it should be. */
  protected secured = false;
  #wire: IWire | null;
  /** What passed besides what the wire counted; all that passed once it is closed. */
  #wireIn: number;
  #wireOut: number;
  /** OpenSSL has yet to send the end of its handshake: nothing may be ended before. */
  #settling = false;
  /** Our close_notify is sent, or on its way. */
  #notified = false;

  /**
   * Takes over a connected socket; its owner stays.
   *
   * @param wire the handle of `plain`, to which nothing is being written
   */
  protected constructor(plain: HandleSocket, wire: IWire, context: SecureContext, isServer: boolean, noDelay: boolean) {
    const tls = tlsWrap()!(wire, context.context, isServer, false);
    super(tls);
    this.tls = tls;
    this.#wire = wire;
    this.#wireIn = plain.wireBytesIn - wire.bytesRead;
    this.#wireOut = plain.wireBytesOut - wire.bytesWritten;
    this.owner = plain.owner;
    plain.owner = null;
    wire.tls = tls;
    (tls as IOwnTls).tlsSocket = this;
    tls.onhandshakestart = onHandshakeStart;
    tls.onhandshakedone = onHandshakeDone;
    tls.onerror = onError;
    if (noDelay) wire.setNoDelay(true);
  }

  abstract handshakeStarts(): void;
  abstract handshakeDone(): void;
  /** The handshake failed, or a record after it cannot be read. Calls may come while OpenSSL is at work. */
  abstract fails(error: Error): void;

  override get oneAtATime(): boolean {
    return true;
  }

  override get wireBytesIn(): number {
    return this.#wireIn + (this.#wire === null ? 0 : this.#wire.bytesRead);
  }

  override get wireBytesOut(): number {
    const wire = this.#wire;
    return this.#wireOut + (wire === null ? 0 : wire.bytesWritten - wire.writeQueueSize);
  }

  /** What is inside TLS does not come by the descriptor. */
  override mayUseRing(): void {
    // It stays on its handle.
  }

  override write(data: Uint8Array | string): boolean {
    // An empty write is an affair of its own to Node's TLS.
    return data.length === 0 ? !this.destroyed : super.write(data);
  }

  override sent(bytes: number, status: number): void {
    super.sent(bytes, status);
    if (this.ended && !this.#notified && !this.sending && this.handle !== null) this.shutdown(this.handle);
  }

  settled(): void {
    this.#settling = false;
    if (this.sending || this.handle === null) return;
    if (this.closesWhenSent) this.closeSent();
    else if (!this.#notified) this.shutdown(this.handle);
  }

  /** What was written last has left the process. */
  wasShut(): void {
    if (this.closesWhenSent) this.destroy();
  }

  protected override get wire(): IHandle | null {
    return this.#wire;
  }

  /** The handle is still busy with a write, or with its handshake. */
  protected override get sending(): boolean {
    return this.writableLength > 0 || this.#settling;
  }

  /** The last moment of a handshake that came to something. */
  protected secure(listener: { onSecured(): void }): void {
    this.secured = true;
    this.#settling = true;
    listener.onSecured();
    if (this.ended || this.closesWhenSent) setImmediate(settle, this);
    else this.#settling = false;
  }

  /** Sends close_notify (RFC 8446 §6.1), and behind it the FIN. */
  protected override shutdown(handle: IHandle): void {
    this.#notified = true;
    const request = new (takeKit()!.ShutdownRequest)() as IShutdown;
    request.oncomplete = onShut;
    request.socket = this;
    handle.shutdown(request);
  }

  protected override closeSent(): void {
    const { handle } = this;
    if (handle !== null && !this.#notified) {
      this.ended = true;
      this.shutdown(handle);
    }
    // What the kernel has it sends after a plain close as well.
    if (this.#wire === null || this.#wire.writeQueueSize === 0) this.destroy();
    else this.closesWhenSent = true;
  }

  protected override checkEnd(): number {
    const wire = this.#wire;
    if (wire === null) return 0;
    // What comes behind close_notify TLS throws away, however much it is: the client may as well keep it.
    wire.readStop();
    // The error of a reset goes to whoever meets it first. When that was a record of TLS's own, an end is all we read.
    // Once both sides have ended there is no peer either.
    return this.#notified || wire.getpeername({}) === 0 ? 0 : UV_ECONNRESET;
  }

  protected override closeHandle(_handle: IHandle, resets: boolean): void {
    const wire = this.#wire!;
    this.#wireIn = this.wireBytesIn;
    this.#wireOut = this.wireBytesOut;
    this.#wire = null;
    if (resets) wire.reset(onWireClosed);
    else wire.close(onWireClosed);
  }
}

/** Not before: OpenSSL may be at work on it when the socket is destroyed. */
function onWireClosed(this: IWire): void {
  this.tls.destroySSL();
}

function settle(socket: TlsSocket): void {
  socket.settled();
}

function onShut(this: IShutdown): void {
  const { socket } = this;
  this.socket = null;
  if (socket !== null) socket.wasShut();
}

function onHandshakeStart(this: ITlsHandle): void {
  (this as IOwnTls).tlsSocket.handshakeStarts();
}

function onHandshakeDone(this: ITlsHandle): void {
  (this as IOwnTls).tlsSocket.handshakeDone();
}

function onError(this: ITlsHandle, error: Error): void {
  (this as IOwnTls).tlsSocket.fails(error);
}
