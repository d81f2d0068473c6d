/**
 * The few functions of the C library that batched datagrams need, through Node's own foreign function interface.
 *
 * @module
 */

export interface ILibc {
  socket(domain: number, type: number, protocol: number): number;
  bind(fd: number, address: bigint, length: number): number;
  setOption(fd: number, level: number, name: number, value: bigint, length: number): number;
  close(fd: number): number;
  receiveMany(fd: number, headers: bigint, count: number, flags: number, timeout: bigint): number;
  sendMany(fd: number, headers: bigint, count: number, flags: number): number;
  /** Address of a buffer's first octet; good for as long as somebody else keeps the buffer. */
  addressOf(buffer: Buffer): bigint;
}

/** The library, or why it cannot be had here. */
export async function loadLibc(): Promise<ILibc | string> {
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) {
    return `batched datagrams need Linux on x64 or arm64, this is ${process.platform} on ${process.arch}`;
  }
  try {
    const ffi = await import('node:ffi');
    const { functions } = ffi.dlopen(null, {
      socket: { arguments: ['i32', 'i32', 'i32'], return: 'i32' },
      bind: { arguments: ['i32', 'pointer', 'u32'], return: 'i32' },
      setsockopt: { arguments: ['i32', 'i32', 'i32', 'pointer', 'u32'], return: 'i32' },
      close: { arguments: ['i32'], return: 'i32' },
      recvmmsg: { arguments: ['i32', 'pointer', 'u32', 'i32', 'pointer'], return: 'i32' },
      sendmmsg: { arguments: ['i32', 'pointer', 'u32', 'i32'], return: 'i32' },
    });
    return {
      socket: functions.socket,
      bind: functions.bind,
      setOption: functions.setsockopt,
      close: functions.close,
      receiveMany: functions.recvmmsg,
      sendMany: functions.sendmmsg,
      addressOf: (buffer) => ffi.getRawPointer(buffer),
    };
  } catch (error) {
    return `this runtime has no usable node:ffi: ${error instanceof Error ? error.message : String(error)}`;
  }
}
