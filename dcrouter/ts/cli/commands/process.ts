/**
 * `restart` and `drain`: the life of the process.
 *
 * @module
 */
import type { Command } from 'commander';
import type { Cli } from '../cli.ts';

export function addProcess(program: Command, cli: Cli): void {
  program
    .command('restart')
    .description('Hand the sockets over to a new process, without losing a connection.')
    .action(async () => {
      const client = await cli.client();
      const answer = await client.json<{ readonly pid: number }>('POST', '/restart');
      await cli.show(answer, ({ pid }) => `process ${pid} serves now`);
    });
  program
    .command('drain')
    .description('Take no new connections; those that are open go on.')
    .action(async () => {
      const client = await cli.client();
      const answer = await client.json<{ readonly draining: boolean }>('POST', '/drain');
      await cli.show(answer, () => 'no new connections are taken; dcrouter status shows those that are left');
    });
}
