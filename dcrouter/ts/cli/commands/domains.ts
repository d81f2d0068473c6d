/**
 * `domains`: every name that is served.
 *
 * @module
 */
import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { formatDuration } from '../format.ts';
import { withPages, type IPageOptions } from '../options.ts';
import { stateStyle } from '../style.ts';
import type { IColumn } from '../table.ts';

interface IDomain {
  readonly name: string;
  readonly routes: readonly string[];
  readonly zone?: string;
  readonly certificate?: { readonly route: string; readonly status: string; readonly expiresAtMs?: number };
}

const COLUMNS: ReadonlyArray<IColumn<IDomain>> = [
  { title: 'name', value: ({ name }) => name, shrink: true },
  { title: 'routes', value: ({ routes }) => routes.join(','), shrink: true },
  { title: 'zone', value: ({ zone }) => zone, shrink: true },
  {
    title: 'certificate',
    value: ({ certificate }) => certificate?.status,
    style: ({ certificate }) => stateStyle(certificate?.status ?? ''),
  },
  { title: 'expires in', value: ({ certificate }) => leftUntil(certificate?.expiresAtMs), align: 'right' },
];

export function addDomains(program: Command, cli: Cli): void {
  const domains = program.command('domains').description('Domains: every name that is served.');
  withPages(domains.command('list').description('List the names with their routes, zone and certificate.')).action(
    async (page: IPageOptions) => await cli.list<IDomain>('/domains', COLUMNS, { ...page, empty: 'no name is served' }),
  );
}

export function leftUntil(unixMs: number | undefined): string {
  return unixMs === undefined ? '' : formatDuration(unixMs - Date.now());
}
