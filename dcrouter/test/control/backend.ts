/**
 * A backend that answers, streams as slowly as the test wants, and echoes after an upgrade.
 *
 * @module
 */
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

export interface IBackend {
  readonly port: number;
  /** The answer to `/slow`, begun and not ended; the test writes and ends it. */
  readonly slow: Promise<ServerResponse>;
}

export async function startBackend(t: TestContext, name: string): Promise<IBackend> {
  const slow = Promise.withResolvers<ServerResponse>();
  const server = createServer((request, response) => {
    request.resume();
    if (request.url !== '/slow') {
      response.end(`${name} got ${request.url}`);
      return;
    }
    response.writeHead(200, { 'content-type': 'application/octet-stream' });
    response.write('begin ');
    slow.resolve(response);
  });
  server.on('upgrade', (_request, socket) => {
    socket.on('error', () => {});
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, slow: slow.promise };
}
