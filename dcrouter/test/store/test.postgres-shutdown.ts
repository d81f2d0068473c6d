/**
 * A server that ends while connections are being made. A small one of our own plays it: the real one does this within
 * microseconds of its shutdown only.
 *
 * @module
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { it } from 'node:test';
import { StoreUnavailableError } from '../../ts/store/errors.ts';
import { openStore } from '../../ts/store/open.ts';
import { open, quiet } from './places.ts';

/** A message of PostgreSQL's protocol: type, length with itself, body (manual, chapter "Frontend/Backend Protocol"). */
function message(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(type, 'latin1');
  head.writeUInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

const authenticated = message('R', Buffer.from([0, 0, 0, 0]));
const readyForQuery = message('Z', Buffer.from('I'));
const shuttingDown = message(
  'E',
  Buffer.from('SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0'),
);

it('a connection that is ready and ended in one packet is a store that is away', async () => {
  const server = createServer((socket: Socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end(Buffer.concat([authenticated, readyForQuery, shuttingDown])));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const place = { type: 'postgres', url: `postgres://postgres@127.0.0.1:${port}/x`, poolSize: 2 } as const;
  try {
    await assert.rejects(open(place, '/'), StoreUnavailableError);
    const store = await openStore(place, { node: 'one', folder: '/', ...quiet, startUnreachable: true });
    await assert.rejects(
      store.withLock('a', async () => 1),
      StoreUnavailableError,
    );
    await assert.rejects(store.objects.load(), StoreUnavailableError);
    assert.equal(store.stats().reachable, false);
    await store.close();
  } finally {
    server.close();
  }
});
