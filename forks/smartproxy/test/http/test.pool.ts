// Connections to targets: kept for a while, as many as may be, and not at all where a route wants none kept.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { setBounds } from '../helpers/bounds.ts';
import { RawClient, forwardTo, startHttp, startProxy, startTcp } from '../helpers/proxy.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n';

test('an idle connection to a target is closed after its time, and a new one made then', async (t) => {
  setBounds(t, { upstreamIdleMs: 150 });
  const backend = await startHttp(t, (_req, res) => res.end('ok'));
  let connections = 0;
  const ended = Promise.withResolvers<void>();
  backend.server.on('connection', (socket) => {
    connections += 1;
    socket.once('close', () => ended.resolve());
  });
  const { port, proxy } = await startProxy(t, [forwardTo(backend.port)]);
  const client = await RawClient.open(port(8080));
  const ask = async (times: number): Promise<void> => {
    client.send(GET);
    await client.until(({ text }) => text.split('\r\n\r\nok').length === times + 1);
  };
  await ask(1);
  await ask(2);
  assert.equal(connections, 1);
  assert.equal(proxy.stats.getPoolStats().idle, 1);
  await ended.promise;
  assert.equal(proxy.stats.getPoolStats().idle, 0);
  await ask(3);
  assert.equal(connections, 2);
  client.socket.destroy();
});

test('no more than so many idle connections are kept', async (t) => {
  setBounds(t, { upstreamIdle: 2 });
  const all = Promise.withResolvers<void>();
  let asked = 0;
  const backend = await startHttp(t, (_req, res) => {
    asked += 1;
    if (asked === 5) all.resolve();
    void all.promise.then(() => res.end('ok'));
  });
  const { port, proxy } = await startProxy(t, [forwardTo(backend.port)]);
  const clients = await Promise.all(Array.from({ length: 5 }, async () => await RawClient.open(port(8080))));
  for (const client of clients) client.send(GET);
  for (const client of clients) await client.has('ok');
  assert.equal(proxy.stats.getPoolStats().idle, 2);
  for (const client of clients) client.socket.destroy();
});

test('with keepAlive: false each request has a connection of its own, which is ended', async (t) => {
  const backend = await startHttp(t, (_req, res) => res.end('ok'));
  let connections = 0;
  backend.server.on('connection', () => (connections += 1));
  const route = forwardTo(backend.port);
  route.action.advanced = { keepAlive: false };
  const { port, proxy } = await startProxy(t, [route]);
  const client = await RawClient.open(port(8080));
  client.send(GET + GET);
  await client.until(({ text }) => text.split('ok').length === 3);
  assert.equal(connections, 2);
  assert.equal(proxy.stats.getPoolStats().idle, 0);
  assert.doesNotMatch(client.text, /close/, "the client's connection goes on");
  client.socket.destroy();
});

test('bytes of an idle target are not the next answer', async (t) => {
  let connections = 0;
  const backend = await startTcp(t, (socket) => {
    connections += 1;
    const mine = connections;
    socket.on('data', () => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n${mine}`));
  });
  const { port, proxy } = await startProxy(t, [forwardTo(backend.port)]);
  const client = await RawClient.open(port(8080));
  client.send(GET);
  await client.has('\r\n\r\n1');
  const [socket] = backend.sockets;
  const gone = once(socket!, 'end');
  socket!.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil');
  await gone;
  assert.equal(proxy.stats.getPoolStats().idle, 0);
  client.send(GET);
  await client.has('\r\n\r\n2');
  assert.doesNotMatch(client.text, /evil/);
  client.socket.destroy();
});

test('a flood of interim responses is a 502', async (t) => {
  const backend = await startTcp(t, (socket) => {
    socket.once('data', () => socket.write('HTTP/1.1 102 Processing\r\n\r\n'.repeat(33)));
  });
  const { port, ledger } = await startProxy(t, [forwardTo(backend.port)]);
  const client = await RawClient.open(port(8080));
  client.send(GET);
  await client.has('HTTP/1.1 502 ');
  client.socket.destroy();
  await ledger.settled();
  assert.equal(ledger.upstreamErrors[0]!.reason, 'too-many-interim-responses');
});
