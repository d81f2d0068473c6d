/**
 * `records`: record sets of zones.
 *
 * @module
 */
import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { parseCount } from '../format.ts';
import { change, part, withChange, withPages, type IChangeOptions, type IPageOptions } from '../options.ts';
import type { IColumn } from '../table.ts';

interface ISet {
  readonly owner: string;
  readonly type: string;
  readonly ttl: number;
  readonly data: readonly string[];
  readonly origin: string;
}

const COLUMNS: ReadonlyArray<IColumn<ISet>> = [
  { title: 'owner', value: ({ owner }) => owner, shrink: true },
  { title: 'ttl', value: ({ ttl }) => ttl, align: 'right' },
  { title: 'type', value: ({ type }) => type },
  { title: 'data', value: ({ data }) => data.join(' | '), shrink: true },
  { title: 'origin', value: ({ origin }) => origin },
];

interface ISetOptions extends IChangeOptions {
  readonly ttl?: number;
}

const OWNER = 'Relative to the zone; @ is the zone itself.';

export function addRecords(program: Command, cli: Cli): void {
  const records = program.command('records').description('Record sets of zones.');
  withPages(
    records
      .command('list')
      .description('List the record sets of a zone, as they are served.')
      .argument('<zone>', 'Its name.')
      .option('--owner <owner>', 'Only those of one owner.')
      .option('--type <type>', 'Only those of one type.'),
  ).action(async (zone: string, { owner, type, ...page }: IPageOptions & Partial<Pick<ISet, 'owner' | 'type'>>) => {
    const query = { owner, type };
    await cli.list<ISet>(`/zones/${part(zone)}/records`, COLUMNS, {
      ...page,
      query,
      empty: 'there is no such record set',
    });
  });
  for (const name of ['add', 'set'] as const) {
    const description =
      name === 'add'
        ? 'Make a record set; refused when there is one of owner and type.'
        : 'Put a record set in the place of one, or make it.';
    withChange(
      records
        .command(name)
        .description(description)
        .argument('<zone>', 'Name of the zone.')
        .argument('<owner>', OWNER)
        .argument('<type>', 'A, AAAA, CNAME, MX, TXT, …')
        .argument('<data...>', "One each record, as in a master file: 192.0.2.1, '10 mail.example.com.'.")
        .option('--ttl <seconds>', 'Time to live; default that of the zone.', parseCount),
    ).action(async (zone: string, owner: string, type: string, data: string[], options: ISetOptions) => {
      const body = { data, ...(options.ttl !== undefined && { ttl: options.ttl }) };
      await change(cli, 'PUT', pathOf(zone, owner, type), options, { body, onlyNew: name === 'add' });
    });
  }
  withChange(
    records
      .command('remove')
      .description('Take a record set away.')
      .argument('<zone>', 'Name of the zone.')
      .argument('<owner>', OWNER)
      .argument('<type>', 'Its type.'),
  ).action(
    async (zone: string, owner: string, type: string, options: IChangeOptions) =>
      await change(cli, 'DELETE', pathOf(zone, owner, type), options),
  );
}

function pathOf(zone: string, owner: string, type: string): string {
  return `/zones/${part(zone)}/records/${part(owner)}/${part(type)}`;
}
