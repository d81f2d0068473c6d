/**
 * An io_uring: sends and receives of many sockets with one system call, and completions without a call for each. What
 * it saves, and when sockets are in it: docs/decisions/0006-busy-sockets-in-a-ring.md.
 *
 * @module
 */
import { limits } from '../limits/limits.ts';
import {
  BUF,
  BUF_RING_TAIL_HALFWORD,
  CQE,
  IORING_CQE_BUFFER_SHIFT,
  IORING_CQE_F_BUFFER,
  IORING_CQE_F_MORE,
  IORING_CQ_EVENTFD_DISABLED,
  IORING_ENTER_GETEVENTS,
  IORING_OP_ASYNC_CANCEL,
  IORING_OP_RECV,
  IORING_OP_SEND,
  IORING_RECVSEND_POLL_FIRST,
  IORING_RECV_MULTISHOT,
  IORING_SQ_CQ_OVERFLOW,
  IORING_SQ_TASKRUN,
  IOSQE_BUFFER_SELECT,
  IOSQE_CQE_SKIP_SUCCESS,
  MSG_DONTWAIT_NOSIGNAL,
  SQE,
  SQE_FLAGS_SHIFT,
  SQE_IOPRIO_SHIFT,
  SYS_IO_URING_ENTER,
} from './abi.ts';
import { beginArrivals, endArrivals } from '../timing/arrival.ts';
import { Aside, DONE } from './aside.ts';
import type { IRingMemory } from './memory.ts';
import { openWaker } from './waker.ts';
import type { IWaker } from './waker.ts';

/** What a completion is of, in the low bits of its user data; above them is the place of its socket. */
const KIND = { receive: 0, send: 1, other: 2 } as const;
const KIND_BITS = 2;
const KIND_MASK = 3;

const RECEIVE_WORD =
  IORING_OP_RECV |
  (IOSQE_BUFFER_SELECT << SQE_FLAGS_SHIFT) |
  ((IORING_RECV_MULTISHOT | IORING_RECVSEND_POLL_FIRST) << SQE_IOPRIO_SHIFT);
const CANCEL_WORD = IORING_OP_ASYNC_CANCEL | (IOSQE_CQE_SKIP_SUCCESS << SQE_FLAGS_SHIFT);

/** A socket's place in the ring. */
export interface IRingUser {
  /** Bytes arrived in the ring's memory; they are valid only during the call. */
  received(bytes: Buffer, start: number, end: number): void;
  /** Nothing more will arrive: 0 for the peer's FIN, or a negative error number. */
  stopped(result: number): void;
  /** The bytes that the kernel took, or a negative error number. */
  sent(result: number): void;
}

export class Ring {
  /** Completions are being worked off: what is queued meanwhile leaves together. */
  draining = false;
  readonly #memory: IRingMemory;
  readonly #words: Int32Array;
  readonly #submissions: Int32Array;
  readonly #waker: IWaker;
  readonly #users: (IRingUser | null)[] = [];
  readonly #freePlaces: number[] = [];
  readonly #freeBlocks = new Int32Array(limits.ringBlocks);
  #freeBlockCount: number = limits.ringBlocks;
  #userCount = 0;
  #head = 0;
  #tail = 0;
  #freeTail = 0;
  readonly #aside = new Aside();
  #takenResult = 0;
  #takenFlags = 0;
  /** A turn was put off to let Node's event loop go on. */
  #putOff = false;
  #closing = false;
  #closed = false;

  constructor(memory: IRingMemory) {
    this.#memory = memory;
    this.#words = memory.words;
    this.#submissions = memory.submissions;
    this.#waker = openWaker(memory.eventFd, () => this.#wake());
    for (let at = 0; at < limits.ringBlocks; at += 1) this.#freeBlocks[at] = at;
    for (let id = 0; id < limits.ringBuffers; id += 1) this.#giveBuffer(id);
    this.#publishBuffers();
  }

