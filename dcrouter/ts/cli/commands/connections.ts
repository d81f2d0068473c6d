/**
 * `connections`: the proxy's open connections.
 *
 * @module
 */
import type { Command } from 'commander';
import type { IConnection } from '../answers.ts';
import type { Cli } from '../cli.ts';
import { formatBytes, formatDuration } from '../format.ts';
import { part, withPages, type IPageOptions } from '../options.ts';
import type { IColumn } from '../table.ts';

export const CONNECTION_COLUMNS: ReadonlyArray<IColumn<IConnection>> = [
  { title: 'id', value: ({ id }) => id },
  { title: 'type', value: ({ type }) => type },
  { title: 'route', value: ({ routeName }) => routeName, shrink: true },
  { title: 'client', value: ({ clientIp, clientPort }) => `${clientIp} ${clientPort}` },
  { title: 'domain', value: ({ domain }) => domain, shrink: true },
  { title: 'upstream', value: ({ upstream }) => upstream, shrink: true },
  { title: 'age', value: ({ ageMs }) => formatDuration(ageMs), align: 'right' },
  { title: 'in', value: ({ bytesIn }) => formatBytes(bytesIn), align: 'right' },
  { title: 'out', value: ({ bytesOut }) => formatBytes(bytesOut), align: 'right' },
  { title: 'requests', value: ({ requests }) => requests, align: 'right' },
];

interface IFilter extends IPageOptions {
  readonly route?: string;
  readonly client?: string;
  readonly type?: string;
}

export function addConnections(program: Command, cli: Cli): void {
  const connections = program.command('connections').description('Connections: those of the proxy that are open.');
  withPages(
    connections
      .command('list')
      .description('List open connections, oldest first.')
      .option('--route <name>', 'Only those of a route.')
      .option('--client <address>', 'Only those of an address.')
      .option('--type <type>', 'tcp, tls, http, https, websocket or unknown.'),
  ).action(async ({ route, client, type, ...page }: IFilter) => {
    const query = { route, clientIp: client, type };
    await cli.list<IConnection>('/connections', CONNECTION_COLUMNS, { ...page, query, empty: 'no connection is open' });
  });
  connections
    .command('get')
    .description('Show a connection.')
    .argument('<id>', 'Its id, as the list has it.')
    .action(async (id: string) => await cli.show(await (await cli.client()).get(`/connections/${part(id)}`)));
  connections
    .command('kill')
    .description('End connections at once.')
    .argument('<ids...>', 'Their ids, as the list has them.')
    .action(async (ids: string[]) => {
      const client = await cli.client();
      for (const id of ids) {
        const killed = await client.json<IConnection>('DELETE', `/connections/${part(id)}`);
        await cli.item(killed, ({ clientIp, routeName }) => `ended ${id} of ${clientIp} on route ${routeName}`);
      }
    });
}
