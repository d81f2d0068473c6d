// WebSocket and other upgrades: after a 101 the connection is a tunnel, and without one it is not.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { RawClient, forwardTo, startHttp, startProxy, startTcp } from '../helpers/proxy.ts';

const upgrade = (protocol: string, more = ''): string =>
  `GET /ws HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n${more}\r\n`;

const echoAfter101 = (protocol: string) => (socket: Socket) => {
  let head = '';
  const onHead = (bytes: Buffer): void => {
    head += bytes.toString('latin1');
    const end = head.indexOf('\r\n\r\n');
    if (end === -1) return;
    socket.off('data', onHead);
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\nhello `);
    socket.write(head.slice(end + 4), 'latin1');
    socket.pipe(socket);
  };
  socket.on('data', onHead);
};

test('a WebSocket is a tunnel: bytes sent with the request and with the answer are not lost', async (t) => {
  const backend = await startTcp(t, echoAfter101('websocket'));
  const { port, ledger, proxy } = await startProxy(t, [forwardTo(backend.port)]);
  const upgraded = once(proxy, 'connection-upgrade');
  const client = await RawClient.open(port(8080));
  client.send(`${upgrade('WebSocket')}early `);
  await client.has('hello early ');
  await upgraded;
  client.send('ping');
  await client.has('ping');
  client.socket.end();
  await client.until(({ ended }) => ended);
  client.socket.destroy();
  await ledger.settled();
  assert.equal(ledger.closes[0]!.type, 'websocket');
  assert.equal(ledger.closes[0]!.reason, 'client-closed');
  assert.equal(ledger.requests[0]!.statusCode, 101);
  assert.equal(ledger.closes[0]!.bytesOut, client.received.length);
});

test('another protocol is tunnelled as well and is no WebSocket', async (t) => {
  const backend = await startTcp(t, echoAfter101('mine/1'));
  const { port, ledger } = await startProxy(t, [forwardTo(backend.port)]);
  const client = await RawClient.open(port(8080));
  client.send(upgrade('mine/1'));
  await client.has('hello ');
  for (const socket of backend.sockets) socket.end();
  await client.until(({ ended }) => ended);
  client.socket.destroy();
  await ledger.settled();
  assert.equal(ledger.closes[0]!.type, 'http');
});

test('a refused upgrade is an ordinary response', async (t) => {
  const backend = await startHttp(t, (_req, res) => res.writeHead(426).end('no'));
  const { port } = await startProxy(t, [forwardTo(backend.port)]);
  const client = await RawClient.open(port(8080));
  client.send(upgrade('websocket'));
  await client.has('no');
  client.send('GET /next HTTP/1.1\r\nHost: a.test\r\n\r\n');
  await client.until(({ text }) => text.split('HTTP/1.1 426').length === 3);
  client.socket.destroy();
});

test('h2c is never offered to the target', async (t) => {
  let headers: NodeJS.Dict<string | string[]> = {};
  const backend = await startHttp(t, (req, res) => {
    headers = req.headers;
    res.end('plain');
  });
  const { port } = await startProxy(t, [forwardTo(backend.port)]);
  const client = await RawClient.open(port(8080));
  client.send(upgrade('h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__\r\n'));
  await client.has('plain');
  assert.equal(headers['upgrade'], undefined);
  assert.equal(headers['http2-settings'], undefined);
  client.socket.destroy();
});

test("a route's WebSocket settings decide who may upgrade", async (t) => {
  const backend = await startTcp(t, echoAfter101('websocket'));
  const route = forwardTo(backend.port);
  route.action.websocket = {
    enabled: true,
    allowedOrigins: ['https://good.test'],
    subprotocols: ['chat'],
    authenticateRequest: async (context) => context.query === 'key=1',
  };
  const { port, proxy } = await startProxy(t, [
    route,
    {
      ...forwardTo(backend.port, { name: 'off' }, { domains: 'off.test' }),
      action: { ...forwardTo(backend.port).action, websocket: { enabled: false } },
    },
  ]);
  const ask = async (origin: string, protocol: string, path = '/ws?key=1', host = 'a.test'): Promise<string> => {
    const client = await RawClient.open(port(8080));
    client.send(
      `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nOrigin: ${origin}\r\n` +
        `Sec-WebSocket-Protocol: ${protocol}\r\n\r\n`,
    );
    await client.has('\r\n\r\n');
    client.socket.destroy();
    return client.text.slice(9, 12);
  };
  assert.equal(await ask('https://good.test', 'x, chat'), '101');
  assert.equal(await ask('https://bad.test', 'chat'), '403');
  assert.equal(await ask('https://good.test', 'other'), '400');
  assert.equal(await ask('https://good.test', 'chat', '/ws'), '403');
  assert.equal(await ask('https://good.test', 'chat', '/ws', 'off.test'), '403');
  assert.deepEqual(Object.fromEntries(proxy.stats.getRejectReasons()), {
    'origin-not-allowed': 1,
    'subprotocol-not-allowed': 1,
    'upgrade-not-authenticated': 1,
    'upgrade-not-allowed': 1,
  });
});
