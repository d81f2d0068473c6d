// Clients that end their side, or wait, at an awkward moment: what they sent is answered, what they send next is read.
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { hashPassword } from '@dcrouter/smartproxy';
import { RawClient, forwardTo, patterned, startHttp, startProxy, startTcp } from '../helpers/proxy.ts';

const request = (path: string, more = ''): string => `GET ${path} HTTP/1.1\r\nHost: a.test\r\n${more}\r\n`;
/** Pipelined bytes past which reading stops. */
const HELD_BYTES = 65_536;
const UPGRADE = 'Connection: Upgrade\r\nUpgrade: websocket\r\n';
const statuses = (text: string): string[] => [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map((found) => found[1]!);

async function secret(): Promise<{ security: NonNullable<ReturnType<typeof forwardTo>['security']>; field: string }> {
  return {
    security: { basicAuth: { enabled: true, users: [{ username: 'ann', passwordHash: await hashPassword('x') }] } },
    field: `Authorization: Basic ${btoa('ann:x')}\r\n`,
  };
}

test('requests that were sent ahead of a FIN are all answered', async (t) => {
  const backend = await startHttp(t, (req, res) => setImmediate(() => res.end(`<${req.url}>`)));
  const { port, ledger } = await startProxy(t, [forwardTo(backend.port)]);
  const client = await RawClient.open(port(8080));
  client.send(request('/1') + request('/2') + request('/3') + 'GET /never HTTP/1.1\r\nHos');
  client.socket.end();
  const text = await client.whole();
  assert.deepEqual(text.match(/<.*?>/g), ['</1>', '</2>', '</3>']);
  await ledger.settled();
  assert.equal(ledger.closes[0]!.reason, 'client-closed');
});

test('answers of the proxy itself behind one another, and a FIN: all are given', async (t) => {
  const route = forwardTo(1);
  route.action = { type: 'forward', advanced: { testResponse: { status: 200, headers: {}, body: 'here' } } };
  const { port } = await startProxy(t, [route]);
  const client = await RawClient.open(port(8080));
  client.send(request('/1') + request('/2') + request('/3'));
  client.socket.end();
  assert.deepEqual(statuses(await client.whole()), ['200', '200', '200']);
});

test('a request sent ahead whose body never comes frees the target', async (t) => {
  let aborted = 0;
  const backend = await startHttp(t, (req, res) => {
    req.on('close', () => (aborted += req.complete ? 0 : 1));
    if (req.method === 'GET') setImmediate(() => res.end('first'));
    else req.resume();
  });
  const { port, ledger } = await startProxy(t, [forwardTo(backend.port)]);
  const client = await RawClient.open(port(8080));
  client.send(`${request('/')}POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 10\r\n\r\nhalf`);
  client.socket.end();
  assert.match(await client.whole(), /first$/);
  await ledger.settled();
  assert.ok(aborted <= 1);
  assert.deepEqual(
    ledger.requests.map(({ statusCode, error }) => [statusCode, error]),
    [
      [200, undefined],
      [0, 'client-gone'],
    ],
  );
});

test('a connection goes on after a check that had to wait, and a FIN meanwhile costs no answer', async (t) => {
  const backend = await startHttp(t, (req, res) => res.end(`<${req.url}>`));
  const { security, field } = await secret();
  const { port } = await startProxy(t, [forwardTo(backend.port, { security })]);
  const client = await RawClient.open(port(8080));
  client.send(request('/1', field));
  await client.has('</1>');
  client.send(request('/2', field));
  await client.has('</2>');
  client.socket.destroy();

  const fresh = await startProxy(t, [forwardTo(backend.port, { security })]);
  const ending = await RawClient.open(fresh.port(8080));
  ending.send(request('/3', field));
  ending.socket.end();
  assert.match(await ending.whole(), /<\/3>$/);
});

test('a client that leaves after its check is noticed while the target thinks', async (t) => {
  const arrived = Promise.withResolvers<void>();
  const gone = Promise.withResolvers<void>();
  const backend = await startHttp(t, (req) => {
    req.socket.on('close', () => gone.resolve());
    arrived.resolve();
  });
  const { security, field } = await secret();
  const { port } = await startProxy(t, [forwardTo(backend.port, { security })]);
  const client = await RawClient.open(port(8080));
  client.send(request('/', field));
  await arrived.promise;
  client.socket.resetAndDestroy();
  await gone.promise;
});

test('a long pipeline leaves its connection readable', async (t) => {
  const full = Promise.withResolvers<void>();
  const backend = await startHttp(t, (_req, res) => void full.promise.then(() => res.end('ok')));
  const { port, proxy } = await startProxy(t, [forwardTo(backend.port)]);
  const client = await RawClient.open(port(8080));
  const count = 10;
  // More than is held at once, so that reading stops, and nothing behind it that would wake it.
  const sent = request('/', `X-Fill: ${'f'.repeat(8_000)}\r\n`).repeat(count);
  client.send(sent);
  while (proxy.stats.getTotals().bytesIn < HELD_BYTES) await new Promise((resolve) => setImmediate(resolve));
  full.resolve();
  await client.until(({ text }) => statuses(text).length === count);
  client.send(request('/last'));
  await client.until(({ text }) => statuses(text).length === count + 1);
  client.socket.destroy();
});

test('what a client sends behind its upgrade before the answer is all tunnelled', async (t) => {
  const sent = patterned(400_000, 3).toString('latin1');
  let got = 0;
  const asked = Promise.withResolvers<Socket>();
  const backend = await startTcp(t, (socket) => {
    socket.once('data', () => {
      asked.resolve(socket);
      socket.on('data', (bytes) => {
        got += bytes.length;
        if (got === sent.length) socket.end('all');
      });
    });
  });
  const { port, proxy } = await startProxy(t, [forwardTo(backend.port)]);
  const client = await RawClient.open(port(8080));
  client.send(request('/', UPGRADE) + sent);
  // Not before the proxy has had to stop reading: it holds some 64 KiB.
  while (proxy.stats.getTotals().bytesIn < 70_000) await new Promise((resolve) => setImmediate(resolve));
  const answer = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
  (await asked.promise).write(answer);
  assert.match(await client.whole(), /all$/);
});
