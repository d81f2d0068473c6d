/**
 * The `dcrouter` command.
 *
 * @module
 */
import { ConfigError } from '../config/error.ts';
import { ControlError } from '../control/error.ts';
import { RouterProcess } from '../process/router-process.ts';
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

/** Starts the router and resolves once a signal ended it. A second signal ends the process at once. */
export async function runUntilSignal(file: string, onStarted?: (router: DcRouter) => void): Promise<number> {
  // Before the start: a signal that comes while the listeners open must end in order, too.
  const signalled = firstSignal();
  const running = await RouterProcess.start(file);
  const { router, control } = running;
  const reload = (signal: NodeJS.Signals): void => {
    router.logger.info({ signal }, 'reading the configuration again');
    control.reload('signal').catch((error: unknown) => {
      // What it ended as has been told; what did not get its turn has not.
      if (error instanceof ControlError)
        router.logger.error({ code: error.code, error: error.message }, 'not reloaded');
    });
  };
  process.on('SIGHUP', reload);
  onStarted?.(router);
  const signal = await signalled;
  router.logger.info({ signal }, 'stopping');
  process.off('SIGHUP', reload);
  await running.stop();
  return 0;
}

/** A terminal's Ctrl-C reaches us twice when a parent forwards it too; only a later one means "at once". */
const SECOND_SIGNAL_AFTER_MS = 1_000;

function firstSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let firstAt: number | undefined;
    const stop = (signal: NodeJS.Signals): void => {
      if (firstAt !== undefined) {
        if (performance.now() - firstAt >= SECOND_SIGNAL_AFTER_MS) process.exit(1);
        return;
      }
      firstAt = performance.now();
      resolve(signal);
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  });
}
