/**
 * `upstreams`: targets, and taking them out.
 *
 * @module
 */
import { InvalidArgumentError, type Command } from 'commander';
import type { IUpstream } from '../answers.ts';
import type { Cli } from '../cli.ts';
import { parseCount } from '../format.ts';
import { change, part, withChange, withPages, type IChangeOptions, type IPageOptions } from '../options.ts';
import { stateStyle } from '../style.ts';
import type { IColumn } from '../table.ts';

export const UPSTREAM_COLUMNS: ReadonlyArray<IColumn<IUpstream>> = [
  { title: 'target', value: ({ target }) => target, shrink: true },
  { title: 'state', value: ({ state }) => state, style: ({ state }) => stateStyle(state) },
  { title: 'weight', value: ({ weight }) => weight ?? 'route', align: 'right' },
  {
    title: 'healthy',
    value: ({ healthy, reason }) => (healthy ? 'yes' : `no: ${reason ?? 'unknown'}`),
    style: ({ healthy }) => stateStyle(healthy ? 'yes' : 'no'),
    shrink: true,
  },
  { title: 'active', value: ({ active }) => active, align: 'right' },
  { title: 'idle', value: ({ idle }) => idle, align: 'right' },
  { title: 'requests', value: ({ requests }) => requests, align: 'right' },
  {
    title: 'failures',
    value: ({ failures }) => Object.values(failures).reduce((sum, each) => sum + each, 0),
    align: 'right',
  },
];

const STATES = [
  ['drain', 'drain', 'Send a target nothing new; what is under way goes on.'],
  ['disable', 'disabled', 'Take a target out as if it were not there.'],
  ['ready', 'ready', 'Take a target in again.'],
] as const;

export function addUpstreams(program: Command, cli: Cli): void {
  const upstreams = program.command('upstreams').description('Upstreams: the targets of the routes.');
  withPages(upstreams.command('list').description('List the targets with state, health and numbers.')).action(
    async (page: IPageOptions) =>
      await cli.list<IUpstream>('/upstreams', UPSTREAM_COLUMNS, { ...page, empty: 'no route has a target' }),
  );
  for (const [name, state, description] of STATES) {
    withChange(upstreams.command(name).description(description).argument('<target>', 'host:port.')).action(
      async (target: string, options: IChangeOptions) =>
        await change(cli, 'PATCH', `/upstreams/${part(target)}`, options, { body: { state } }),
    );
  }
  withChange(
    upstreams
      .command('weight')
      .description('Give a target another share.')
      .argument('<target>', 'host:port.')
      .argument('<weight>', '0 to 1000, or default: as the routes say.', parseWeight),
  ).action(
    async (target: string, weight: number | null, options: IChangeOptions) =>
      await change(cli, 'PATCH', `/upstreams/${part(target)}`, options, { body: { weight } }),
  );
}

function parseWeight(text: string): number | null {
  if (text === 'default') return null;
  const weight = parseCount(text);
  if (weight > 1_000) throw new InvalidArgumentError('Expected 0 to 1000, or default.');
  return weight;
}
