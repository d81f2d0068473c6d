/**
 * An eventfd that Node's event loop listens to.
 *
 * @module
 */

/** One of libuv's pipes: it only reads, so any descriptor that can be waited for will do. */
interface IPipe {
  onread: (() => void) | undefined;
  open(fd: number): number;
  useUserBuffer(bytes: Uint8Array): void;
  readStart(): number;
  ref(): void;
  unref(): void;
  close(): void;
}

interface IPipeBinding {
  readonly Pipe: new (type: number) => IPipe;
  readonly constants: { readonly SOCKET: number };
}

export interface IWaker {
  /** Keeps the process running. */
  hold(): void;
  release(): void;
  close(): void;
}

/** More than the eight octets that an eventfd gives at a time. */
const COUNT_BYTES = 64;

/** Calls `wake` whenever the eventfd was signalled. Takes the descriptor over. Throws where Node shows no pipes. */
export function openWaker(fd: number, wake: () => void): IWaker {
  const { binding } = process as unknown as { binding: (name: string) => unknown };
  const { Pipe, constants } = binding('pipe_wrap') as IPipeBinding;
  const pipe = new Pipe(constants.SOCKET);
  const count = Buffer.allocUnsafeSlow(COUNT_BYTES);
  if (pipe.open(fd) !== 0) throw new Error('an eventfd cannot be listened to');
  pipe.useUserBuffer(count);
  pipe.onread = wake;
  pipe.readStart();
  pipe.unref();
  return {
    hold: () => pipe.ref(),
    release: () => pipe.unref(),
    close: () => {
      // Keeps what is read into alive for as long as the pipe.
      count.fill(0);
      pipe.close();
    },
  };
}
