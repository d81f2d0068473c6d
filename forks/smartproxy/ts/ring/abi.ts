/**
 * What io_uring looks like in memory: numbers and places of Linux's `include/uapi/linux/io_uring.h`, under its names.
 *
 * @module
 */

/** System calls; the numbers are the same on x64 and arm64. */
export const SYS_IO_URING_SETUP = 425;
export const SYS_IO_URING_ENTER = 426;
export const SYS_IO_URING_REGISTER = 427;

export const IORING_SETUP_CQSIZE = 1 << 3;
/** A submission that fails does not stop those behind it. */
export const IORING_SETUP_SUBMIT_ALL = 1 << 7;
/** The submission queue's flags say when {@link IORING_ENTER_GETEVENTS} has something to do. */
export const IORING_SETUP_TASKRUN_FLAG = 1 << 9;
/** Only one thread submits. */
export const IORING_SETUP_SINGLE_ISSUER = 1 << 12;
/** Completions are worked out when they are asked for, and interrupt nothing. Linux 6.1. */
export const IORING_SETUP_DEFER_TASKRUN = 1 << 13;

export const IORING_ENTER_GETEVENTS = 1;

/** In the submission queue's flags: completions wait behind a full queue; work waits for the next enter. */
export const IORING_SQ_CQ_OVERFLOW = 1 << 1;
export const IORING_SQ_TASKRUN = 1 << 2;
/** In the completion queue's flags, ours to set: the eventfd is left alone. */
export const IORING_CQ_EVENTFD_DISABLED = 1;

export const IORING_REGISTER_EVENTFD = 4;
export const IORING_REGISTER_PBUF_RING = 22;

export const IORING_OP_ASYNC_CANCEL = 14;
export const IORING_OP_SEND = 26;
export const IORING_OP_RECV = 27;

/** In the flags of a submission: the kernel picks one of our buffers when there is something to put into it. */
export const IOSQE_BUFFER_SELECT = 1 << 5;
/** In the flags of a submission: success is not told. */
export const IOSQE_CQE_SKIP_SUCCESS = 1 << 6;
/** In `ioprio` of a receive: wait first, there is nothing yet; and go on after each completion. */
export const IORING_RECVSEND_POLL_FIRST = 1;
export const IORING_RECV_MULTISHOT = 1 << 1;

/** In the flags of a completion: the upper half is a buffer's number; another completion of this receive will come. */
export const IORING_CQE_F_BUFFER = 1;
export const IORING_CQE_F_MORE = 1 << 1;
export const IORING_CQE_BUFFER_SHIFT = 16;

/** Where `mmap` finds the parts. */
export const IORING_OFF_SQ_RING = 0n;
export const IORING_OFF_SQES = 0x10000000n;

/** `struct io_uring_params`: 30 words, of which these are read or written. */
export const PARAMS = {
  words: 30,
  cqEntries: 1,
  flags: 2,
  sqHead: 10,
  sqTail: 11,
  sqFlags: 14,
  sqArray: 16,
  cqHead: 20,
  cqTail: 21,
  cqCqes: 25,
  cqFlags: 26,
} as const;

/** `struct io_uring_sqe`, in words. */
export const SQE = {
  words: 16,
  /** Operation, flags and `ioprio`, from the low end. */
  opcode: 0,
  fd: 1,
  addressLow: 4,
  addressHigh: 5,
  length: 6,
  operationFlags: 7,
  userData: 8,
  userDataHigh: 9,
  /** In its low half. */
  bufferGroup: 10,
} as const;
export const SQE_FLAGS_SHIFT = 8;
export const SQE_IOPRIO_SHIFT = 16;

/** `struct io_uring_cqe`, in words. */
export const CQE = { words: 4, userData: 0, result: 2, flags: 3 } as const;

/** `struct io_uring_buf`, in words; the ring's tail lies in the last half-word of the first entry. */
export const BUF = { words: 4, addressLow: 0, addressHigh: 1, length: 2, id: 3 } as const;
export const BUF_RING_TAIL_HALFWORD = 7;

/** Never waits: what the kernel does not take now is sent by the socket's handle, which can wait. */
export const MSG_DONTWAIT_NOSIGNAL = 0x4040;
