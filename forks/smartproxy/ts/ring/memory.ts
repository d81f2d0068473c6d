/**
 * The memory that a ring shares with the kernel: both queues, the buffers that are received into, the blocks that are
 * sent from.
 *
 * @module
 */
import { limits } from '../limits/limits.ts';
import {
  BUF,
  CQE,
  IORING_OFF_SQES,
  IORING_OFF_SQ_RING,
  IORING_REGISTER_EVENTFD,
  IORING_REGISTER_PBUF_RING,
  IORING_SETUP_CQSIZE,
  IORING_SETUP_DEFER_TASKRUN,
  IORING_SETUP_SINGLE_ISSUER,
  IORING_SETUP_SUBMIT_ALL,
  IORING_SETUP_TASKRUN_FLAG,
  PARAMS,
  SQE,
  SYS_IO_URING_REGISTER,
  SYS_IO_URING_SETUP,
} from './abi.ts';
import type { ILibc } from './libc.ts';

const PROT_READ_WRITE = 3;
const MAP_SHARED_POPULATE = 0x8001;
const MAP_PRIVATE_ANONYMOUS = 0x22;
const NO_FD = -1;
const MAP_FAILED = 0xffff_ffff_ffff_ffffn;
const EFD_CLOEXEC_NONBLOCK = 0x8_0800;
const WORD_BYTES = 4;
const WORDS_PER_REGISTRATION = 5;
const LOW_WORD = 0xffff_ffffn;
const WORD_BITS = 32n;

/** Addresses of equal pieces of memory, each in two words as submissions want them. */
export interface IPieces {
  readonly bytes: Buffer;
  readonly low: Int32Array;
  readonly high: Int32Array;
}

export interface IRingMemory {
  readonly libc: ILibc;
  readonly fd: number;
  readonly eventFd: number;
  /** The queues' words, and where in them things stand. */
  readonly words: Int32Array;
  readonly sqHead: number;
  readonly sqTail: number;
  readonly sqFlags: number;
  readonly cqHead: number;
  readonly cqTail: number;
  readonly cqFlags: number;
  readonly cqes: number;
  readonly cqMask: number;
  readonly submissions: Int32Array;
  /** What is received into, and the kernel's list of what is free of it. */
  readonly received: IPieces;
  readonly free: Int32Array;
  readonly freeHalfwords: Uint16Array;
  /** What is sent from. */
  readonly sent: IPieces;
  unmap(): void;
}

/** Sets a ring up, or says why the system does not let us. */
export function shareMemory(libc: ILibc): IRingMemory | string {
  const params = new Uint32Array(PARAMS.words);
  params[PARAMS.flags] =
    IORING_SETUP_CQSIZE |
    IORING_SETUP_SUBMIT_ALL |
    IORING_SETUP_TASKRUN_FLAG |
    IORING_SETUP_SINGLE_ISSUER |
    IORING_SETUP_DEFER_TASKRUN;
  params[PARAMS.cqEntries] = limits.ringCompletions;
  const fd = libc.setup(SYS_IO_URING_SETUP, limits.ringSubmissions, libc.addressOf(params));
  if (fd < 0) return 'the system gives no io_uring: its kernel is older than 6.1, or processes may not have one here';
  const mapped: { address: bigint; length: bigint }[] = [];
  const map = (length: number, flags: number, from: number, offset: bigint): bigint | null => {
    const address = libc.mmap(0n, BigInt(length), PROT_READ_WRITE, flags, from, offset);
    if (address === MAP_FAILED) return null;
    mapped.push({ address, length: BigInt(length) });
    return address;
  };
  const unmap = (): void => {
    for (const { address, length } of mapped) libc.munmap(address, length);
    libc.close(fd);
  };
  const queueBytes = Math.max(
    params[PARAMS.sqArray]! + limits.ringSubmissions * WORD_BYTES,
    params[PARAMS.cqCqes]! + limits.ringCompletions * CQE.words * WORD_BYTES,
  );
  const submissionBytes = limits.ringSubmissions * SQE.words * WORD_BYTES;
  const listBytes = limits.ringBuffers * BUF.words * WORD_BYTES;
  const queues = map(queueBytes, MAP_SHARED_POPULATE, fd, IORING_OFF_SQ_RING);
  const submissions = map(submissionBytes, MAP_SHARED_POPULATE, fd, IORING_OFF_SQES);
  const list = map(listBytes, MAP_PRIVATE_ANONYMOUS, NO_FD, 0n);
  const eventFd = libc.eventfd(0, EFD_CLOEXEC_NONBLOCK);
  if (queues === null || submissions === null || list === null || eventFd < 0) {
    unmap();
    if (eventFd >= 0) libc.close(eventFd);
    return 'the system gives no memory for io_uring';
  }
  if (!register(libc, fd, list, eventFd)) {
    unmap();
    libc.close(eventFd);
    return 'the kernel does not know the buffers or the eventfd of an io_uring';
  }
  const words = new Int32Array(libc.view(queues, queueBytes));
  const array = params[PARAMS.sqArray]! / WORD_BYTES;
  // Submissions are taken in the order of their places.
  for (let at = 0; at < limits.ringSubmissions; at += 1) words[array + at] = at;
  const free = new Int32Array(libc.view(list, listBytes));
  return {
    libc,
    fd,
    eventFd,
    words,
    sqHead: params[PARAMS.sqHead]! / WORD_BYTES,
    sqTail: params[PARAMS.sqTail]! / WORD_BYTES,
    sqFlags: params[PARAMS.sqFlags]! / WORD_BYTES,
    cqHead: params[PARAMS.cqHead]! / WORD_BYTES,
    cqTail: params[PARAMS.cqTail]! / WORD_BYTES,
    cqFlags: params[PARAMS.cqFlags]! / WORD_BYTES,
    cqes: params[PARAMS.cqCqes]! / WORD_BYTES,
    cqMask: limits.ringCompletions - 1,
    submissions: new Int32Array(libc.view(submissions, submissionBytes)),
    received: pieces(libc, limits.ringBuffers, limits.ringBufferBytes),
    free,
    freeHalfwords: new Uint16Array(free.buffer),
    sent: pieces(libc, limits.ringBlocks, limits.stringWriteBytes),
    unmap,
  };
}

function register(libc: ILibc, fd: number, list: bigint, eventFd: number): boolean {
  // `struct io_uring_buf_reg`: address, number of entries and group 0, nothing else.
  const buffers = new BigUint64Array(WORDS_PER_REGISTRATION);
  buffers[0] = list;
  buffers[1] = BigInt(limits.ringBuffers);
  const event = new Int32Array([eventFd]);
  return (
    libc.register(SYS_IO_URING_REGISTER, fd, IORING_REGISTER_PBUF_RING, libc.addressOf(buffers), 1) === 0 &&
    libc.register(SYS_IO_URING_REGISTER, fd, IORING_REGISTER_EVENTFD, libc.addressOf(event), 1) === 0
  );
}

function pieces(libc: ILibc, count: number, size: number): IPieces {
  const bytes = Buffer.allocUnsafeSlow(count * size);
  const low = new Int32Array(count);
  const high = new Int32Array(count);
  const start = libc.addressOf(bytes);
  for (let at = 0; at < count; at += 1) {
    const address = start + BigInt(at * size);
    low[at] = Number(BigInt.asIntN(Number(WORD_BITS), address & LOW_WORD));
    high[at] = Number(address >> WORD_BITS);
  }
  return { bytes, low, high };
}
