/**
 * Which kind of socket is made where, and what is done with either kind and with TLS over them.
 *
 * @module
 */
import { isIP } from 'node:net';
import { TLSSocket } from 'node:tls';
import { HandleSocket, canUseHandles } from './handlesocket.ts';
import type { IHandle } from './handles.ts';
import { NetSocket, takeHandle } from './netsocket.ts';
import type { IDialOwner, IProxySocket, ISocketOwner, IStream } from './socket.ts';

/** What this variable says is the option `sockets` of proxies that do not say it themselves. */
const SOCKETS_VARIABLE = 'SMARTPROXY_SOCKETS';

type TSocketKind = 'auto' | 'net' | 'ring';

/** What making a socket needs to know. */
export interface ISocketSettings {
  /** On Node's TCP handles. */
  readonly onHandles: boolean;
  readonly noDelay: boolean;
}

/** Whether sockets stand on Node's TCP handles: unless that is not wanted, or not possible. */
export function useHandles(option: TSocketKind | undefined): boolean {
  return (option ?? process.env[SOCKETS_VARIABLE]) !== 'net' && canUseHandles();
}

/** Whether busy sockets are to leave their handles for a ring, if they have handles and there is a ring. */
export function useRing(option: TSocketKind | undefined): boolean {
  return (option ?? process.env[SOCKETS_VARIABLE]) === 'ring';
}

/** A socket of a handle that was accepted. */
export function acceptedSocket(handle: unknown, { onHandles, noDelay }: ISocketSettings): IProxySocket {
  const socket = onHandles ? new HandleSocket(handle as IHandle) : new NetSocket(handle);
  if (noDelay) socket.disableDelay();
  return socket;
}

/** Connects to an address, or to a name by the system's look-up. */
export function connectSocket(
  owner: IDialOwner,
  host: string,
  port: number,
  { onHandles, noDelay }: ISocketSettings,
): IProxySocket {
  if (onHandles && isIP(host) !== 0) return HandleSocket.dial(owner, host, port, noDelay);
  const socket = new NetSocket();
  socket.owner = onHandles ? new NamedDial(owner, noDelay) : owner;
  if (noDelay) socket.setNoDelay(true);
  return socket.dial(host, port);
}

/** Node looks a name up and tries its addresses (RFC 8305); the handle that connected goes on without its stream. */
class NamedDial implements IDialOwner {
  readonly #owner: IDialOwner;
  readonly #noDelay: boolean;

  constructor(owner: IDialOwner, noDelay: boolean) {
    this.#owner = owner;
    this.#noDelay = noDelay;
  }

  onConnected(connected: IProxySocket): void {
    connected.owner = null;
    const socket = new HandleSocket(takeHandle(connected as NetSocket) as IHandle);
    if (this.#noDelay) socket.disableDelay();
    connected.destroy();
    socket.owner = this.#owner;
    this.#owner.onConnected(socket, null);
    socket.startReading();
  }

  onSocketGone(source: IStream, error: Error | null): void {
    this.#owner.onSocketGone(source, error);
  }

  onSocketData(): void {
    // Nothing is read before the handle is taken.
  }

  onSocketEnd(): void {
    // As above.
  }

  onSocketDrain(): void {
    // Nothing was written.
  }
}

/** The same connection as a socket of Node's, for what works on no other. The owner stays; reading goes on. */
export function toNetSocket(socket: IProxySocket, noDelay: boolean): NetSocket {
  if (!(socket instanceof HandleSocket)) return socket as NetSocket;
  const unread: Buffer[] = [];
  const handle = socket.release(unread);
  const made = new NetSocket(handle);
  if (unread.length > 0) made.unread = unread;
  made.pastBytesIn = socket.wireBytesIn - made.wireBytesIn;
  made.pastBytesOut = socket.wireBytesOut - made.wireBytesOut;
  made.owner = socket.owner;
  socket.owner = null;
  const error = socket.untoldError;
  if (error !== null) process.nextTick(destroyWith, made, error);
  else if (handle === null) made.destroy();
  if (noDelay) made.setNoDelay(true);
  return made;
}

/** The socket of ours that a stream is; null for TLS by Node's own streams. */
export function ownSocket(stream: IStream | null): IProxySocket | null {
  return stream instanceof HandleSocket || stream instanceof NetSocket ? stream : null;
}

/** Reports a stream's next `drain` to `owner`, once however often it is asked. */
export function notifyDrain(stream: IStream, owner: ISocketOwner): void {
  if (stream instanceof HandleSocket) {
    stream.notifyDrain(owner);
    return;
  }
  const emitter = stream as NetSocket;
  if (emitter.listenerCount('drain') === 0) emitter.once('drain', () => owner.onSocketDrain(stream));
}

/**
 * Whether a stream may still refer to bytes that were just written to it.
 *
 * @param wasBusy something had been written before that was still on its way
 */
export function refersToWritten(stream: IStream, wasBusy: boolean): boolean {
  // TLS encrypts or copies what it takes at once; only what waits behind an earlier write Node keeps by reference.
  if (stream instanceof TLSSocket) return wasBusy;
  return stream.writableLength > 0 && !(stream instanceof HandleSocket && stream.oneAtATime);
}

/** Stops reading from a stream. */
export function pauseStream(stream: IStream): void {
  if (stream instanceof NetSocket) stream.holdReading();
  else stream.pause();
}

/** Reads from a stream again. */
export function resumeStream(stream: IStream): void {
  if (stream.destroyed) return;
  if (stream instanceof NetSocket) stream.resumeReading();
  else stream.resume();
}

function destroyWith(socket: NetSocket, error: Error): void {
  socket.destroy(error);
}
