/**
 * A socket's time in the ring: it receives there, and sends there what is short.
 *
 * @module
 */
import { writeLatin1 } from '../connection/latin1.ts';
import { limits } from '../limits/limits.ts';
import type { RingCounters, RingDoor } from './door.ts';
import type { IRingUser, Ring } from './ring.ts';

const ENOBUFS = -105;
const EAGAIN = -11;
const ECANCELED = -125;

/** What a lane tells its socket. */
export interface ILaneSocket {
  laneReceived(bytes: Buffer, start: number, end: number): void;
  /** Nothing more is received here: 0 for the peer's FIN, a negative error number, or {@link LANE_LEFT}. */
  laneStopped(result: number): void;
  /** A message was tried: a negative error number, or 0; what the kernel would not take of it comes as `rest`. */
  laneSent(result: number, rest: Buffer | null): void;
}

/** The lane was left in order: the socket's handle may read. */
export const LANE_LEFT = 1;

export class Lane implements IRingUser {
  /** Bytes handed to the ring of which it is not known whether the kernel has them. */
  inFlight = 0;
  readonly #ring: Ring;
  readonly #counters: RingCounters;
  readonly #fd: number;
  readonly #place: number;
  #socket: ILaneSocket | null;
  #receiving = true;
  /** It is not to go on, neither way. */
  #leaving = false;
  #cancelled = false;
  #block = -1;

  private constructor({ ring, counters }: RingDoor, fd: number, socket: ILaneSocket) {
    this.#ring = ring;
    this.#counters = counters;
    this.#fd = fd;
    this.#socket = socket;
    this.#place = ring.join(this);
  }

  /** Takes a socket into the ring, from which nobody else may read any more; null when the ring has no place for it. */
  static enter(door: RingDoor, fd: number, socket: ILaneSocket): Lane | null {
    const { ring, counters } = door;
    const lane = new Lane(door, fd, socket);
    if (lane.#place === -1) {
      counters.refused += 1;
      return null;
    }
    counters.entered += 1;
    ring.receive(lane.#place, fd);
    ring.flush();
    return lane;
  }

  /** Nothing is received, nothing is on its way. */
  get over(): boolean {
    return !this.#receiving && this.inFlight === 0;
  }

  get receiving(): boolean {
    return this.#receiving;
  }

  /**
   * Sends a short message with all others of this turn.
   * @returns false when it must go by the handle: there is no turn, it is long or empty, or another is on its way
   */
  send(data: string | Uint8Array): boolean {
    const ring = this.#ring;
    const { length } = data;
    if (!ring.draining || this.inFlight > 0 || this.#leaving || length > limits.stringWriteBytes) return false;
    // Nothing cannot be in flight.
    if (length === 0) return false;
    const block = ring.takeBlock();
    if (block === -1) {
      this.#counters.blockless += 1;
      return false;
    }
    const at = block * limits.stringWriteBytes;
    if (typeof data === 'string') writeLatin1(ring.sendBytes, data, at);
    else ring.sendBytes.set(data, at);
    this.#block = block;
    this.inFlight = length;
    ring.send(this.#place, this.#fd, block, length);
    return true;
  }

  /** Receives no more; `laneStopped` follows, until then bytes may. */
  leave(): void {
    if (this.#leaving || !this.#receiving) return;
    this.#leaving = true;
    this.#cancel();
    this.#ring.flush();
  }

  /**
   * The socket is going away: it is told nothing more. What is on its way is handed over first.
   * @returns how much of it the kernel did not take; null where that is not known
   */
  abandon(): number | null {
    if (this.#receiving && this.#socket !== null) this.#counters.closed += 1;
    this.#socket = null;
    const sending = this.inFlight;
    if (this.#receiving && !this.#cancelled) {
      this.#leaving = true;
      this.#cancel();
    }
    if (sending === 0) return 0;
    const result = this.#ring.settle(this.#place);
    if (result === null) return null;
    this.#landed();
    this.#leaveIfOver();
    return sending - Math.max(result, 0);
  }

  /** After {@link abandon}, once the descriptor is closed: the connection ends when the ring lets go of it. */
  letGo(): void {
    this.#ring.flush();
  }

  /**
   * Takes the socket out at once, for somebody else to read from.
   *
   * @param parts takes copies of what came and was not told
   * @returns what `laneStopped` would be told; null when the kernel holds on to the socket
   */
  withdraw(parts: Buffer[]): number | null {
    // Whoever hears of a drain now writes by the handle.
    this.#leaving = true;
    if (this.inFlight > 0) {
      const sent = this.#ring.settle(this.#place);
      if (sent === null) return null;
      this.sent(sent);
    }
    const gone = this.#socket === null;
    this.#socket = null;
    if (!this.#receiving) return LANE_LEFT;
    if (gone) {
      // It was destroyed by what it heard above.
      this.#ring.flush();
      return LANE_LEFT;
    }
    const result = this.#ring.withdraw(this.#place, parts);
    if (result === null) {
      this.#counters.closed += 1;
      return null;
    }
    this.#receiving = false;
    this.#counters.returned += 1;
    this.#leaveIfOver();
    return endOf(result);
  }

  received(bytes: Buffer, start: number, end: number): void {
    const socket = this.#socket;
    if (socket !== null) socket.laneReceived(bytes, start, end);
  }

  stopped(result: number): void {
    if (result === ENOBUFS) this.#counters.bufferless += 1;
    if (!this.#leaving && (result > 0 || result === ENOBUFS)) {
      // The kernel ends a receive that found no buffer, and may end others: they go on.
      this.#ring.receive(this.#place, this.#fd);
      return;
    }
    this.#receiving = false;
    this.#leaving = true;
    const socket = this.#socket;
    const end = endOf(result);
    if (socket !== null) {
      if (end === LANE_LEFT) this.#counters.returned += 1;
      else this.#counters.closed += 1;
    }
    this.#leaveIfOver();
    if (socket !== null) socket.laneStopped(end);
  }

  sent(result: number): void {
    const length = this.inFlight;
    if (length === 0) return;
    const at = this.#block * limits.stringWriteBytes;
    const taken = Math.max(result, 0);
    const rest = taken === length ? null : Buffer.from(this.#ring.sendBytes.subarray(at + taken, at + length));
    this.#landed();
    this.#leaveIfOver();
    const socket = this.#socket;
    if (socket !== null) socket.laneSent(result === EAGAIN ? 0 : Math.min(result, 0), rest);
  }

  #cancel(): void {
    this.#cancelled = true;
    this.#ring.cancel(this.#place);
  }

  #landed(): void {
    this.#ring.giveBlock(this.#block);
    this.#block = -1;
    this.inFlight = 0;
  }

  #leaveIfOver(): void {
    if (!this.over) return;
    this.#ring.leave(this.#place);
  }
}

/** What a socket is told of the result of its last receive. */
function endOf(result: number): number {
  return result > 0 || result === ENOBUFS || result === ECANCELED ? LANE_LEFT : result;
}
