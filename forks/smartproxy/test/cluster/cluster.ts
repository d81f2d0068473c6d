// Real traffic through worker processes: clients that connect anew, and a proxy whose laws are checked at the end.
import { once } from 'node:events';
import { request } from 'node:http';
import type { SmartProxy } from '@dcrouter/smartproxy';

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
