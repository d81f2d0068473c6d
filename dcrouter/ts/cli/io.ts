/**
 * Where the command reads and writes: the process's own streams, or those of a test.
 *
 * @module
 */

/** The parts of a stream that are used. */
export interface IOutput {
  write(text: string | Uint8Array): boolean;
  once(event: 'drain' | 'close' | 'error', listener: () => void): unknown;
  removeListener(event: 'drain' | 'close' | 'error', listener: () => void): unknown;
  readonly destroyed?: boolean;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

export interface IInput extends AsyncIterable<Buffer | string> {
  readonly isTTY?: boolean;
  setRawMode?(raw: boolean): unknown;
  on(event: 'data', listener: (chunk: Buffer | string) => void): unknown;
  removeListener(event: 'data', listener: (chunk: Buffer | string) => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

export interface IIo {
  readonly out: IOutput;
  readonly err: IOutput;
  readonly in: IInput;
  readonly env: NodeJS.ProcessEnv;
  /** Aborted when the user wants the command to end: SIGINT or SIGTERM. Signals are caught from the first call on. */
  interrupted(): AbortSignal;
}

export function processIo(): IIo {
  let ending: AbortController | undefined;
  return {
    out: process.stdout,
    err: process.stderr,
    in: process.stdin,
    env: process.env,
    interrupted: () => {
      if (ending === undefined) {
        const controller = new AbortController();
        for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort());
        ending = controller;
      }
      return ending.signal;
    },
  };
}

/** Whoever reads us may stop (`| head`): that ends the command, and is no defect. */
export function endWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}

/** Writes, and waits until the stream takes more. */
export async function writeAll(output: IOutput, text: string | Uint8Array): Promise<void> {
  if (output.write(text) || output.destroyed === true) return;
  await new Promise<void>((resolve) => {
    const events = ['drain', 'close', 'error'] as const;
    const done = (): void => {
      for (const event of events) output.removeListener(event, done);
      resolve();
    };
    for (const event of events) output.once(event, done);
  });
}
