/**
 * Sockets of the proxy on Node's TCP handles, without the streams that `net.Socket` builds over them: no events, no
 * ticks, one object. Why, and what it saves: docs/decisions/0005-sockets-on-handles.md. Busy ones may move into a ring:
 * docs/decisions/0006-busy-sockets-in-a-ring.md.
 *
 * @module
 */
import { limits } from '../limits/limits.ts';
import { LANE_LEFT, Lane } from '../ring/lane.ts';
import type { ILaneSocket } from '../ring/lane.ts';
import { moves } from '../ring/moves.ts';
import type { RingDoor } from '../ring/door.ts';
import { HandleOutput, takeKit } from './handleoutput.ts';
import type { IAddress, IHandle, IHandleKit, IRequest } from './handles.ts';
import { abandonSlab, borrowSlab, returnSlab, sharedSlab } from './slab.ts';
import type { Slab } from './slab.ts';
import type { IDialOwner, IProxySocket } from './socket.ts';
import { connectError, systemError } from './systemerror.ts';

/** libuv's code of a FIN, the same on every system. */
const UV_EOF = -4_095;
const MS_PER_SECOND = 1_000;

interface IOwnHandle extends IHandle {
  proxySocket: HandleSocket | null;
}

interface IConnectRequest extends IRequest {
  proxySocket: HandleSocket;
  host: string;
  port: number;
}

let kit: IHandleKit | null = null;
let results: Int32Array = new Int32Array(1);
let readAt = 0;

/** Whether the runtime shows its handles. Must be true before a {@link HandleSocket} is given one. */
export function canUseHandles(): boolean {
  if (kit !== null) return true;
  kit = takeKit();
  if (kit === null) return false;
  ({ results, readAt } = kit);
  return true;
}

export class HandleSocket extends HandleOutput implements IProxySocket, ILaneSocket {
  slab: Slab | null = null;
  /** What the kernel reads into: libuv has only its address, so it must stay referred to. */
  #view = sharedSlab.view;
  #bytesIn = 0;
  /** The handle reads. */
  #reading = false;
  #paused = false;
  #readEnded = false;
  #resets = false;
  #peer: IAddress | null = null;
  /** Where it may go once it is busy. */
  #door: RingDoor | null = null;
  /** Short reads in a row; below 0 after long ones, which then takes longer. */
  #shortReads = 0;
  /** Came through the ring while the socket was paused. */
  #held: Buffer[] | null = null;
  /** How it ended behind what is held: 0 for the peer's FIN, or a negative error number. */
  #heldEnd: number | null = null;

  /** @param handle an accepted or connected one; null for a socket that only stands in the place of one */
  constructor(handle: IHandle | null) {
    super(handle);
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
    socket.connecting = true;
    if (noDelay) socket.disableDelay();
    const request = new ConnectRequest() as IConnectRequest;
    request.oncomplete = onConnect;
    request.proxySocket = socket;
    request.host = address;
    request.port = port;
    const failed = address.includes(':')
      ? handle.connect6(request, address, port)
      : handle.connect(request, address, port);
    if (failed !== 0) socket.breakSoon(connectError(failed, address, port));
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
    if (this.wire !== null) this.wire.getsockname(name);
    return name.address;
  }

  get wireBytesIn(): number {
    return this.#bytesIn;
  }

  /** An error that was read and not told: nobody reads it once more. */
  get untoldError(): Error | null {
    return this.#heldEnd === null || this.#heldEnd === 0 ? null : systemError(this.#heldEnd, 'read');
  }

  mayUseRing(door: RingDoor | null): void {
    this.#door = door;
  }

