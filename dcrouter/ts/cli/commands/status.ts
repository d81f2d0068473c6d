/**
 * `status`: how the router is.
 *
 * @module
 */
import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { formatDuration } from '../format.ts';
import { plainText, type TPaint } from '../style.ts';
import type { IStatus } from '../answers.ts';

export function addStatus(program: Command, cli: Cli): void {
  program
    .command('status')
    .description('Show how the router is: versions, listeners, store, warnings. Exit code 1 when it is not ready.')
    .action(async () => {
      const client = await cli.client();
      const status = await client.get<IStatus>('/status');
      if (!status.ready) cli.exitCode = 1;
      await cli.show(status, (each) => statusText(each, cli.paint));
    });
}

export function statusText(status: IStatus, paint: TPaint): string {
  const { addresses, store, pendingRestart, warnings } = status;
  const { api, proxyPorts = [], dns } = addresses;
  const state = status.ready ? paint('green', 'ready') : paint('red', 'not ready');
  const rows: ReadonlyArray<readonly [string, string]> = [
    ['node', `${status.node} (dcrouter ${status.version}, Node ${status.runtime}, process ${status.pid})`],
    ['state', `${state} for ${formatDuration(status.uptimeSeconds * 1_000)}`],
    ['configuration', `version ${status.configVersion}, revision ${status.revision}`],
    [
      'API',
      api === undefined ? 'none' : `${api.address} port ${api.port}${status.api.tokens ? '' : ', no token made'}`,
    ],
    ['proxy', proxyPorts.length === 0 ? 'none' : `ports ${proxyPorts.join(', ')}`],
    ['DNS', dns === null || dns === undefined ? 'none' : `${dns.address} port ${dns.udpPort}`],
    ['store', store === null ? 'none' : `${store.dialect}, ${store.reachable ? 'reachable' : paint('red', 'away')}`],
    ...(pendingRestart.length > 0
      ? [['restart', `needed for ${pendingRestart.join(', ')}: dcrouter restart`] as const]
      : []),
    ...warnings.map((warning) => [paint('yellow', 'warning'), warning] as const),
  ];
  return rows.map(([title, text]) => `${paint('bold', title.padEnd(14))}${plain(text)}`).join('\n');
}

/** Our own colours stay. */
function plain(text: string): string {
  return text
    .split('\u001b')
    .map((piece, at) => (at === 0 ? plainText(piece) : `\u001b${plainText(piece)}`))
    .join('');
}