  /** What sockets receive into: owners must take its bytes for borrowed. */
  get bytes(): Buffer {
    return this.#memory.received.bytes;
  }

  /** What sockets send from, in blocks of `stringWriteBytes`. */
  get sendBytes(): Buffer {
    return this.#memory.sent.bytes;
  }

  get users(): number {
    return this.#userCount;
  }

  /** Messages that could be on their way besides those that are. */
  get freeBlocks(): number {
    return this.#freeBlockCount;
  }

  /** A place for a socket, or -1 when there is none. */
  join(user: IRingUser): number {
    if (this.#userCount >= limits.ringLanes || this.#closing) return -1;
    const place = this.#freePlaces.pop() ?? this.#users.length;
    this.#users[place] = user;
    this.#userCount += 1;
    if (this.#userCount === 1) this.#waker.hold();
    return place;
  }

  /** Gives a place back; nothing of it may be under way. */
  leave(place: number): void {
    this.#users[place] = null;
    this.#freePlaces.push(place);
    this.#userCount -= 1;
    if (this.#userCount > 0) return;
    this.#waker.release();
    if (this.#closing && !this.draining) this.#close();
  }

  /** Receives until {@link IRingUser.stopped}. */
  receive(place: number, fd: number): void {
    this.#submit(RECEIVE_WORD, fd, 0, 0, 0, 0, place << KIND_BITS);
  }

  /** Stops receiving; `stopped` follows. */
  cancel(place: number): void {
    // The address is the user data of what is to end.
    this.#submit(CANCEL_WORD, -1, place << KIND_BITS, 0, 0, 0, (place << KIND_BITS) | KIND.other);
  }

  /** A block to send from; -1 when all are on their way. Its bytes are at `block * stringWriteBytes`. */
  takeBlock(): number {
    if (this.#freeBlockCount === 0) return -1;
    this.#freeBlockCount -= 1;
    return this.#freeBlocks[this.#freeBlockCount]!;
  }

  giveBlock(block: number): void {
    this.#freeBlocks[this.#freeBlockCount] = block;
    this.#freeBlockCount += 1;
  }

  send(place: number, fd: number, block: number, length: number): void {
    const { low, high } = this.#memory.sent;
    const userData = (place << KIND_BITS) | KIND.send;
    this.#submit(IORING_OP_SEND, fd, low[block]!, high[block]!, length, MSG_DONTWAIT_NOSIGNAL, userData);
  }

  /** Hands over what is queued, unless that will happen at the end of the running turn anyway. */
  flush(): void {
    if (!this.draining && !this.#closed) this.enter();
  }

  /** Hands over what is queued now, and lets the kernel work out what it put off. */
  enter(): void {
    const words = this.#words;
    const { sqTail, sqHead, cqHead, libc, fd } = this.#memory;
    Atomics.store(words, cqHead, this.#head);
    Atomics.store(words, sqTail, this.#tail);
    const queued = (this.#tail - Atomics.load(words, sqHead)) | 0;
    libc.enter(SYS_IO_URING_ENTER, fd, queued, 0, IORING_ENTER_GETEVENTS, 0, 0);
    // Outside a turn there may be completions now that the eventfd was signalled for; the waker brings them.
  }

  /** The result of a send that is under way, ahead of its turn: handed over now, and so tried. */
  settle(place: number): number | null {
    do {
      this.enter();
      if (this.#take((place << KIND_BITS) | KIND.send)) return this.#takenResult;
    } while (this.#setAside());
    return null;
  }

  /**
   * Ends a receive now.
   *
   * @param parts takes copies of what it brought that was not told yet, in order
   * @returns how it ended, as {@link IRingUser.stopped} would hear it; null when the kernel does not let go of it
   */
  withdraw(place: number, parts: Buffer[]): number | null {
    this.cancel(place);
    for (let tries = 0; tries < limits.ringTurns;) {
      this.enter();
      while (this.#take(place << KIND_BITS)) {
        this.#takePart(parts, this.#takenResult, this.#takenFlags);
        if ((this.#takenFlags & IORING_CQE_F_MORE) === 0) return this.#takenResult;
      }
      if (!this.#setAside()) tries += 1;
    }
    return null;
  }

  /** Gives everything back once no socket is in it; takes no more. */
  closeWhenEmpty(): void {
    this.#closing = true;
    if (this.#userCount === 0 && !this.draining) this.#close();
  }

  /** The thread ends and nobody will be told anything: without this the kernel kept its sockets open behind it. */
  drop(): void {
    for (const [place, user] of this.#users.entries()) {
      if (user !== null) this.cancel(place);
    }
    // Each brings the end of a few.
    for (let left = this.#users.length; left >= 0; left -= 1) this.enter();
  }

  #close(): void {
    this.#closed = true;
    this.#waker.close();
    this.#memory.unmap();
  }

  #takePart(parts: Buffer[], result: number, flags: number): void {
    if ((flags & IORING_CQE_F_BUFFER) === 0) return;
    const id = flags >>> IORING_CQE_BUFFER_SHIFT;
    const start = id * limits.ringBufferBytes;
    if (result > 0) parts.push(Buffer.from(this.bytes.subarray(start, start + result)));
    this.#giveBuffer(id);
  }

  /** Takes the first completion with this user data out of its turn. */
  #take(userData: number): boolean {
    const aside = this.#aside;
    if (!aside.empty && aside.take(userData)) {
      this.#takenResult = aside.result;
      this.#takenFlags = aside.flags;
      return true;
    }
    const words = this.#words;
    const { cqTail, cqes, cqMask } = this.#memory;
    const tail = Atomics.load(words, cqTail);
    for (let next = this.#head; next !== tail; next = (next + 1) | 0) {
      const at = cqes + (next & cqMask) * CQE.words;
      if (words[at + CQE.userData] !== userData) continue;
      words[at + CQE.userData] = DONE;
      this.#takenResult = words[at + CQE.result]!;
      this.#takenFlags = words[at + CQE.flags]!;
      return true;
    }
    return false;
  }

  /** Makes room for completions that wait behind a full queue, if there are any. Those in it keep their turn. */
  #setAside(): boolean {
    const words = this.#words;
    const { sqFlags, cqTail, cqes, cqMask } = this.#memory;
    if ((Atomics.load(words, sqFlags) & IORING_SQ_CQ_OVERFLOW) === 0) return false;
    const tail = Atomics.load(words, cqTail);
    for (; this.#head !== tail; this.#head = (this.#head + 1) | 0) {
      const at = cqes + (this.#head & cqMask) * CQE.words;
      this.#aside.add(words[at + CQE.userData]!, words[at + CQE.result]!, words[at + CQE.flags]!);
    }
    return true;
  }

  #submit(
    word: number,
    fd: number,
    low: number,
    high: number,
    length: number,
    operationFlags: number,
    userData: number,
  ): void {
    if (((this.#tail - this.#words[this.#memory.sqHead]!) | 0) === limits.ringSubmissions) this.#makeRoom();
    const submissions = this.#submissions;
    const at = (this.#tail & (limits.ringSubmissions - 1)) * SQE.words;
    submissions[at + SQE.opcode] = word;
    submissions[at + SQE.fd] = fd;
    submissions[at + SQE.addressLow] = low;
    submissions[at + SQE.addressHigh] = high;
    submissions[at + SQE.length] = length;
    submissions[at + SQE.operationFlags] = operationFlags;
    submissions[at + SQE.userData] = userData;
    this.#tail = (this.#tail + 1) | 0;
  }

  #makeRoom(): void {
    this.enter();
    const left = (this.#tail - this.#words[this.#memory.sqHead]!) | 0;
    if (left === limits.ringSubmissions) throw new Error('the kernel takes no operations');
  }

  #giveBuffer(id: number): void {
    const { free, freeHalfwords, received } = this.#memory;
    const at = (this.#freeTail & (limits.ringBuffers - 1)) * BUF.words;
    free[at + BUF.addressLow] = received.low[id]!;
    free[at + BUF.addressHigh] = received.high[id]!;
    free[at + BUF.length] = limits.ringBufferBytes;
    // The number takes the half of this word that is not, in the first entry, the list's tail.
    freeHalfwords[(at + BUF.id) * 2] = id;
    this.#freeTail += 1;
  }

  #publishBuffers(): void {
    const { freeHalfwords } = this.#memory;
    Atomics.store(freeHalfwords, BUF_RING_TAIL_HALFWORD, this.#freeTail & 0xffff);
  }

  #wake(): void {
    if (!this.#putOff && !this.#closed) this.#drain();
  }

  /** Works completions off until there are none, or others must have a turn. */
  #drain(): void {
    const words = this.#words;
    const { cqFlags, cqTail, cqHead } = this.#memory;
    this.#putOff = false;
    this.draining = true;
    words[cqFlags] = IORING_CQ_EVENTFD_DISABLED;
    let idle = false;
    try {
      if (words[cqTail] === this.#head) this.enter();
      for (let turn = 0; turn < limits.ringTurns && !idle; turn += 1) {
        beginArrivals();
        this.#harvest();
        this.#publishBuffers();
        this.enter();
        idle = words[cqTail] === this.#head && this.#aside.empty && this.#sleeps();
      }
    } finally {
      this.draining = false;
      endArrivals();
      if (!idle) {
        Atomics.store(words, cqHead, this.#head);
        this.#publishBuffers();
        this.#putOff = true;
        setImmediate(drainLater, this);
      } else if (this.#closing && this.#userCount === 0) this.#close();
    }
  }

  /** Asks to be woken; false when something came in between. */
  #sleeps(): boolean {
    const words = this.#words;
    const { cqFlags, cqTail, sqFlags } = this.#memory;
    Atomics.store(words, cqFlags, 0);
    const waits = Atomics.load(words, sqFlags) & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW);
    if (waits === 0 && Atomics.load(words, cqTail) === this.#head) return true;
    words[cqFlags] = IORING_CQ_EVENTFD_DISABLED;
    this.enter();
    return false;
  }

  drainNow(): void {
    if (!this.#closed) this.#drain();
  }

  #harvest(): void {
    const aside = this.#aside;
    while (!aside.empty && aside.next()) this.#tell(aside.userData, aside.result, aside.flags);
    const words = this.#words;
    const { cqTail, cqes, cqMask } = this.#memory;
    const tail = Atomics.load(words, cqTail);
    // Whoever is told may set aside what is left, and more.
    while (((tail - this.#head) | 0) > 0) {
      const at = cqes + (this.#head & cqMask) * CQE.words;
      this.#head = (this.#head + 1) | 0;
      this.#tell(words[at + CQE.userData]!, words[at + CQE.result]!, words[at + CQE.flags]!);
    }
  }

  #tell(userData: number, result: number, flags: number): void {
    if (userData === DONE) return;
    const user = this.#users[userData >>> KIND_BITS] ?? null;
    const kind = userData & KIND_MASK;
    if (kind === KIND.send) {
      if (user !== null) user.sent(result);
    } else if (kind === KIND.receive) this.#received(user, result, flags);
  }

  #received(user: IRingUser | null, result: number, flags: number): void {
    // First of all, as bytes may be the last ones too where completions were short of room, and whoever is told of them
    // may withdraw or throw.
    if ((flags & IORING_CQE_F_MORE) === 0 && user !== null) user.stopped(result);
    if ((flags & IORING_CQE_F_BUFFER) === 0) return;
    const id = flags >>> IORING_CQE_BUFFER_SHIFT;
    // The kernel hears of it when the turn is over.
    this.#giveBuffer(id);
    const start = id * limits.ringBufferBytes;
    if (result > 0 && user !== null) user.received(this.bytes, start, start + result);
  }
}

function drainLater(ring: Ring): void {
  ring.drainNow();
}
