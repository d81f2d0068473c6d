// The keys of session tickets are replaced in time, here and in worker processes.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { test } from 'node:test';
import { connect, createSecureContext, TLSSocket } from 'node:tls';
import { newTicketKeys, setTicketKeys, TicketRotation } from '#proxy/tls/ticketkeys';
import { selfSignedCertificate } from '@dcrouter/acme';
import { forwardTo, startHttp, startProxy } from '../helpers/proxy.ts';

const HOUR_MS = 3_600_000;

test('keys are due after the hours that the option says, and never with 0', () => {
  const keys: Buffer[] = [];
  const rotation = new TicketRotation(2, (next) => keys.push(next));
  rotation.tick(1_000);
  rotation.tick(1_000 + 2 * HOUR_MS - 1);
  assert.equal(keys.length, 0);
  rotation.tick(1_000 + 2 * HOUR_MS);
  rotation.tick(1_000 + 2 * HOUR_MS + 1);
  assert.equal(keys.length, 1);
  rotation.tick(1_000 + 4 * HOUR_MS);
  assert.equal(keys.length, 2);
  assert.notDeepEqual(keys[0], keys[1]);
  const never = new TicketRotation(0, () => assert.fail('rotated'));
  never.tick(1);
  never.tick(Number.MAX_SAFE_INTEGER);
});

test('a context in use opens tickets of its new keys, and no longer those of the old ones', async (t) => {
  const { key, cert } = selfSignedCertificate(['a.test']);
  const first = newTicketKeys();
  const secureContext = createSecureContext({ key, cert, ticketKeys: first });
  const server = createServer((raw) => {
    const socket = new TLSSocket(raw, { isServer: true, secureContext });
    socket.on('error', () => {});
    socket.end('x');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const handshake = async (session?: Buffer): Promise<{ reused: boolean; session: Buffer }> => {
    const socket = connect({ port, host: '127.0.0.1', servername: 'a.test', rejectUnauthorized: false, session });
    let ticket = session;
    socket.on('session', (next) => (ticket = next));
    await once(socket, 'secureConnect');
    const reused = socket.isSessionReused();
    socket.resume();
    await once(socket, 'close');
    return { reused, session: ticket! };
  };
  const { session } = await handshake();
  assert.equal((await handshake(session)).reused, true);
  setTicketKeys(secureContext, newTicketKeys());
  const after = await handshake(session);
  assert.equal(after.reused, false);
  assert.equal((await handshake(after.session)).reused, true);
  setTicketKeys(secureContext, first);
  assert.equal((await handshake(session)).reused, true);
});

// The primary's clock jumps; the workers', and with them all connections, do not notice.
test('keys are replaced after a day in all workers', async (t) => {
  const { key, cert } = selfSignedCertificate(['a.test']);
  const backend = await startHttp(t, (_request, response) => response.end('ok'));
  const web = forwardTo(backend.port);
  const route = {
    ...web,
    action: { ...web.action, tls: { mode: 'terminate' as const, certificate: { key, cert } } },
  };
  const { port } = await startProxy(t, [route], { workers: 2 });
  const handshake = async (session?: Buffer): Promise<{ reused: boolean; session: Buffer }> => {
    const socket = connect({ port: port(8080), servername: 'a.test', rejectUnauthorized: false, session });
    socket.on('error', () => {});
    let ticket = session;
    socket.on('session', (next) => (ticket = next));
    await once(socket, 'secureConnect');
    const reused = socket.isSessionReused();
    socket.write('GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n');
    socket.resume();
    await once(socket, 'close');
    return { reused, session: ticket! };
  };
  const { session } = await handshake();
  assert.equal((await handshake(session)).reused, true);
  const now = performance.now.bind(performance);
  let jumpMs = 0;
  t.mock.method(performance, 'now', () => now() + jumpMs);
  // The first jump may come before the first tick; another one is a day later for certain.
  for (;;) {
    jumpMs += 25 * HOUR_MS;
    const answers = await Promise.all(Array.from({ length: 8 }, () => handshake(session)));
    if (answers.every(({ reused }) => !reused)) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  // The last jump may bring one more change; then all that ask get along with the newest keys.
  for (;;) {
    const fresh = (await handshake()).session;
    const again = await Promise.all(Array.from({ length: 8 }, () => handshake(fresh)));
    if (again.every(({ reused }) => reused)) break;
  }
});
