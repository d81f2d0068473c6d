/**
 * Node's TCP handles, the layer under `net.Socket`. They are no public interface of Node: what is used of them stands
 * here, is looked for before it is used, and nothing depends on its being there.
 *
 * @module
 */

/** A write, shutdown or connect that is under way. */
export interface IRequest {
  oncomplete?: unknown;
}

/** A TCP socket of libuv. Numbers that methods give are 0 or a negative error of libuv. */
export interface IHandle {
  /** Called for every read with the handle as `this`; what it returns is read into from then on. */
  onread: (() => Uint8Array | undefined) | undefined;
  readonly writeQueueSize: number;
  /** The descriptor; negative where there is none. */
  readonly fd: number;
  useUserBuffer(bytes: Uint8Array): void;
  readStart(): number;
  readStop(): number;
  writeBuffer(request: IRequest, bytes: Uint8Array): number;
  writeLatin1String(request: IRequest, text: string): number;
  shutdown(request: IRequest): number;
  connect(request: IRequest, address: string, port: number): number;
  connect6(request: IRequest, address: string, port: number): number;
  getpeername(out: IAddress): number;
  getsockname(out: IAddress): number;
  setNoDelay(enable: boolean): number;
  setKeepAlive(enable: boolean, initialSeconds: number, interval: undefined, count: undefined): number;
  close(): void;
  /** Closes with a reset. */
  reset(): number;
}

export interface IAddress {
  address?: string;
  port?: number;
}

/** The makers of handles and requests, and where libuv's results are read. */
export interface IHandleKit {
  readonly TCP: new (type: number) => IHandle;
  readonly socketType: number;
  readonly ConnectRequest: new () => IRequest;
  readonly WriteRequest: new () => IRequest;
  readonly ShutdownRequest: new () => IRequest;
  /** Results of the last call. */
  readonly results: Int32Array;
  /** Where in the results: bytes of a read or its error; 1 when a write goes on after the call. */
  readonly readAt: number;
  readonly asyncAt: number;
}

const METHODS = (
  'useUserBuffer readStart readStop writeBuffer writeLatin1String shutdown connect connect6 ' +
  'getpeername getsockname setNoDelay setKeepAlive close reset'
).split(' ');

let found: IHandleKit | null | undefined;

/** Null where the runtime does not show them: under the permission model, or when a later Node has others. */
export function handleKit(): IHandleKit | null {
  if (found === undefined) found = find();
  return found;
}

function find(): IHandleKit | null {
  try {
    const { binding } = process as unknown as { binding: (name: string) => Record<string, unknown> };
    const tcp = binding('tcp_wrap');
    const streams = binding('stream_wrap');
    const kit = {
      TCP: tcp['TCP'],
      socketType: (tcp['constants'] as Record<string, unknown>)['SOCKET'],
      ConnectRequest: tcp['TCPConnectWrap'],
      WriteRequest: streams['WriteWrap'],
      ShutdownRequest: streams['ShutdownWrap'],
      results: streams['streamBaseState'],
      readAt: streams['kReadBytesOrError'],
      asyncAt: streams['kLastWriteWasAsync'],
    };
    return isComplete(kit) ? (kit as IHandleKit) : null;
  } catch {
    return null;
  }
}

function isComplete(kit: Readonly<Record<keyof IHandleKit, unknown>>): boolean {
  const { TCP, results } = kit;
  const makers = [TCP, kit.ConnectRequest, kit.WriteRequest, kit.ShutdownRequest];
  const numbers = [kit.socketType, kit.readAt, kit.asyncAt];
  if (!makers.every((maker) => typeof maker === 'function')) return false;
  if (!numbers.every((number) => typeof number === 'number') || !(results instanceof Int32Array)) return false;
  const { prototype } = TCP as { prototype: object };
  return [...METHODS, 'onread', 'writeQueueSize', 'fd'].every((name) => name in prototype);
}
