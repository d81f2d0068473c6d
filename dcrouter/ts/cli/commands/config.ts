/**
 * `config`: the history of documents.
 *
 * @module
 */
import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { CliError } from '../errors.ts';
import { formatTime, parseCount } from '../format.ts';
import { withPages, type IPageOptions } from '../options.ts';
import { appliedText, type IAppliedAnswer } from '../plan.ts';
import { stateStyle } from '../style.ts';
import type { IColumn } from '../table.ts';

interface IVersion {
  readonly version: number;
  readonly state: string;
  readonly source: string;
  readonly by: string;
  readonly comment: string;
  readonly createdAtMs: number;
  readonly text?: string;
}

const COLUMNS: ReadonlyArray<IColumn<IVersion>> = [
  { title: 'version', value: ({ version }) => version, align: 'right' },
  { title: 'state', value: ({ state }) => state, style: ({ state }) => stateStyle(state) },
  { title: 'made (UTC)', value: ({ createdAtMs }) => formatTime(createdAtMs) },
  { title: 'source', value: ({ source }) => source },
  { title: 'by', value: ({ by }) => by, shrink: true },
  { title: 'comment', value: ({ comment }) => comment, shrink: true },
];

export function addConfig(program: Command, cli: Cli): void {
  const config = program.command('config').description('The history of documents of this node.');
  withPages(config.command('versions').description('List the versions, newest first.')).action(
    async (page: IPageOptions) => await cli.list<IVersion>('/config/versions', COLUMNS, page),
  );
  config
    .command('show')
    .description('Show a version.')
    .argument('<version>', 'Its number.', parseCount)
    .option('--text', 'Only the document, as it was applied.')
    .action(async (number: number, { text: only }: { readonly text?: boolean }) => {
      const client = await cli.client();
      const version = await client.get<IVersion>(`/config/versions/${number}`);
      if (only !== true) return await cli.show(version);
      if (version.text === undefined)
        throw new CliError('DCR_API_FORBIDDEN', "the text of documents needs a token with the scope 'write:config'");
      await cli.say(version.text.replace(/\n$/, ''));
    });
  config
    .command('reload')
    .description('Let the router read its file again and apply it, as SIGHUP does.')
    .action(async () => {
      const client = await cli.client();
      const answer = await client.json<IAppliedAnswer>('POST', '/config/reload');
      await cli.show(answer, (applied) => appliedText(applied, cli.paint, Date.now()));
    });
}
