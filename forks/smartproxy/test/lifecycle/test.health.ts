// Health checks, the life of connections, and the grouped metrics.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { RawClient, startHttp, startProxy, startTcp } from '../helpers/proxy.ts';

test('a target that fails its checks is left out until it passes them again', async (t) => {
  let status = 200;
  const names = ['one', 'two'];
  const backends = await Promise.all(
    names.map((name) =>
      startHttp(t, (req, res) => {
        if (req.url === '/health') res.writeHead(name === 'two' ? status : 200);
        res.end(name);
      }),
    ),
  );
  const healthCheck = { path: '/health', interval: 100, timeout: 1_000, unhealthyThreshold: 2, healthyThreshold: 1 };
  const { proxy, port } = await startProxy(t, [
    {
      name: 'pair',
      match: { ports: 8080, domains: 'a.test' },
      action: {
        type: 'forward',
        targets: backends.map((backend) => ({ host: '127.0.0.1', port: backend.port })),
        loadBalancing: { algorithm: 'round-robin', healthCheck },
      },
    },
  ]);
  const client = await RawClient.open(port(8080));
  const answers = async (): Promise<Set<string>> => {
    const seen = new Set<string>();
    for (let at = 0; at < 6; at += 1) {
      client.received = Buffer.alloc(0);
      client.send('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n');
      await client.until(({ text }) => /(one|two)$/.test(text));
      seen.add(client.text.slice(-3));
    }
    return seen;
  };
  assert.deepEqual(await answers(), new Set(names));
  status = 500;
  const [down] = (await once(proxy, 'upstream-health')) as [{ current: string; reason: string }];
  assert.equal(down.current, 'unhealthy');
  assert.equal(down.reason, 'status-500');
  assert.deepEqual(await answers(), new Set(['one']));
  status = 200;
  await once(proxy, 'upstream-health');
  assert.deepEqual(await answers(), new Set(names));
  client.socket.destroy();
});

test('a connection over its life time is closed', async (t) => {
  const echo = await startTcp(t, (socket) => socket.pipe(socket));
  const { port, ledger } = await startProxy(
    t,
    [
      {
        name: 'raw',
        match: { ports: 9000 },
        action: { type: 'forward', targets: [{ host: '127.0.0.1', port: echo.port }] },
      },
    ],
    { maxConnectionLifetime: 50 },
  );
  const client = await RawClient.open(port(9000));
  client.send('x');
  await client.until(({ ended, closed }) => ended || closed);
  client.socket.destroy();
  await ledger.settled();
  assert.equal(ledger.closes[0]!.reason, 'lifetime-exceeded');
});

test('the grouped metrics say what the statistics say', async (t) => {
  const backend = await startHttp(t, (_req, res) => res.end('ok'));
  const { proxy, port } = await startProxy(t, [
    {
      name: 'web',
      match: { ports: 8080, domains: 'a.test' },
      action: { type: 'forward', targets: [{ host: '127.0.0.1', port: backend.port }] },
    },
  ]);
  const client = await RawClient.open(port(8080));
  client.send('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n');
  await client.has('ok');
  const metrics = proxy.getMetrics();
  assert.equal(metrics.connections.active(), 1);
  assert.equal(metrics.connections.byRoute().get('web'), 1);
  assert.deepEqual(metrics.connections.topIPs(), [{ ip: '127.0.0.1', count: 1 }]);
  assert.equal(metrics.requests.total(), 1);
  const totals = proxy.stats.getTotals();
  assert.equal(metrics.totals.bytesIn(), totals.bytesIn);
  assert.equal(metrics.totals.bytesOut(), client.received.length);
  while (metrics.throughput.history(60).length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
  assert.ok(metrics.throughput.byRoute(1).has('web'));
  client.socket.destroy();
});
