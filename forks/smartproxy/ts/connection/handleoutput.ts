/**
 * What a socket on a handle sends: at once where the kernel takes it, else by a write of the handle that goes on, or
 * with many others through the ring.
 *
 * @module
 */
import { limits } from '../limits/limits.ts';
import type { Lane } from '../ring/lane.ts';
import { handleKit } from './handles.ts';
import type { IHandle, IHandleKit, IRequest } from './handles.ts';
import type { ISocketOwner, IStream } from './socket.ts';
import { systemError } from './systemerror.ts';

/** A write that the kernel could not take whole. */
interface IWriteRequest extends IRequest {
  output: HandleOutput | null;
  bytes: number;
  /** Keeps the memory that is read from. */
  kept: Uint8Array | string | null;
}

let kit: IHandleKit | null = null;
let results: Int32Array = new Int32Array(1);
let asyncAt = 0;
/** Requests are used up only by writes that go on after the call, which are few: the next write takes the same one. */
let spareRequest: IWriteRequest | null = null;
/** Of a write that was over before its call returned, which is how TLS tells that the wire is broken; else 0. */
let failedWithin = 0;

/** The runtime's handles, if it shows them. Must have been asked for before a socket is given one. */
export function takeKit(): IHandleKit | null {
  if (kit !== null) return kit;
  kit = handleKit();
  if (kit === null) return null;
  ({ results, asyncAt } = kit);
  spareRequest = makeWriteRequest();
  return kit;
}

export abstract class HandleOutput {
  owner: ISocketOwner | null = null;
  destroyed = false;
  writableLength = 0;
  writableNeedDrain = false;
  protected handle: IHandle | null;
  protected lane: Lane | null = null;
  protected connecting = false;
  /** `end` was called. */
  protected ended = false;
  protected closesWhenSent = false;
  /** Bytes that were written, less those given up. */
  #bytesOut = 0;
  /** Nagle's algorithm (RFC 896) is to be turned off before it can hold a write back; many sockets never get there. */
  #delayUntouched = false;
  #written = false;
  #drainOwner: ISocketOwner | null = null;
  /** Written while a message was on its way through the ring, behind which it must stay. */
  #behind: (string | Uint8Array)[] | null = null;
  #behindBytes = 0;

  constructor(handle: IHandle | null) {
    this.handle = handle;
  }

  abstract destroy(error?: Error | null): void;

  /**
   * The handle takes one write at a time, and keeps nothing of it by reference: what is written meanwhile waits here, as
   * a copy.
   */
  get oneAtATime(): boolean {
    return false;
  }

  get wireBytesOut(): number {
    const inFlight = this.lane === null ? 0 : this.lane.inFlight;
    if (this.writableLength === 0 || this.handle === null) return this.#bytesOut - inFlight;
    return this.#bytesOut - inFlight - this.#behindBytes - this.handle.writeQueueSize;
  }

  disableDelay(): void {
    this.#delayUntouched = true;
  }

  write(data: Uint8Array | string, _encoding?: 'latin1'): boolean {
    const handle = this.handle;
    if (handle === null || this.ended) return false;
    if (this.writableLength > 0 && this.oneAtATime) return this.#writeBehind(data);
    if (this.#delayUntouched && (this.#written || data.length > limits.segmentBytes)) {
      this.#delayUntouched = false;
      handle.setNoDelay(true);
    }
    this.#written = true;
    const lane = this.lane;
    if (lane !== null) {
      if (this.writableLength === 0 && lane.send(data)) {
        this.#bytesOut += data.length;
        return true;
      }
      if (lane.inFlight > 0) return this.#writeBehind(data);
    }
    return this.#writeNow(handle, data);
  }

  end(): void {
    if (this.handle === null || this.ended) return;
    this.ended = true;
    if (!this.connecting && !this.sending) this.shutdown(this.handle);
  }

  /** Reports to `owner` when the outgoing queue is empty again, once however often it is asked. */
  notifyDrain(owner: ISocketOwner): void {
    this.#drainOwner = owner;
  }

  /**
   * When the kernel has all that was written, it sends the rest and the FIN by itself after a plain close, which spares
   * a shutdown.
   */
  destroySoon(): void {
    if (this.writableLength === 0 && !this.sending) this.closeSent();
    else this.closesWhenSent = true;
  }