  startReading(): void {
    if (!this.#paused) this.resume();
  }

  setKeepAlive(enable: boolean, initialDelayMs: number): void {
    if (this.wire === null) return;
    this.wire.setKeepAlive(enable, Math.floor(initialDelayMs / MS_PER_SECOND), undefined, undefined);
  }

  pause(): void {
    this.#paused = true;
    if (this.lane !== null) this.lane.leave();
    if (!this.#reading || this.handle === null) return;
    this.#reading = false;
    this.handle.readStop();
  }

  resume(): void {
    this.#paused = false;
    const handle = this.handle;
    if (handle === null || this.#reading || this.connecting || this.#readEnded) return;
    if (this.#held !== null) {
      process.nextTick(tellHeld, this);
      return;
    }
    if (this.lane !== null && this.lane.receiving) return;
    this.#reading = true;
    const failed = handle.readStart();
    if (failed !== 0) this.breakSoon(systemError(failed, 'read'));
  }

  /**
   * libuv refuses to reset while a shutdown is pending, and Node then takes the handle for closing, which it never is: a
   * socket that was ended is closed plainly.
   */
  resetOrDestroy(): void {
    this.#resets = !this.ended && !this.connecting;
    this.destroy();
  }

  destroy(error: Error | null = null): void {
    if (this.destroyed) return;
    this.destroyed = true;
    const { lane, owner } = this;
    if (lane !== null) this.abandonLane(lane);
    if (owner !== null) {
      owner.onSocketGone(this, error);
      this.owner = null;
    }
    const handle = this.#letGo();
    if (handle !== null) this.closeHandle(handle, this.#resets);
    if (lane !== null) lane.letGo();
  }

  /**
   * Gives the handle away, with what the kernel still has to send; the socket is of no use any more. Its owner stays,
   * unless it heard meanwhile that the socket is gone.
   *
   * @param unread takes what was read and not told
   * @returns null when there is nothing to give any more
   */
  release(unread: Buffer[]): IHandle | null {
    if (this.lane !== null && !this.#withdraw(this.lane)) this.resetOrDestroy();
    const handle = this.handle as IOwnHandle | null;
    if (this.#reading && handle !== null) handle.readStop();
    if (handle !== null) handle.proxySocket = null;
    if (this.#held !== null) unread.push(...this.#held);
    this.destroyed = true;
    return this.#letGo();
  }

  useOwnSlab(): void {
    if (this.slab !== null || this.destroyed) return;
    this.slab = borrowSlab();
    if (this.lane !== null) this.lane.leave();
  }

  replaceSlab(): void {
    if (this.slab === null) return;
    abandonSlab();
    this.slab = borrowSlab();
  }

  /** The handle read something, or could not. Returns where the next read goes, undefined for the same place. */
  received(count: number): Uint8Array | undefined {
    if (count <= 0) {
      if (count < 0) this.#ends(count === UV_EOF ? this.checkEnd() : count);
      return undefined;
    }
    this.#bytesIn += count;
    const view = this.#view;
    if (this.#paused || this.#held !== null) {
      this.#hold(view, 0, count);
      return undefined;
    }
    const { owner, slab } = this;
    if (owner !== null) {
      // A slab borrowed outside this callback is used from the next read on; this one still went to the shared slab.
      if (slab === null || view !== slab.view) owner.onSocketData(this, view, 0, count);
      else owner.onSocketData(this, slab.bytes, limits.headroomBytes, limits.headroomBytes + count);
    }
    if (this.#door !== null) this.#considerRing(this.#door, count);
    const next = this.slab === null ? sharedSlab.view : this.slab.view;
    if (next === view) return undefined;
    this.#view = next;
    return next;
  }

  laneReceived(bytes: Buffer, start: number, end: number): void {
    const count = end - start;
    this.#bytesIn += count;
    if (this.#paused || this.#held !== null) {
      this.#hold(bytes, start, end);
      return;
    }
    if (this.owner !== null) this.owner.onSocketData(this, bytes, start, end);
    if (count < limits.ringBufferBytes || this.lane === null) return;
    this.#shortReads = -moves.readsAgain;
    this.lane.leave();
  }

  laneStopped(result: number): void {
    this.forgetLane();
    if (result === LANE_LEFT) {
      if (!this.#paused) this.resume();
    } else this.#ends(result);
  }

  /** Tells what came while it was paused, as long as it is not paused again. */
  tellHeld(): void {
    while (this.#held !== null && !this.#paused && !this.destroyed) {
      const bytes = this.#held.shift();
      if (bytes !== undefined) {
        if (this.owner !== null) this.owner.onSocketData(this, bytes, 0, bytes.length);
        continue;
      }
      this.#held = null;
      if (this.#heldEnd === null) this.resume();
      else this.#stopped(this.#heldEnd);
    }
  }

  connected(status: number, { host, port }: IConnectRequest): void {
    if (this.destroyed) return;
    if (status < 0) {
      this.destroy(connectError(status, host, port));
      return;
    }
    this.connecting = false;
    if (this.ended && this.handle !== null) this.shutdown(this.handle);
    if (this.owner !== null) (this.owner as IDialOwner).onConnected(this, null);
    this.startReading();
  }

  /** What carries the bytes of the handle. */
  protected get wire(): IHandle | null {
    return this.handle;
  }

  /** What an end of the handle's reading is: 0 for the peer's FIN, or a negative error number. */
  protected checkEnd(): number {
    return 0;
  }

  protected closeHandle(handle: IHandle, resets: boolean): void {
    if (resets) handle.reset();
    else handle.close();
  }

  /** The peer sends no more. */
  protected endReading(): void {
    this.#reading = false;
    this.#readEnded = true;
    if (this.owner !== null) this.owner.onSocketEnd(this);
  }

  #hold(bytes: Buffer, start: number, end: number): void {
    this.#held ??= [];
    this.#held.push(Buffer.from(bytes.subarray(start, end)));
  }

  /** Nothing more comes: 0 for the peer's FIN, or a negative error number. Told behind what is held. */
  #ends(result: number): void {
    if (this.#paused || this.#held !== null) {
      this.#held ??= [];
      this.#heldEnd = result;
    } else this.#stopped(result);
  }

  /** A socket that gets many short messages is cheaper in the ring; one that gets long ones is not. */
  #considerRing(door: RingDoor, count: number): void {
    if (count >= limits.ringBufferBytes) {
      this.#shortReads = -moves.readsAgain;
      return;
    }
    this.#shortReads += 1;
    if (this.#shortReads < moves.reads || this.handle === null) return;
    if (this.#reading && this.writableLength === 0 && this.lane === null) this.#enterRing(door, this.handle);
  }

  #enterRing(door: RingDoor, handle: IHandle): void {
    if (this.slab !== null) {
      returnSlab(this.slab);
      this.slab = null;
    }
    handle.readStop();
    this.#reading = false;
    this.lane = Lane.enter(door, handle.fd, this);
    if (this.lane !== null) return;
    this.#shortReads = -moves.readsAgain;
    this.resume();
  }

  /** False when the kernel does not let go of it, which is not known to happen: nobody could read from it then. */
  #withdraw(lane: Lane): boolean {
    const parts: Buffer[] = [];
    const result = lane.withdraw(parts);
    if (result === null) return false;
    this.lane = null;
    if (result <= 0) this.#heldEnd = result;
    for (const part of parts) this.#bytesIn += part.length;
    if (parts.length > 0) this.#held = this.#held === null ? parts : [...this.#held, ...parts];
    return true;
  }

  #stopped(result: number): void {
    if (result < 0) this.destroy(systemError(result, 'read'));
    else this.endReading();
  }

  #letGo(): IHandle | null {
    if (this.slab !== null) {
      // A write may still be under way, so the slab is not reused.
      abandonSlab();
      this.slab = null;
    }
    return this.takeHandle();
  }

  #peerName(): IAddress {
    if (this.#peer !== null) return this.#peer;
    const name: IAddress = {};
    if (this.wire === null || this.wire.getpeername(name) !== 0) return name;
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

function tellHeld(socket: HandleSocket): void {
  socket.tellHeld();
}
