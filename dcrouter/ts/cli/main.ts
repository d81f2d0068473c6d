/**
 * The `dcrouter` command.
 *
 * @module
 */
import { ConfigError } from '../config/error.ts';
import type { DcRouter } from '../router.ts';
import { StartError } from '../start-error.ts';
import { runCommand } from './command.ts';
import { processIo, type IIo } from './io.ts';
import { StoreInUseError, StoreOpenError } from '../store/errors.ts';

/**
 * Runs one command and resolves to the process's exit code: 0 done, 1 the command failed, 2 wrong usage.
 *
 * @param io where it reads and writes; the process's own streams unless given
 */
export async function main(argv: readonly string[], io: IIo = processIo()): Promise<number> {
  return await runCommand(argv, io, async (file) => await guarded(() => runUntilSignal(file)));
}

const MENDABLE = [ConfigError, StartError, StoreInUseError, StoreOpenError] as const;

/** Turns the errors that a user can mend into one line each; anything else is a defect and keeps its stack. */
export async function guarded(work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (!MENDABLE.some((kind) => error instanceof kind)) throw error;
    for (const line of (error as Error).message.split('\n')) console.error(`dcrouter: ${line}`);
    return 1;
  }
}

/**
 * Starts the router and resolves once it has ended: by a signal, or after restarts with the last process's end. A second
 * signal ends the process at once.
 *
 * @param successorArgs command line of the processes that restarts start, where it is not this process's own
 */
export async function runUntilSignal(
  file: string,
  onStarted?: (router: DcRouter) => void,
  successorArgs?: readonly string[],
): Promise<number> {
  // Only here: a command that asks a running router need not load one.
  const [{ loadConfig }, { FileServing }, { runProcess }] = await Promise.all([
    import('../config/load.ts'),
    import('../process/file-serving.ts'),
    import('../process/run.ts'),
  ]);
  return await runProcess({
    read: async () => await loadConfig(file),
    create: (config, host) => new FileServing(file, config, host),
    onStarted: ({ router }) => onStarted?.(router),
    successorArgs,
  });
}
