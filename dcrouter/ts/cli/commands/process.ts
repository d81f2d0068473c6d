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
      const answer = await client.json<{ readonly restarted: boolean }>('POST', '/restart');
      await cli.show(answer, () => 'a new process serves now');
    });
  program
    .command('drain')
    .description('Say by /readyz that traffic should go elsewhere; what is open goes on.')
    .action(async () => {
      const client = await cli.client();
      const answer = await client.json<{ readonly draining: boolean }>('POST', '/drain');
      await cli.show(answer, () => '/readyz says no; what is open goes on: dcrouter connections list');
    });
}
