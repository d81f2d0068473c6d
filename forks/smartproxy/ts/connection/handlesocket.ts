/**
 * Sockets of the proxy on Node's TCP handles, without the streams that `net.Socket` builds over them: no events, no
 * ticks, one object. Why, and what it saves: docs/decisions/0005-sockets-on-handles.md.
 *
 * @module
 */
import { getSystemErrorName } from 'node:util';
import { limits } from '../limits/limits.ts';
import { handleKit } from './handles.ts';
import type { IAddress, IHandle, IHandleKit, IRequest } from './handles.ts';
import { abandonSlab, borrowSlab, sharedSlab } from './slab.ts';
import type { Slab } from './slab.ts';
import type { IDialOwner, IProxySocket, ISocketOwner, IStream } from './socket.ts';

/** libuv's code of a FIN, the same on every system. */
const UV_EOF = -4_095;
const MS_PER_SECOND = 1_000;

interface IOwnHandle extends IHandle {
  proxySocket: HandleSocket | null;
}

/** A write that the kernel could not take whole. */
interface IWriteRequest extends IRequest {
  proxySocket: HandleSocket | null;
  bytes: number;
  /** Keeps the memory that is read from. */
  kept: Uint8Array | string | null;
}

interface IConnectRequest extends IRequest {
  proxySocket: HandleSocket;
  host: string;
  port: number;
}

const NO_RESULTS = new Int32Array(1);
let kit: IHandleKit | null = null;
let results: Int32Array = NO_RESULTS;
let readAt = 0;
let asyncAt = 0;
/** Requests are used up only by writes that go on after the call, which are few: the next write takes the same one. */
let spareRequest: IWriteRequest | null = null;

/** Whether the runtime shows its handles. Must be true before a {@link HandleSocket} is given one. */
export function canUseHandles(): boolean {
  if (kit !== null) return true;
  kit = handleKit();
  if (kit === null) return false;
  ({ results, readAt, asyncAt } = kit);
  spareRequest = makeWriteRequest();
  return true;
}

export class HandleSocket implements IProxySocket {
  owner: ISocketOwner | null = null;
  slab: Slab | null = null;
  destroyed = false;
  writableLength = 0;
  writableNeedDrain = false;
  #handle: IHandle | null;
  /** What the kernel reads into: libuv has only its address, so it must stay referred to. */
  #view = sharedSlab.view;
  #bytesIn = 0;
  #bytesOut = 0;
  #reading = false;
  #paused = false;
  #readEnded = false;
  #ended = false;
  #connecting = false;
  #closesWhenSent = false;
  #resets = false;
  /** Nagle's algorithm (RFC 896) is to be turned off before it can hold a write back; many sockets never get there. */
  #delayUntouched = false;
  #written = false;
  #drainOwner: ISocketOwner | null = null;
  #peer: IAddress | null = null;