  /** The kernel took the rest of a write, or could not. */
  sent(bytes: number, status: number): void {
    if (this.destroyed) return;
    if (status < 0) {
      this.destroy(systemError(status, 'write'));
      return;
    }
    this.writableLength -= bytes;
    if (this.#behind !== null && this.handle !== null) this.#writeWaiting(this.handle);
    this.#drained();
  }

  laneSent(result: number, rest: Buffer | null): void {
    if (rest !== null) this.#bytesOut -= rest.length;
    this.forgetLane();
    const handle = this.handle;
    if (result < 0) this.destroy(systemError(result, 'write'));
    if (handle === null || this.destroyed) return;
    if (rest !== null) this.#writeNow(handle, rest);
    const waited = this.#behind !== null;
    if (waited) this.#writeWaiting(handle);
    if (this.ended) this.shutdown(handle);
    if (waited || this.closesWhenSent) this.#drained();
  }

  /** A message is on its way through the ring. */
  protected get sending(): boolean {
    return this.lane !== null && this.lane.inFlight > 0;
  }

  /** Everything that was written is sent: closes in order. */
  protected closeSent(): void {
    this.destroy();
  }

  /** Drops a lane with nothing under way. */
  protected forgetLane(): void {
    if (this.lane !== null && this.lane.over) this.lane = null;
  }

  protected shutdown(handle: IHandle): void {
    // Nobody waits for it. It fails only when the connection is gone, which is then heard by reading.
    handle.shutdown(new kit!.ShutdownRequest());
  }

  /** Not within the call that failed: whoever made it is not ready to lose the socket there. */
  protected breakSoon(error: Error): void {
    process.nextTick(destroyWith, this, error);
  }

  /** The socket's last words: what is on its way and behind it is tried now, and what is not taken is not counted. */
  protected abandonLane(lane: Lane): void {
    const refused = lane.abandon();
    if (refused !== null) this.#bytesOut -= refused;
    if (refused === 0 && this.#behind !== null && this.handle !== null) this.#writeWaiting(this.handle);
  }

  /** Leaves the socket without its handle; what it sent stays known. */
  protected takeHandle(): IHandle | null {
    const handle = this.handle;
    this.#bytesOut = this.wireBytesOut;
    this.handle = null;
    this.lane = null;
    return handle;
  }

  #writeNow(handle: IHandle, data: Uint8Array | string): boolean {
    const request = spareRequest!;
    const failed =
      typeof data === 'string' ? handle.writeLatin1String(request, data) : handle.writeBuffer(request, data);
    if (failed !== 0) {
      this.breakSoon(systemError(failed, 'write'));
      return false;
    }
    this.#bytesOut += data.length;
    if (results[asyncAt] === 0) return true;
    spareRequest = makeWriteRequest();
    if (failedWithin !== 0) {
      this.#bytesOut -= data.length;
      this.breakSoon(systemError(failedWithin, 'write'));
      failedWithin = 0;
      return false;
    }
    request.output = this;
    request.bytes = data.length;
    request.kept = data;
    return this.#queued(data.length);
  }

  #writeBehind(data: Uint8Array | string): boolean {
    this.#behind ??= [];
    this.#behind.push(typeof data === 'string' ? data : Buffer.from(data));
    this.#behindBytes += data.length;
    this.#bytesOut += data.length;
    return this.#queued(data.length);
  }

  #writeWaiting(handle: IHandle): void {
    const behind = this.#behind!;
    this.#behind = null;
    this.#bytesOut -= this.#behindBytes;
    this.writableLength -= this.#behindBytes;
    this.#behindBytes = 0;
    if (this.oneAtATime) this.#writeNow(handle, behind.length === 1 ? behind[0]! : joined(behind));
    else for (const data of behind) this.#writeNow(handle, data);
  }

  #queued(bytes: number): boolean {
    this.writableLength += bytes;
    if (this.writableLength < limits.writeQueueBytes) return true;
    this.writableNeedDrain = true;
    return false;
  }

  #drained(): void {
    if (this.writableLength > 0 || this.sending) return;
    if (this.closesWhenSent) {
      this.closeSent();
      return;
    }
    this.writableNeedDrain = false;
    const owner = this.#drainOwner;
    this.#drainOwner = null;
    if (owner !== null) owner.onSocketDrain(this as unknown as IStream);
  }
}

function onSent(this: IWriteRequest, status: number): void {
  const { output } = this;
  this.output = null;
  this.kept = null;
  if (output === null) failedWithin = status;
  else output.sent(this.bytes, status);
}

function makeWriteRequest(): IWriteRequest {
  const request = new kit!.WriteRequest() as IWriteRequest;
  request.oncomplete = onSent;
  request.output = null;
  request.bytes = 0;
  request.kept = null;
  return request;
}

function joined(parts: readonly (string | Uint8Array)[]): Uint8Array {
  return Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)));
}

function destroyWith(output: HandleOutput, error: Error): void {
  output.destroy(error);
}
