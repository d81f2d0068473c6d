/**
 * `run`: the router itself.
 *
 * @module
 */
import type { Command } from 'commander';
import type { Cli } from '../cli.ts';

/** Runs the router on a file until its end; resolves to the exit code. */
export type TRun = (file: string) => Promise<number>;

export function addRun(program: Command, cli: Cli, run: TRun): void {
  program
    .command('run')
    .description(
      'Run the router until SIGINT or SIGTERM; SIGHUP reads the file again. What is meant without a command.',
    )
    .requiredOption('--config <file>', 'The configuration document, YAML or JSON.')
    .action(async ({ config }: { readonly config: string }) => {
      cli.exitCode = await run(config);
    });
}