  /** @param handle an accepted or connected one; null for a socket that only stands in the place of one */
  constructor(handle: IHandle | null) {
    this.#handle = handle;
    if (handle === null) return;
    (handle as IOwnHandle).proxySocket = this;
    handle.onread = onRead;
    handle.useUserBuffer(this.#view);
  }

  /** Begins to connect to an address; the owner hears `onConnected` or `onSocketGone`. */
  static dial(owner: IDialOwner, address: string, port: number, noDelay: boolean): HandleSocket {
    const { TCP, socketType, ConnectRequest } = kit!;
    const handle = new TCP(socketType);
    const socket = new HandleSocket(handle);
    socket.owner = owner;
    socket.#connecting = true;
    if (noDelay) socket.disableDelay();
    const request = new ConnectRequest() as IConnectRequest;
    request.oncomplete = onConnect;
    request.proxySocket = socket;
    request.host = address;
    request.port = port;
    const failed = address.includes(':')
      ? handle.connect6(request, address, port)
      : handle.connect(request, address, port);
    if (failed !== 0) socket.#breakSoon(connectError(failed, request));
    return socket;
  }

  get remoteAddress(): string | undefined {
    return this.#peerName().address;
  }

  get remotePort(): number | undefined {
    return this.#peerName().port;
  }

  get localAddress(): string | undefined {
    const name: IAddress = {};
    if (this.#handle !== null) this.#handle.getsockname(name);
    return name.address;
  }

  get wireBytesIn(): number {
    return this.#bytesIn;
  }

  get wireBytesOut(): number {
    if (this.writableLength === 0 || this.#handle === null) return this.#bytesOut;
    return this.#bytesOut - this.#handle.writeQueueSize;
  }

  startReading(): void {
    if (!this.#paused) this.resume();
  }

  disableDelay(): void {
    this.#delayUntouched = true;
  }

  setKeepAlive(enable: boolean, initialDelayMs: number): void {
    if (this.#handle === null) return;
    this.#handle.setKeepAlive(enable, Math.floor(initialDelayMs / MS_PER_SECOND), undefined, undefined);
  }

  write(data: Uint8Array | string, _encoding?: 'latin1'): boolean {
    const handle = this.#handle;
    if (handle === null || this.#ended) return false;
    if (this.#delayUntouched && (this.#written || data.length > limits.segmentBytes)) {
      this.#delayUntouched = false;
      handle.setNoDelay(true);
    }
    this.#written = true;
    const request = spareRequest!;
    const failed =
      typeof data === 'string' ? handle.writeLatin1String(request, data) : handle.writeBuffer(request, data);
    if (failed !== 0) {
      this.#breakSoon(systemError(failed, 'write'));
      return false;
    }
    this.#bytesOut += data.length;
    if (results[asyncAt] === 0) return true;
    spareRequest = makeWriteRequest();
    request.proxySocket = this;
    request.bytes = data.length;
    request.kept = data;
    this.writableLength += data.length;
    if (this.writableLength < limits.writeQueueBytes) return true;
    this.writableNeedDrain = true;
    return false;
  }

  end(): void {
    if (this.#handle === null || this.#ended) return;
    this.#ended = true;
    if (!this.#connecting) this.#shutdown(this.#handle);
  }

  pause(): void {
    this.#paused = true;
    if (!this.#reading || this.#handle === null) return;
    this.#reading = false;
    this.#handle.readStop();
  }

  resume(): void {
    this.#paused = false;
    const handle = this.#handle;
    if (handle === null || this.#reading || this.#connecting || this.#readEnded) return;
    this.#reading = true;
    const failed = handle.readStart();
    if (failed !== 0) this.#breakSoon(systemError(failed, 'read'));
  }

  /** Reports to `owner` when the outgoing queue is empty again, once however often it is asked. */
  notifyDrain(owner: ISocketOwner): void {
    this.#drainOwner = owner;
  }

  /** libuv refuses to reset while a shutdown is pending, so a socket that was ended is closed plainly. */
  resetOrDestroy(): void {
    this.#resets = !this.#ended && !this.#connecting;
    this.destroy();
  }

  /**
   * When the kernel has all that was written, it sends the rest and the FIN by itself after a plain close, which spares
   * a shutdown.
   */
  destroySoon(): void {
    if (this.writableLength === 0) this.destroy();
    else this.#closesWhenSent = true;
  }

  destroy(error: Error | null = null): void {
    if (this.destroyed) return;
    this.destroyed = true;
    const owner = this.owner;
    if (owner !== null) {
      owner.onSocketGone(this, error);
      this.owner = null;
    }
    const handle = this.#letGo();
    // A reset that is refused leaves the handle open.
    if (handle !== null && !(this.#resets && handle.reset() === 0)) handle.close();
  }

  /** Gives the handle away, with what the kernel still has to send; the socket is of no use any more. */
  release(): IHandle | null {
    const handle = this.#handle as IOwnHandle | null;
    if (this.#reading && handle !== null) handle.readStop();
    if (handle !== null) handle.proxySocket = null;
    this.destroyed = true;
    this.owner = null;
    return this.#letGo();
  }

  useOwnSlab(): void {
    if (this.slab === null && !this.destroyed) this.slab = borrowSlab();
  }

  replaceSlab(): void {
    if (this.slab === null) return;
    abandonSlab();
    this.slab = borrowSlab();
  }

  /** The handle read something, or could not. Returns where the next read goes, undefined for the same place. */
  received(count: number): Uint8Array | undefined {
    if (count <= 0) {
      if (count === UV_EOF) this.#endReading();
      else if (count < 0) this.destroy(systemError(count, 'read'));
      return undefined;
    }
    this.#bytesIn += count;
    const view = this.#view;
    const { owner, slab } = this;
    if (owner !== null) {
      // A slab borrowed outside this callback is used from the next read on; this one still went to the shared slab.
      if (slab === null || view !== slab.view) owner.onSocketData(this, view, 0, count);
      else owner.onSocketData(this, slab.bytes, limits.headroomBytes, limits.headroomBytes + count);
    }
    const next = this.slab === null ? sharedSlab.view : this.slab.view;
    if (next === view) return undefined;
    this.#view = next;
    return next;
  }

  /** The kernel took the rest of a write, or could not. */
  sent(bytes: number, status: number): void {
    if (this.destroyed) return;
    if (status < 0) {
      this.destroy(systemError(status, 'write'));
      return;
    }
    this.writableLength -= bytes;
    if (this.writableLength > 0) return;
    if (this.#closesWhenSent) {
      this.destroy();
      return;
    }
    this.writableNeedDrain = false;
    const owner = this.#drainOwner;
    this.#drainOwner = null;
    if (owner !== null) owner.onSocketDrain(this);
  }

  connected(status: number, request: IConnectRequest): void {
    if (this.destroyed) return;
    if (status < 0) {
      this.destroy(connectError(status, request));
      return;
    }
    this.#connecting = false;
    if (this.#ended && this.#handle !== null) this.#shutdown(this.#handle);
    if (this.owner !== null) (this.owner as IDialOwner).onConnected(this, null);
    this.startReading();
  }

  #endReading(): void {
    this.#reading = false;
    this.#readEnded = true;
    if (this.owner !== null) this.owner.onSocketEnd(this);
  }

  #shutdown(handle: IHandle): void {
    // Nobody waits for it. It fails only when the connection is gone, which is then heard by reading.
    handle.shutdown(new kit!.ShutdownRequest());
  }

  /** Not within the call that failed: whoever made it is not ready to lose the socket there. */
  #breakSoon(error: Error): void {
    process.nextTick(destroyWith, this, error);
  }

  #letGo(): IHandle | null {
    const handle = this.#handle;
    this.#bytesOut = this.wireBytesOut;
    this.#handle = null;
    if (this.slab !== null) {
      // A write may still be under way, so the slab is not reused.
      abandonSlab();
      this.slab = null;
    }
    return handle;
  }

  #peerName(): IAddress {
    if (this.#peer !== null) return this.#peer;
    const name: IAddress = {};
    if (this.#handle === null || this.#handle.getpeername(name) !== 0) return name;
    this.#peer = name;
    return name;
  }
}

function onRead(this: IHandle): Uint8Array | undefined {
  return (this as IOwnHandle).proxySocket!.received(results[readAt]!);
}

function onConnect(status: number, _handle: unknown, request: IConnectRequest): void {
  request.proxySocket.connected(status, request);
}

function onSent(this: IWriteRequest, status: number): void {
  const socket = this.proxySocket;
  this.proxySocket = null;
  this.kept = null;
  if (socket !== null) socket.sent(this.bytes, status);
}

function makeWriteRequest(): IWriteRequest {
  const request = new kit!.WriteRequest() as IWriteRequest;
  request.oncomplete = onSent;
  request.proxySocket = null;
  request.bytes = 0;
  request.kept = null;
  return request;
}

function destroyWith(stream: IStream, error: Error): void {
  stream.destroy(error);
}

/** As Node's own sockets say it. */
function systemError(number: number, syscall: string, where = ''): NodeJS.ErrnoException {
  const code = getSystemErrorName(number);
  return Object.assign(new Error(`${syscall} ${code}${where}`), { errno: number, code, syscall });
}

function connectError(number: number, { host, port }: IConnectRequest): Error {
  return Object.assign(systemError(number, 'connect', ` ${host}:${port}`), { address: host, port });
}
