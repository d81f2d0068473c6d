/**
 * `routes`: what the proxy does with connections and requests.
 *
 * @module
 */
import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { UsageError } from '../errors.ts';
import { parsePort } from '../format.ts';
import { parseTarget, readValue } from '../input.ts';
import { change, part, repeated, withChange, withPages, type IChangeOptions, type IPageOptions } from '../options.ts';
import type { IColumn } from '../table.ts';

interface IRoute {
  readonly name: string;
  readonly origin: string;
  readonly active: number;
  readonly total: number;
  readonly requests: number;
  readonly route: {
    readonly enabled?: boolean;
    readonly match?: {
      readonly ports?: unknown;
      readonly domains?: string | readonly string[];
      readonly path?: string;
    };
    readonly action?: {
      readonly type?: string;
      readonly targets?: ReadonlyArray<{ readonly host: unknown; readonly port: unknown }>;
      readonly target?: { readonly host: unknown; readonly port: unknown };
      readonly tls?: { readonly mode?: string };
    };
  };
}

const COLUMNS: ReadonlyArray<IColumn<IRoute>> = [
  { title: 'route', value: ({ name }) => name },
  { title: 'ports', value: ({ route }) => portsText(route.match?.ports), shrink: true },
  { title: 'domains', value: ({ route }) => [route.match?.domains ?? '*'].flat().join(','), shrink: true },
  { title: 'tls', value: ({ route }) => route.action?.tls?.mode },
  { title: 'to', value: actionText, shrink: true },
  { title: 'open', value: ({ active }) => active, align: 'right' },
  { title: 'connections', value: ({ total }) => total, align: 'right' },
  { title: 'requests', value: ({ requests }) => requests, align: 'right' },
  { title: 'origin', value: ({ origin, route }) => (route.enabled === false ? `${origin}, off` : origin) },
];

interface IAddOptions extends IChangeOptions {
  readonly from?: string;
  readonly port?: readonly number[];
  readonly domain?: readonly string[];
  readonly target?: ReadonlyArray<ReturnType<typeof parseTarget>>;
  readonly path?: string;
  readonly tls?: string;
  readonly certificate?: string;
}

export function addRoutes(program: Command, cli: Cli): void {
  const routes = program.command('routes').description('Routes: what the proxy does with connections and requests.');
  withPages(routes.command('list').description('List the running routes.')).action(
    async (page: IPageOptions) => await cli.list<IRoute>('/routes', COLUMNS, { ...page, empty: 'there is no route' }),
  );
  routes
    .command('get')
    .description('Show a route.')
    .argument('<name>', 'Its name.')
    .action(async (name: string) => await cli.show(await (await cli.client()).get(`/routes/${part(name)}`)));
  withChange(
    routes
      .command('add')
      .description('Make a route, on every node of the store; refused when there is one of the name.')
      .argument('<name>', 'Its name.')
      .option('--from <file>', 'The route as in a document, YAML or JSON; - is standard input.')
      .addOption(repeated('--port <port>', 'Port to listen on.', parsePort))
      .addOption(repeated('--domain <name>', 'Name that it takes, such as app.example.com or *.example.com.'))
      .addOption(repeated('--target <host:port>', 'Where it goes.', parseTarget))
      .option('--path <pattern>', 'Paths that it takes, such as /api/*.')
      .option('--tls <mode>', 'passthrough, terminate or terminate-and-reencrypt.')
      .option('--certificate <kind>', 'auto or self-signed; for those that terminate.'),
  ).action(async (name: string, options: IAddOptions) => {
    const body = options.from === undefined ? routeOf(options) : await readValue(options.from, cli.io.in);
    await change(cli, 'PUT', `/routes/${part(name)}`, options, { body, onlyNew: true });
  });
  withChange(
    routes
      .command('set')
      .description('Put a route in the place of one, or make it.')
      .argument('<name>', 'Its name.')
      .argument('<file>', 'The route as in a document, YAML or JSON; - is standard input.'),
  ).action(
    async (name: string, file: string, options: IChangeOptions) =>
      await change(cli, 'PUT', `/routes/${part(name)}`, options, { body: await readValue(file, cli.io.in) }),
  );
  withChange(
    routes.command('remove').description('Take a route away; what began goes on.').argument('<name>', 'Its name.'),
  ).action(
    async (name: string, options: IChangeOptions) => await change(cli, 'DELETE', `/routes/${part(name)}`, options),
  );
}

function routeOf({ port = [], domain = [], target = [], path, tls, certificate }: IAddOptions): object {
  if (port.length === 0 || target.length === 0)
    throw new UsageError('a route needs --port and --target, or --from FILE for anything special');
  return {
    match: { ports: port, ...(domain.length > 0 && { domains: domain }), ...(path !== undefined && { path }) },
    action: {
      type: 'forward',
      targets: target,
      ...(tls !== undefined && { tls: { mode: tls, ...(certificate !== undefined && { certificate }) } }),
    },
  };
}

function portsText(ports: unknown): string {
  return [ports]
    .flat()
    .map((each) => {
      const range = each as { readonly from?: number; readonly to?: number } | null;
      return typeof each === 'object' && range !== null ? `${range.from}-${range.to}` : String(each);
    })
    .join(',');
}

function actionText({ route: { action = {} } }: IRoute): string {
  const targets = action.targets ?? (action.target === undefined ? [] : [action.target]);
  if (targets.length === 0) return action.type ?? '';
  return targets.map(({ host, port }) => `${[host].flat().join('|')}:${String(port)}`).join(',');
}
