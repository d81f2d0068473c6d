// Real traffic through worker processes: clients that connect anew, and a proxy whose laws are checked at the end.
import { once } from 'node:events';
import { request } from 'node:http';
import type { SmartProxy } from '@dcrouter/smartproxy';
import { RawClient } from '../helpers/proxy.ts';

export interface IAnswer {
  readonly status: number;
  readonly text: string;
}

/** One request on a connection of its own. */
export async function fetchOnce(port: number, path = '/'): Promise<IAnswer> {
  const sent = request({ host: '127.0.0.1', port, path, agent: false, headers: { Host: 'a.test' } });
  sent.end();
  const [response] = await once(sent, 'response');
  let text = '';
  for await (const part of response.setEncoding('latin1')) text += part;
  return { status: response.statusCode, text };
}

/** Resolves when `met` holds; the test's time-out bounds the wait. */
export async function until(met: () => boolean): Promise<void> {
  while (!met()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Until the reports of the workers have told of so many finished connections. */
export async function connectionsClosed(proxy: SmartProxy, count: number): Promise<void> {
  await until(() => proxy.stats.getTotalConnections() >= count && proxy.stats.getActiveConnections() === 0);
}

/** Clients by the worker that has them, at least one in each. */
export async function clientsByWorker(proxy: SmartProxy, port: number): Promise<Map<string, RawClient[]>> {
  const workers = proxy.getWorkerStats()!.configured;
  const clients: RawClient[] = [];
  for (;;) {
    clients.push(...(await Promise.all(Array.from({ length: 6 }, async () => await RawClient.open(port)))));
    const list = await proxy.listConnections({ limit: 1_000 });
    const byWorker = new Map<string, RawClient[]>();
    for (const client of clients) {
      const info = list.find(({ clientPort }) => clientPort === client.socket.localPort);
      const worker = info?.id.split('-')[1] ?? '';
      byWorker.set(worker, [...(byWorker.get(worker) ?? []), client]);
    }
    if (!byWorker.has('') && byWorker.size === workers) return byWorker;
  }
}
