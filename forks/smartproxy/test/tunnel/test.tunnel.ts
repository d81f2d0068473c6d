// Raw tunnels: every byte, half-open ends, back-pressure, and the ways in which they end.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import type { IRouteConfig } from '@dcrouter/smartproxy';
import { RawClient, patterned, sha256, startProxy, startTcp } from '../helpers/proxy.ts';

const tcp = (port: number, more: Partial<IRouteConfig['action']> = {}): IRouteConfig => ({
  name: 'raw',
  match: { ports: 9000 },
  action: { type: 'forward', targets: [{ host: '127.0.0.1', port }], ...more },
});

test('carries millions of bytes both ways at once, and counts exactly what the client sent and got', async (t) => {
  const backend = await startTcp(t, (socket) => socket.pipe(socket));
  const { port, ledger } = await startProxy(t, [tcp(backend.port)]);
  const client = await RawClient.open(port(9000));
  const bytes = patterned(5_000_000, 3);
  client.socket.end(bytes);
  await client.until(({ ended }) => ended);
  assert.equal(sha256(client.received), sha256(bytes));
  client.socket.destroy();
  await ledger.settled();
  const [close] = ledger.closes;
  assert.equal(close!.bytesIn, bytes.length);
  assert.equal(close!.bytesOut, bytes.length);
  assert.equal(close!.type, 'tcp');
  assert.equal(close!.reason, 'client-closed');
});

test('a reader that stops does not lose bytes nor make the proxy hoard them', async (t) => {
  const bytes = patterned(30_000_000, 5);
  const backend = await startTcp(t, (socket) => socket.end(bytes));
  const { port } = await startProxy(t, [tcp(backend.port)]);
  const client = await RawClient.open(port(9000));
  client.socket.pause();
  while (backend.sockets.size === 0) await new Promise((resolve) => setImmediate(resolve));
  // Time to hoard in, for a proxy that would.
  await new Promise((resolve) => setTimeout(resolve, 50));
  const [source] = backend.sockets;
  assert.ok(source!.writableLength > 0, 'the sender is held back');
  client.socket.resume();
  await client.until(({ ended }) => ended);
  assert.equal(sha256(client.received), sha256(bytes));
  client.socket.destroy();
});

test('a client that ends its side still gets what the target sends, and the other way round', async (t) => {
  const backend = await startTcp(t, (socket) => {
    socket.on('data', () => {});
    socket.on('end', () => setTimeout(() => socket.end('after the end'), 10));
  });
  const { port } = await startProxy(t, [tcp(backend.port)]);
  const client = await RawClient.open(port(9000));
  client.socket.end('bye');
  assert.equal(await client.whole(), 'after the end');

  const received: string[] = [];
  const talker = await startTcp(t, (socket) => {
    socket.on('data', (bytes) => received.push(bytes.toString()));
    socket.end('done here');
  });
  const second = await startProxy(t, [tcp(talker.port)]);
  const other = await RawClient.open(second.port(9000));
  await other.until(({ ended }) => ended);
  other.send('still talking');
  while (received.join('') !== 'still talking') await new Promise((resolve) => setImmediate(resolve));
  other.socket.end();
  await second.ledger.settled();
  assert.equal(second.ledger.closes[0]!.reason, 'upstream-closed');
});

test('a target that refuses resets the client', async (t) => {
  const { port, ledger } = await startProxy(t, [tcp(1)]);
  const client = new RawClient(port(9000));
  await client.until(({ closed }) => closed);
  await ledger.settled();
  assert.equal(ledger.closes[0]!.reason, 'connect-failed');
  assert.equal(ledger.upstreamErrors[0]!.reason, 'ECONNREFUSED');
});

test('a reset on either side is passed on', async (t) => {
  const backend = await startTcp(t, (socket) => socket.once('data', () => socket.resetAndDestroy()));
  const { port, ledger } = await startProxy(t, [tcp(backend.port)]);
  const client = await RawClient.open(port(9000));
  client.send('x');
  await client.until(({ closed }) => closed);
  assert.equal((client.error as NodeJS.ErrnoException | null)?.code, 'ECONNRESET');
  await ledger.settled();
  assert.equal(ledger.closes[0]!.reason, 'upstream-error');

  const quiet = await startTcp(t, () => {});
  const second = await startProxy(t, [tcp(quiet.port)]);
  const other = await RawClient.open(second.port(9000));
  other.send('x');
  while (quiet.sockets.size === 0) await new Promise((resolve) => setImmediate(resolve));
  const [socket] = quiet.sockets;
  const broken = once(socket!, 'error');
  other.socket.resetAndDestroy();
  await broken;
  await second.ledger.settled();
  assert.equal(second.ledger.closes[0]!.reason, 'client-error');
});

test('an idle tunnel is closed after its inactivity time', async (t) => {
  const backend = await startTcp(t, () => {});
  const { port, ledger } = await startProxy(t, [tcp(backend.port)], { inactivityTimeout: 150 });
  const client = await RawClient.open(port(9000));
  await client.until(({ ended }) => ended);
  client.socket.destroy();
  await ledger.settled();
  assert.equal(ledger.closes[0]!.reason, 'inactivity-timeout');
});

test('a PROXY header goes ahead of everything else, in both versions', async (t) => {
  for (const version of ['v1', 'v2'] as const) {
    const backend = await startTcp(t, (socket) => socket.once('data', (bytes) => socket.end(bytes)));
    const { port } = await startProxy(t, [tcp(backend.port, { sendProxyProtocol: version })]);
    const client = await RawClient.open(port(9000));
    const { localPort } = client.socket;
    client.send('payload');
    const got = await client.whole();
    if (version === 'v1') assert.ok(got.startsWith(`PROXY TCP4 127.0.0.1 127.0.0.1 ${localPort} 9000\r\n`), got);
    else assert.ok(got.startsWith('\r\n\r\n\0\r\nQUIT\n!\x11\0\x0c\x7f\0\0\x01'), JSON.stringify(got));
  }
});

test('PROXY headers are believed from trusted senders and from nobody else', async (t) => {
  const backend = await startTcp(t, (socket) => socket.pipe(socket));
  const trusting = await startProxy(t, [tcp(backend.port)], { proxyIPs: ['127.0.0.0/8'] });
  const client = await RawClient.open(trusting.port(9000));
  client.send('PROXY TCP4 203.0.113.7 10.0.0.1 4711 9000\r\nhello');
  await client.has('hello');
  assert.equal(client.text, 'hello');
  client.socket.destroy();
  await trusting.ledger.settled();
  assert.equal(trusting.ledger.opens[0]!.clientIp, '203.0.113.7');
  assert.equal(trusting.ledger.opens[0]!.clientPort, 4711);

  const broken = await RawClient.open(trusting.port(9000));
  broken.send('PROXY TCP4 nonsense\r\n');
  await broken.until(({ ended, closed }) => ended || closed);
  broken.socket.destroy();
  await trusting.ledger.settled();
  assert.equal(trusting.proxy.stats.getTotals().rejected, 1);
});
