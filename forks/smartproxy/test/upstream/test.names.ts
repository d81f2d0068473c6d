// Targets by name: who is dialled, what becomes of pooled connections when a name moves, and what failures look like.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RawClient, startProxy, startTcp } from '../helpers/proxy.ts';
import { ask, askOnce, backend, blackHole, Names } from './names.ts';
import type { IRouteConfig, SmartProxy } from '@dcrouter/smartproxy';

const web = (host: string, port: number | 'srv', more: Partial<IRouteConfig['action']> = {}): IRouteConfig => ({
  name: 'web',
  match: { ports: 8080, domains: 'a.test' },
  action: { type: 'forward', targets: [{ host, port }], ...more },
});
const raw = (host: string, port: number | 'srv'): IRouteConfig => ({
  name: 'raw',
  match: { ports: 9000 },
  action: { type: 'forward', targets: [{ host, port }] },
});
const upstream = (proxy: SmartProxy, target: string) =>
  proxy.stats.getUpstreamStats().find((stats) => stats.target === target)!;
const destinations = (proxy: SmartProxy, target: string) =>
  Object.fromEntries(
    upstream(proxy, target).destinations.map(({ destination, connects, failures, lastError }) => [
      destination,
      [connects, failures, lastError],
    ]),
  );

test('an address that refuses is passed over, and tried last for a while', async (t) => {
  const names = new Names();
  const one = await backend(t, 'one');
  names.set('app.test', '127.0.0.2', '127.0.0.1');
  const { proxy, port } = await startProxy(t, [web('app.test', one.port, { advanced: { keepAlive: false } })], {
    resolver: names,
  });
  for (let at = 0; at < 4; at += 1) assert.deepEqual(await askOnce(port(8080)), { status: 200, body: 'one' });
  assert.deepEqual(destinations(proxy, `app.test:${one.port}`), {
    [`127.0.0.2:${one.port}`]: [0, 1, 'ECONNREFUSED'],
    [`127.0.0.1:${one.port}`]: [4, 0, null],
  });
});

test('an address that does not answer is not waited for: the next one joins it and wins', async (t) => {
  const names = new Names();
  const hole = await blackHole(t, '127.0.0.2');
  const one = await backend(t, 'one', '127.0.0.1', hole);
  names.set('app.test', '127.0.0.2', '127.0.0.1');
  names.forgetful = true;
  const { proxy, port, ledger } = await startProxy(t, [web('app.test', one.port), raw('app.test', one.port)], {
    resolver: names,
  });
  assert.deepEqual(await askOnce(port(8080)), { status: 200, body: 'one' });
  // A tunnel goes the same way. It is the second connection, so the addresses change places; the third is as the first.
  for (let at = 0; at < 2; at += 1) assert.equal((await askOnce(port(9000))).body, 'one');
  assert.ok(names.asked.length >= 3, 'each was asked for');
  assert.deepEqual(destinations(proxy, `app.test:${one.port}`)[`127.0.0.1:${one.port}`], [3, 0, null]);
  await ledger.settled();
});

test('a client that goes while addresses are tried leaves nothing behind', async (t) => {
  const names = new Names();
  const hole = await blackHole(t, '127.0.0.2');
  names.set('app.test', '127.0.0.2');
  const { proxy, port, ledger } = await startProxy(t, [web('app.test', hole), raw('app.test', hole)], {
    resolver: names,
  });
  const sockets = () => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
  // Those that fill the queue; others are still going from the test before.
  const before = 2;
  while (sockets() > before) await new Promise((resolve) => setImmediate(resolve));
  const [client, tunnel] = [await RawClient.open(port(8080)), await RawClient.open(port(9000))];
  for (const each of [client, tunnel]) each.send('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n');
  while (upstream(proxy, `app.test:${hole}`)?.active !== 2) await new Promise((resolve) => setImmediate(resolve));
  client.socket.resetAndDestroy();
  while (upstream(proxy, `app.test:${hole}`).active !== 1) await new Promise((resolve) => setImmediate(resolve));
  // A tunnel does not read from its client before it is connected: it ends with the proxy.
  await proxy.stop({ drainTimeout: 0 });
  await ledger.settled();
  assert.equal(upstream(proxy, `app.test:${hole}`).active, 0);
  tunnel.socket.destroy();
  // Neither client's attempt goes on.
  while (sockets() > before) await new Promise((resolve) => setImmediate(resolve));
});

test('a name that cannot be resolved is 502, counted as unresolved', async (t) => {
  const { proxy, port, ledger } = await startProxy(t, [web('gone.test', 80), raw('gone.test', 80)], {
    resolver: new Names(),
  });
  assert.equal((await askOnce(port(8080))).status, 502);
  await new RawClient(port(9000)).whole();
  await ledger.settled();
  assert.deepEqual(upstream(proxy, 'gone.test:80').failures, { unresolved: 2 });
  assert.equal(ledger.requests[0]!.error, 'unresolved');
});

