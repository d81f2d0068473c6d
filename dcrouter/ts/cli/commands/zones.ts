/**
 * `zones`: what the DNS server answers for.
 *
 * @module
 */
import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { UsageError } from '../errors.ts';
import { parseCount } from '../format.ts';
import { readValue } from '../input.ts';
import { change, part, repeated, withChange, withPages, type IChangeOptions, type IPageOptions } from '../options.ts';
import type { IColumn } from '../table.ts';

interface IZone {
  readonly name: string;
  readonly origin: string;
  readonly serial?: number;
  readonly records?: number;
  readonly signed: boolean;
}

const COLUMNS: ReadonlyArray<IColumn<IZone>> = [
  { title: 'zone', value: ({ name }) => name, shrink: true },
  { title: 'serial', value: ({ serial }) => serial, align: 'right' },
  { title: 'records', value: ({ records }) => records, align: 'right' },
  { title: 'signed', value: ({ signed }) => (signed ? 'yes' : 'no') },
  { title: 'origin', value: ({ origin }) => origin },
];

interface IAddOptions extends IChangeOptions {
  readonly from?: string;
  readonly nameserver?: readonly string[];
  readonly ttl?: number;
}

export function addZones(program: Command, cli: Cli): void {
  const zones = program.command('zones').description('Zones: what the DNS server answers for.');
  addReading(zones, cli);
  withChange(
    zones
      .command('add')
      .description('Make a zone, on every node of the store; refused when there is one of the name.')
      .argument('<name>', 'Its name.')
      .option('--from <file>', 'The zone as in a document, YAML or JSON; - is standard input.')
      .addOption(repeated('--nameserver <name>', 'Name server of the zone.'))
      .option('--ttl <seconds>', 'Time to live of records that have none of their own.', parseCount),
  ).action(async (name: string, options: IAddOptions) => {
    const body = options.from === undefined ? zoneOf(options) : await readValue(options.from, cli.io.in);
    await change(cli, 'PUT', `/zones/${part(name)}`, options, { body, onlyNew: true });
  });
  withChange(
    zones
      .command('set')
      .description('Put a zone in the place of one, or make it.')
      .argument('<name>', 'Its name.')
      .argument('<file>', 'The zone as in a document, YAML or JSON; - is standard input.'),
  ).action(
    async (name: string, file: string, options: IChangeOptions) =>
      await change(cli, 'PUT', `/zones/${part(name)}`, options, { body: await readValue(file, cli.io.in) }),
  );
  withChange(
    zones
      .command('remove')
      .description('Take a zone away, with the record sets that were put into it.')
      .argument('<name>', 'Its name.'),
  ).action(
    async (name: string, options: IChangeOptions) => await change(cli, 'DELETE', `/zones/${part(name)}`, options),
  );
}

function addReading(zones: Command, cli: Cli): void {
  withPages(zones.command('list').description('List the zones.')).action(
    async (page: IPageOptions) => await cli.list<IZone>('/zones', COLUMNS, { ...page, empty: 'there is no zone' }),
  );
  zones
    .command('get')
    .description('Show a zone.')
    .argument('<name>', 'Its name.')
    .action(async (name: string) => await cli.show(await (await cli.client()).get(`/zones/${part(name)}`)));
  zones
    .command('ds')
    .description('Show the DS records that the parent zone needs.')
    .argument('<name>', 'Its name.')
    .action(async (name: string) => {
      const client = await cli.client();
      const answer = await client.get<{ readonly items: ReadonlyArray<{ readonly text: string }> }>(
        `/zones/${part(name)}/ds`,
      );
      if (answer.items.length === 0 && !cli.json) return await cli.note(`zone '${name}' is not signed`);
      await cli.show(answer, ({ items }) => items.map(({ text }) => `${name}. IN DS ${text}`).join('\n'));
    });
  zones
    .command('export')
    .description('Print a zone as a master file, as it is served.')
    .argument('<name>', 'Its name.')
    .action(async (name: string) => {
      const client = await cli.client();
      const text = await client.text('GET', `/zones/${part(name)}/export`);
      if (cli.json) await cli.say(JSON.stringify({ text }, null, 2));
      else await cli.say(text.replace(/\n$/, ''));
    });
}

function zoneOf({ nameserver = [], ttl }: IAddOptions): object {
  if (nameserver.length === 0) throw new UsageError('a zone needs --nameserver, or --from FILE with records');
  return { nameservers: nameserver, ...(ttl !== undefined && { ttl }), records: [] };
}
