/**
 * The `dcrouter` command.
 *
 * @module
 */
import { parseArgs } from 'node:util';
import { ConfigError } from '../config/error.ts';
import { loadConfig } from '../config/load.ts';
import { FileServing } from '../process/file-serving.ts';
import { runProcess } from '../process/run.ts';
import type { DcRouter } from '../router.ts';
import { StartError } from '../start-error.ts';
import { StoreInUseError, StoreOpenError } from '../store/errors.ts';

const USAGE = `usage: dcrouter run --config FILE     run the router until SIGINT or SIGTERM
       dcrouter check --config FILE   read and validate a configuration`;

/**
 * Runs one command and resolves to the process's exit code: 0 done, 1 the command failed, 2 wrong usage.
 */
export async function main(argv: readonly string[]): Promise<number> {
  let parsed;
  try {
    parsed = parseArgs({
      args: [...argv],
      options: { config: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
      allowPositionals: true,
    });
  } catch (error) {
    return usage((error as Error).message);
  }
  if (parsed.values.help) {
    console.log(USAGE);
    return 0;
  }
  const command = parsed.positionals[0] ?? 'run';
  const file = parsed.values.config;
  if (parsed.positionals.length > 1 || !['run', 'check'].includes(command))
    return usage(`there is no command '${parsed.positionals.join(' ')}'`);
  if (file === undefined) return usage(`'${command}' needs --config FILE`);
  return guarded(async () => {
    if (command === 'check') {
      await loadConfig(file);
      console.log(`${file}: the configuration is valid`);
      return 0;
    }
    return runUntilSignal(file);
  });
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
  return await runProcess({
    read: async () => await loadConfig(file),
    create: (config, host) => new FileServing(file, config, host),
    onStarted: ({ router }) => onStarted?.(router),
    successorArgs,
  });
}

function usage(message: string): number {
  console.error(`dcrouter: ${message}\n${USAGE}`);
  return 2;
}
