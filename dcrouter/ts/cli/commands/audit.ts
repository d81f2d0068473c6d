/**
 * `audit`: who changed what.
 *
 * @module
 */
import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { formatTime } from '../format.ts';
import { withPages, type IPageOptions } from '../options.ts';
import { stateStyle } from '../style.ts';
import type { IColumn } from '../table.ts';

interface IEntry {
  readonly id: number;
  readonly atMs: number;
  readonly node: string;
  readonly actor: string;
  readonly action: string;
  readonly target: string;
  readonly outcome: string;
}

const COLUMNS: ReadonlyArray<IColumn<IEntry>> = [
  { title: 'at (UTC)', value: ({ atMs }) => formatTime(atMs) },
  { title: 'node', value: ({ node }) => node, shrink: true },
  { title: 'actor', value: ({ actor }) => actor, shrink: true },
  { title: 'action', value: ({ action }) => action },
  { title: 'target', value: ({ target }) => target, shrink: true },
  { title: 'outcome', value: ({ outcome }) => outcome, style: ({ outcome }) => stateStyle(outcome) },
];

interface IAuditOptions extends IPageOptions {
  readonly action?: string;
  readonly actor?: string;
}

export function addAudit(program: Command, cli: Cli): void {
  withPages(
    program
      .command('audit')
      .description('List what was changed and by whom, newest first.')
      .option('--action <action>', 'Only one action, such as route.put.')
      .option('--actor <actor>', 'Only one actor, such as token:ci.'),
  ).action(async ({ action, actor, ...page }: IAuditOptions) => {
    await cli.list<IEntry>('/audit', COLUMNS, { ...page, query: { action, actor }, empty: 'nothing was changed' });
  });
}
