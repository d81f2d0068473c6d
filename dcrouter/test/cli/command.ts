// The command as tests call it: in this process with its streams caught, or as a process of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { main } from '../../ts/cli/main.ts';
import type { IInput, IIo, IOutput } from '../../ts/cli/io.ts';

export interface IRun {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface ICallOptions {
  readonly url?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Columns of the terminal that the output is. */
  readonly columns?: number;
  readonly interrupt?: AbortSignal;
  /** Called with all output so far. */
  readonly onOutput?: (out: string) => void;
}

/** Runs `main` on caught streams. */
export async function call(args: readonly string[], options: ICallOptions = {}): Promise<IRun> {
  const { url, env = {}, input = '', columns, interrupt, onOutput } = options;
  let out = '';
  let err = '';
  const stream = (take: (chunk: string) => void): IOutput => ({
    write: (chunk) => {
      take(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8'));
      return true;
    },
    once: () => undefined,
    removeListener: () => undefined,
    ...(columns !== undefined && { isTTY: true, columns, rows: 40 }),
  });
  const io: IIo = {
    out: stream((chunk) => {
      out += chunk;
      onOutput?.(out);
    }),
    err: stream((chunk) => {
      err += chunk;
    }),
    in: Readable.from([input]) as unknown as IInput,
    env: { ...(url !== undefined && { DCROUTER_URL: url }), ...env },
    interrupted: () => interrupt ?? new AbortController().signal,
  };
  const code = await main(args, io);
  return { code, out, err };
}

export const flags = ['--conditions=dcrouter-source', '--disable-warning=ExperimentalWarning'] as const;
export const entry = join(import.meta.dirname, 'entry.ts');

/** Runs the command as a process of its own. */
export async function spawned(args: readonly string[], url?: string, input = '', program = entry): Promise<IRun> {
  const { DCROUTER_TOKEN: _, ...others } = process.env;
  const child = spawn(process.execPath, [...flags, program, ...args], {
    env: { ...others, ...(url !== undefined && { DCROUTER_URL: url }) },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.end(input);
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: code as number, out, err };
}
