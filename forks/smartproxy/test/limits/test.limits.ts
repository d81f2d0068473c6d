// Connection limits, address lists, rates and authentication where the engine applies them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setBounds } from '../helpers/bounds.ts';
import { RawClient, forwardTo, startHttp, startProxy, startTcp } from '../helpers/proxy.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n';
const over = (client: RawClient): boolean => client.ended || client.closed;

test('connections over the global and the per-address limit are refused and counted', async (t) => {
  const echo = await startTcp(t, (socket) => socket.pipe(socket));
  const raw = {
    name: 'raw',
    match: { ports: 9000 },
    action: { type: 'forward' as const, targets: [{ host: '127.0.0.1', port: echo.port }] },
  };
  for (const [options, reason] of [
    [{ maxConnections: 3 }, 'too-many-connections'],
    [{ maxConnectionsPerIP: 3 }, 'too-many-connections-per-ip'],
    [{ connectionRateLimitPerMinute: 3 }, 'connection-rate'],
  ] as const) {
    const { port, proxy, ledger } = await startProxy(t, [raw], options);
    const held: RawClient[] = [];
    for (let at = 0; at < 3; at += 1) {
      const client = await RawClient.open(port(9000));
      client.send('x');
      await client.has('x');
      held.push(client);
    }
    const refused = new RawClient(port(9000));
    await refused.until(over);
    refused.socket.destroy();
    assert.equal(proxy.stats.getRejectReasons().get(reason), 1);
    assert.equal(proxy.stats.getConnectionsByIP().get('127.0.0.1'), 3);
    for (const client of held) client.socket.destroy();
    await ledger.settled();
    assert.equal(ledger.rejections[0]!.reason, reason);
    if (reason !== 'connection-rate') {
      const again = await RawClient.open(port(9000));
      again.send('y');
      await again.has('y');
      again.socket.destroy();
    }
  }
});

test('addresses beyond those that have a count of their own share one, and its limit', async (t) => {
  setBounds(t, { trackedIps: 2 });
  const echo = await startTcp(t, (socket) => socket.pipe(socket));
  const raw = {
    name: 'raw',
    match: { ports: 9000 },
    action: { type: 'forward' as const, targets: [{ host: '127.0.0.1', port: echo.port }] },
  };
  const options = { maxConnectionsPerIP: 2, proxyIPs: ['127.0.0.1'] };
  const { port, proxy, ledger } = await startProxy(t, [raw], options);
  const clients: RawClient[] = [];
  const from = async (ip: string): Promise<boolean> => {
    const client = await RawClient.open(port(9000));
    clients.push(client);
    client.send(`PROXY TCP4 ${ip} 10.0.0.9 1000 9000\r\nx`);
    await client.until((each) => over(each) || each.text === 'x').catch(() => {});
    return client.text === 'x';
  };
  const admitted: boolean[] = [];
  for (const host of [1, 2, 2, 3, 4, 5, 1]) admitted.push(await from(`10.0.0.${host}`));
  assert.deepEqual(admitted, [true, true, true, true, true, false, true]);
  assert.equal(proxy.stats.getRejectReasons().get('too-many-connections-per-ip'), 1);
  for (const client of clients) client.socket.destroy();
  await ledger.settled();
  assert.equal(await from('10.0.0.5'), true);
  clients.at(-1)!.socket.destroy();
  await ledger.settled();
});

test("a route's own connection limit counts its connections only, until they close", async (t) => {
  const backend = await startHttp(t, (_req, res) => res.end('ok'));
  const { port, proxy, ledger } = await startProxy(t, [
    forwardTo(backend.port, { security: { maxConnections: 1 } }),
    forwardTo(backend.port, { name: 'free' }, { domains: 'b.test' }),
  ]);
  const first = await RawClient.open(port(8080));
  first.send(GET);
  await first.has('ok');
  const second = await RawClient.open(port(8080));
  second.send(GET);
  assert.match(await second.whole(), /^HTTP\/1\.1 503 /);
  const other = await RawClient.open(port(8080));
  other.send('GET / HTTP/1.1\r\nHost: b.test\r\n\r\n');
  await other.has('ok');
  // A keep-alive connection that turns to the full route is refused there and goes on elsewhere.
  other.received = Buffer.alloc(0);
  other.send(GET);
  await other.has('503');
  other.send('GET / HTTP/1.1\r\nHost: b.test\r\n\r\n');
  await other.has('ok');
  first.socket.destroy();
  while (proxy.stats.getConnectionsByRoute().get('web') !== 0) await new Promise((resolve) => setImmediate(resolve));
  other.received = Buffer.alloc(0);
  other.send(GET);
  await other.has('ok');
  other.socket.destroy();
  await ledger.settled();
  assert.equal(proxy.stats.getRouteStats('web')[0]!.rejects['route-connections'], 2);
  assert.equal(ledger.rejections[0]!.routeName, 'web');
});

test('address lists are asked for every request, also where the connection came by another route', async (t) => {
  const backend = await startHttp(t, (_req, res) => res.end('ok'));
  const { port } = await startProxy(t, [
    forwardTo(backend.port),
    forwardTo(backend.port, { name: 'closed', security: { ipBlockList: ['127.0.0.0/8'] } }, { domains: 'closed.test' }),
  ]);
  const client = await RawClient.open(port(8080));
  client.send(GET);
  await client.has('ok');
  client.send('GET / HTTP/1.1\r\nHost: closed.test\r\n\r\n');
  await client.has('403');
  client.socket.destroy();
  const direct = await RawClient.open(port(8080));
  direct.send('GET / HTTP/1.1\r\nHost: closed.test\r\n\r\n');
  assert.match(await direct.whole(), /^HTTP\/1\.1 403 /);
});

test('passwords and rates: hashing does not hold up the connection, and each refusal says why', async (t) => {
  const backend = await startHttp(t, (req, res) => {
    req.resume();
    req.on('end', () => res.end('let in'));
  });
  const { port, proxy } = await startProxy(t, [
    forwardTo(backend.port, {
      security: {
        basicAuth: { enabled: true, users: [{ username: 'u', password: 'p' }], realm: 'here' },
        rateLimit: { enabled: true, maxRequests: 4, window: 3_600 },
      },
    }),
  ]);
  const client = await RawClient.open(port(8080));
  client.send(GET);
  await client.has('401');
  assert.match(client.text, /WWW-Authenticate: Basic realm="here"/);
  client.received = Buffer.alloc(0);
  const credentials = Buffer.from('u:p').toString('base64');
  const post = `POST / HTTP/1.1\r\nHost: a.test\r\nAuthorization: Basic ${credentials}\r\nContent-Length: 4\r\n\r\nbody`;
  client.send(post + post);
  await client.until(({ text }) => text.split('let in').length === 3);
  client.send(
    `GET / HTTP/1.1\r\nHost: a.test\r\nAuthorization: Basic ${Buffer.from('u:x').toString('base64')}\r\n\r\n`,
  );
  await client.has('401');
  client.send(post);
  await client.has('429');
  assert.match(client.text, /Retry-After: \d+/);
  client.socket.destroy();
  assert.deepEqual(Object.fromEntries(proxy.stats.getRejectReasons()), {
    'auth-missing': 1,
    'auth-failed': 1,
    'rate-limited': 1,
  });
});
