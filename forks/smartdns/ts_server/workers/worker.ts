/**
 * The worker's end of a pool.
 *
 * @module
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { DnsServer } from '../server/dnsserver.ts';
import type { IWorkerStart, TPoolMessage, TSharedOptions, TWorkerMessage } from './messages.ts';

/**
 * Serves as one worker of a {@link DnsWorkerPool}. Call it once, in the file that the pool is given.
 *
 * @param make makes the server; the options it is given must win over its own
 * @throws Error outside of a pool's worker
 *
 * @example
 * await serveInWorker((shared) => {
 *   const server = new DnsServer({ dnssecZone: 'example.test', ...shared });
 *   server.registerHandler('www.example.test', ['A'], answerWww);
 *   return server;
 * });
 */
export async function serveInWorker(
  make: (shared: TSharedOptions, data: unknown) => DnsServer | Promise<DnsServer>,
): Promise<void> {
  const port = parentPort;
  const start = workerData as Partial<IWorkerStart> | null;
  if (port === null || start?.dnsWorker !== true) {
    throw new Error('serveInWorker() belongs into a file that a DnsWorkerPool starts');
  }
  const tell = (message: TWorkerMessage): void => port.postMessage(message);
  let server: DnsServer;
  try {
    server = await make(start.shared ?? {}, start.data);
    await server.start();
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException;
    tell({ dns: 'failed', message, code });
    port.close();
    return;
  }
  port.on('message', (message: TPoolMessage) => {
    if (message.dns === 'collect') {
      tell({ dns: 'counters', id: message.id, counters: server.getStatsData() });
    } else {
      void server.stop().then(() => {
        tell({ dns: 'stopped', counters: server.getStatsData() });
        port.close();
      });
    }
  });
  tell({ dns: 'started', addresses: server.addresses });
}
