/**
 * `apply`, `confirm`, `rollback`: changing the document that serves.
 *
 * @module
 */
import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { readDocument } from '../document.ts';
import { parseCount, parseTimer } from '../format.ts';
import { appliedText, type IAppliedAnswer } from '../plan.ts';

interface IApplyOptions {
  readonly confirm?: number;
  readonly comment?: string;
  readonly dryRun?: boolean;
  readonly ifVersion?: number;
}

export function addChanges(program: Command, cli: Cli): void {
  program
    .command('apply')
    .description('Put a document in the place of the one that serves; open connections go on.')
    .argument('<file>', 'The document; - is standard input.')
    .option('--confirm <time>', 'Take it back after so long unless it is confirmed: 60s, 5m.', parseTimer)
    .option('--comment <text>', 'Why; stands in the history.')
    .option('--dry-run', 'Change nothing; say what would change.')
    .option('--if-version <n>', 'Only in the place of this version.', parseCount)
    .action(async (file: string, options: IApplyOptions) => await apply(cli, file, options));
  program
    .command('confirm')
    .description('Keep the version that was applied with --confirm.')
    .action(async () => {
      const client = await cli.client();
      const answer = await client.json<{ readonly version: number }>('POST', '/config/confirm');
      await cli.show(answer, ({ version }) => `version ${version} stays`);
    });
  program
    .command('rollback')
    .description('Apply an earlier version again, as a new one.')
    .argument('<version>', 'Its number.', parseCount)
    .option('--confirm <time>', 'Take it back after so long unless it is confirmed: 60s, 5m.', parseTimer)
    .option('--comment <text>', 'Why; stands in the history.')
    .action(async (version: number, { confirm, comment }: IApplyOptions) => {
      const client = await cli.client();
      const body = { version, comment, confirmMs: confirm };
      await told(cli, await client.json<IAppliedAnswer>('POST', '/config/rollback', { body }));
    });
}

async function apply(cli: Cli, file: string, { confirm, comment, dryRun, ifVersion }: IApplyOptions): Promise<void> {
  const text = await readDocument(file, cli.io.in);
  const client = await cli.client();
  const answer = await client.json<IAppliedAnswer>('POST', '/config/apply', {
    query: { dryRun },
    body: { text, comment, confirmMs: confirm },
    file,
    ...(ifVersion !== undefined && { headers: { 'if-match': `"v${ifVersion}"` } }),
  });
  await told(cli, answer);
}

async function told(cli: Cli, answer: IAppliedAnswer): Promise<void> {
  await cli.show(answer, (applied) => appliedText(applied, cli.paint, Date.now()));
}
