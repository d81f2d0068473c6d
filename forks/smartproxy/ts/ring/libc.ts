/**
 * The few functions of the C library that a ring needs, through Node's own foreign function interface.
 *
 * @module
 */

/** Numbers that functions give are -1 where the call failed. */
export interface ILibc {
  /** `io_uring_enter` has no pointer that we use, so all its arguments are plain numbers: such calls are cheap. */
  enter(call: number, fd: number, submit: number, minComplete: number, flags: number, none: 0, size: 0): number;
  setup(call: number, entries: number, params: bigint): number;
  register(call: number, fd: number, operation: number, argument: bigint, count: number): number;
  mmap(address: bigint, length: bigint, protection: number, flags: number, fd: number, offset: bigint): bigint;
  munmap(address: bigint, length: bigint): number;
  eventfd(initial: number, flags: number): number;
  close(fd: number): number;
  /** Address of a view's first octet; good for as long as somebody else keeps the view. */
  addressOf(view: ArrayBufferView): bigint;
  /** Memory of the process as a buffer of JavaScript, not copied. */
  view(address: bigint, length: number): ArrayBuffer;
}

type TFunctions = Record<string, (...args: never[]) => unknown>;

interface IFfi {
  dlopen(
    library: null,
    functions: Record<string, { arguments: string[]; return: string }>,
  ): { readonly functions: TFunctions };
  getRawPointer(view: ArrayBufferView): bigint;
  toArrayBuffer(address: bigint, length: number, copy: boolean): ArrayBuffer;
}

/** The library, or why it cannot be had here. */
export function loadLibc(): ILibc | string {
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) {
    return `a ring needs Linux on x64 or arm64, this is ${process.platform} on ${process.arch}`;
  }
  try {
    const ffi = process.getBuiltinModule('node:ffi') as unknown as IFfi | undefined;
    if (ffi === undefined) return 'a ring needs node:ffi, which this runtime does not have';
    // One function under three shapes: each has the arguments of one system call.
    const syscall = (...types: string[]): unknown =>
      ffi.dlopen(null, { syscall: { arguments: types, return: 'i32' } }).functions['syscall'];
    const { functions } = ffi.dlopen(null, {
      mmap: { arguments: ['pointer', 'u64', 'i32', 'i32', 'i32', 'u64'], return: 'pointer' },
      munmap: { arguments: ['pointer', 'u64'], return: 'i32' },
      eventfd: { arguments: ['u32', 'i32'], return: 'i32' },
      close: { arguments: ['i32'], return: 'i32' },
    });
    return {
      enter: syscall('i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32') as ILibc['enter'],
      setup: syscall('i32', 'i32', 'pointer') as ILibc['setup'],
      register: syscall('i32', 'i32', 'i32', 'pointer', 'i32') as ILibc['register'],
      mmap: functions['mmap'] as ILibc['mmap'],
      munmap: functions['munmap'] as ILibc['munmap'],
      eventfd: functions['eventfd'] as ILibc['eventfd'],
      close: functions['close'] as ILibc['close'],
      addressOf: (view) => ffi.getRawPointer(view),
      view: (address, length) => ffi.toArrayBuffer(address, length, false),
    };
  } catch (error) {
    return `this runtime has no usable node:ffi: ${error instanceof Error ? error.message : String(error)}`;
  }
}