test('a name that moves: what is under way stays, what is idle ends, what is new goes to the new address', async (t) => {
  const names = new Names();
  const old = await startTcp(t, (socket) => {
    socket.on('end', () => socket.end());
    socket.on('data', (bytes) => {
      const path = /GET (\S+)/.exec(bytes.toString())?.[1];
      if (path === '/slow') socket.write('HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf');
      else if (path === undefined) socket.write(bytes);
      else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nold');
    });
  });
  const fresh = await backend(t, 'new', '127.0.0.2', old.port);
  names.set('app.test', '127.0.0.1');
  const { proxy, port, ledger } = await startProxy(t, [web('app.test', old.port), raw('app.test', old.port)], {
    resolver: names,
  });
  const slow = await RawClient.open(port(8080));
  slow.send('GET /slow HTTP/1.1\r\nHost: a.test\r\n\r\n');
  await slow.has('half');
  const [busy] = old.sockets;
  const tunnel = await RawClient.open(port(9000));
  tunnel.send('echo');
  await tunnel.has('echo');
  const client = await RawClient.open(port(8080));
  assert.equal((await ask(client)).body, 'old');
  assert.equal(upstream(proxy, `app.test:${old.port}`).idle, 1);
  names.set('app.test', '127.0.0.2');
  assert.equal((await ask(client)).body, 'new');
  // The idle connection to the old address ended; the exchange and the tunnel did not.
  while (old.sockets.size > 2) await new Promise((resolve) => setImmediate(resolve));
  busy!.write('half');
  await slow.has('halfhalf');
  tunnel.send('again');
  await tunnel.has('again');
  // Its exchange is over: it is not kept for another one.
  while (old.sockets.size > 1) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(fresh.connections(), 1);
  for (const each of [slow, tunnel, client]) each.socket.destroy();
  await ledger.settled();
});

test('SRV: servers by priority, the next one when they are gone, and none that is taken out', async (t) => {
  const names = new Names();
  const [one, two] = [await backend(t, 'one'), await backend(t, 'two')];
  names.setService(
    '_http._tcp.app.test',
    { name: 'one.test', port: one.port, priority: 1 },
    { name: 'two.test', port: two.port, priority: 2 },
  );
  const { proxy, port } = await startProxy(t, [web('_http._tcp.app.test', 'srv'), raw('_http._tcp.app.test', 'srv')], {
    resolver: names,
  });
  const client = await RawClient.open(port(8080));
  assert.equal((await ask(client)).body, 'one');
  assert.equal((await askOnce(port(9000))).body, 'one');
  proxy.setTargetHealth(`one.test:${one.port}`, false, 'status-500');
  assert.equal((await ask(client)).body, 'two');
  proxy.setTargetHealth(`one.test:${one.port}`, true);
  proxy.setUpstreamState(`127.0.0.1:${two.port}`, { state: 'drain' });
  assert.equal((await ask(client)).body, 'one');
  proxy.setUpstreamState(`127.0.0.1:${one.port}`, { state: 'drain' });
  const none = await ask(client);
  assert.equal(none.status, 503);
  proxy.setUpstreamState(`127.0.0.1:${one.port}`, { state: 'ready' });
  proxy.setUpstreamState('_http._tcp.app.test:srv', { state: 'drain' });
  assert.equal((await ask(client)).status, 503);
  assert.deepEqual(upstream(proxy, '_http._tcp.app.test:srv').failures, { 'no-target-available': 1 });
  assert.equal(proxy.stats.getRejectReasons().get('no-target-available'), 1);
  client.socket.destroy();
});

test('a name whose time is over is asked for again, though its connections in the pool would do', async (t) => {
  const names = new Names();
  const old = await backend(t, 'old');
  await backend(t, 'new', '127.0.0.2', old.port);
  names.set('app.test', '127.0.0.1');
  const { proxy, port } = await startProxy(t, [web('app.test', old.port)], { resolver: names });
  const client = await RawClient.open(port(8080));
  assert.equal((await ask(client)).body, 'old');
  names.set('app.test', '127.0.0.2');
  names.expire('app.test');
  assert.equal((await ask(client)).body, 'old', 'nobody waits for the answer');
  assert.deepEqual(names.asked, ['app.test']);
  while (upstream(proxy, `app.test:${old.port}`).idle > 0) await new Promise((resolve) => setImmediate(resolve));
  assert.equal((await ask(client)).body, 'new');
  client.socket.destroy();
});
