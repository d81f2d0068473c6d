// Start, stop, drain and route swaps under traffic.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { test } from 'node:test';
import { SmartProxy } from '@dcrouter/smartproxy';
import { Ledger } from '../helpers/ledger.ts';
import { RawClient, forwardTo, startHttp, startProxy, startTcp } from '../helpers/proxy.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n';

test('a busy port undoes the whole start, names itself, and a second try works', async (t) => {
  const holder = createServer();
  holder.listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const busy = (holder.address() as AddressInfo).port;
  const spare = createServer();
  spare.listen(0, '127.0.0.1');
  await once(spare, 'listening');
  const free = (spare.address() as AddressInfo).port;
  await new Promise((resolve) => spare.close(resolve));
  const ports = [Math.min(free, busy), Math.max(free, busy)];
  const proxy = new SmartProxy({
    listenAddress: '127.0.0.1',
    routes: [{ match: { ports }, action: { type: 'forward', targets: [{ host: '127.0.0.1', port: 1 }] } }],
  });
  await assert.rejects(proxy.start(), { code: 'PROXY_LISTEN_FAILED', message: `port ${busy} is in use` });
  assert.deepEqual(proxy.getListeningPorts(), []);
  const again = createServer();
  again.listen(free, '127.0.0.1');
  await once(again, 'listening');
  await new Promise((resolve) => again.close(resolve));
  await new Promise((resolve) => holder.close(resolve));
  await proxy.start();
  assert.deepEqual(proxy.getListeningPorts(), ports);
  await proxy.stop();
  t.diagnostic(`busy ${busy}, free ${free}`);
});

test('stop lets a running exchange finish, closes idle connections and cuts the rest in time', async (t) => {
  const waiting: Array<() => void> = [];
  const backend = await startHttp(t, (req, res) => {
    if (req.url === '/slow') waiting.push(() => res.end('finished'));
    else if (req.url !== '/never') res.end('ok');
  });
  const proxy = new SmartProxy({ routes: [forwardTo(backend.port)], listenAddress: '127.0.0.1', ephemeralPorts: true });
  const ledger = new Ledger(proxy);
  await proxy.start();
  const port = proxy.listeningPort(8080)!;
  const idle = await RawClient.open(port);
  idle.send(GET);
  await idle.has('ok');
  const slow = await RawClient.open(port);
  slow.send('GET /slow HTTP/1.1\r\nHost: a.test\r\n\r\n');
  const never = await RawClient.open(port);
  never.send('GET /never HTTP/1.1\r\nHost: a.test\r\n\r\n');
  while (waiting.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const drained = once(proxy, 'drained');
  const stopped = proxy.stop({ drainTimeout: 300 });
  await idle.until(({ ended }) => ended);
  waiting[0]!();
  await slow.has('finished');
  assert.match(slow.text, /Connection: close/);
  await never.until(({ ended }) => ended);
  never.socket.destroy();
  await stopped;
  const [event] = (await drained) as [{ forced: number }];
  assert.equal(event.forced, 1);
  idle.socket.destroy();
  slow.socket.destroy();
  await ledger.assertLaws();
  const pool = proxy.stats.getPoolStats();
  assert.equal(pool.active + pool.idle, 0);
  await assert.rejects(RawClient.open(port));
});

test('a proxy starts again after it stopped and goes on counting', async (t) => {
  const backend = await startHttp(t, (_req, res) => res.end('ok'));
  const { proxy, port } = await startProxy(t, [forwardTo(backend.port)]);
  for (let run = 1; run <= 2; run += 1) {
    const client = await RawClient.open(port(8080));
    client.send(GET);
    await client.has('ok');
    client.socket.destroy();
    await proxy.stop({ drainTimeout: 200 });
    assert.equal(proxy.stats.getTotalConnections(), run);
    if (run === 1) await proxy.start();
  }
  await assert.rejects(
    async () => {
      await proxy.start();
      await proxy.start();
    },
    { code: 'PROXY_ALREADY_RUNNING' },
  );
});

test('new routes take effect at once; tunnels and requests under way keep theirs', async (t) => {
  const one = await startHttp(t, (_req, res) => res.end('one'));
  const two = await startHttp(t, (_req, res) => res.end('two'));
  const echo = await startTcp(t, (socket) => socket.pipe(socket));
  const raw = {
    name: 'raw',
    match: { ports: 9000 },
    action: { type: 'forward' as const, targets: [{ host: '127.0.0.1', port: echo.port }] },
  };
  const { proxy, port, ledger } = await startProxy(t, [forwardTo(one.port, { name: 'first' }), raw]);
  const tunnel = await RawClient.open(port(9000));
  tunnel.send('a');
  await tunnel.has('a');
  const client = await RawClient.open(port(8080));
  client.send(GET);
  await client.has('one');
  const oldPort = port(9000);
  await proxy.updateRoutes([forwardTo(two.port, { name: 'second' })]);
  client.send(GET);
  await client.has('two');
  tunnel.send('b');
  await tunnel.has('ab');
  await assert.rejects(RawClient.open(oldPort));
  assert.deepEqual(proxy.getListeningPorts(), [8080]);
  client.socket.destroy();
  tunnel.socket.destroy();
  await ledger.settled();
  const requests = new Map(proxy.stats.getRouteStats().map((route) => [route.routeName, route.requests]));
  assert.equal(requests.get('first'), 1);
  assert.equal(requests.get('second'), 1);
});

test('an update that cannot be applied changes nothing', async (t) => {
  const backend = await startHttp(t, (_req, res) => res.end('ok'));
  const { proxy, port } = await startProxy(t, [forwardTo(backend.port)]);
  await assert.rejects(proxy.updateRoutes([{ match: { ports: 0 } as never, action: { type: 'forward' } }]), {
    name: 'RouteConfigError',
  });
  const client = await RawClient.open(port(8080));
  client.send(GET);
  await client.has('ok');
  client.socket.destroy();
});
