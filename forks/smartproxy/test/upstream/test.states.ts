// Targets that are taken out, given another weight, or found unhealthy while the proxy runs.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { RawClient, startHttp, startProxy, startTcp } from '../helpers/proxy.ts';
import { ask, askOnce, backend, Names } from './names.ts';
import type { IRouteConfig } from '@dcrouter/smartproxy';

const web = (targets: Array<{ host: string | string[]; port: number }>, more = {}): IRouteConfig => ({
  name: 'web',
  match: { ports: 8080, domains: 'a.test' },
  action: { type: 'forward', targets, ...more },
});
const at = (port: number) => ({ host: '127.0.0.1', port });

async function bodies(client: RawClient, count: number): Promise<Record<string, number>> {
  const seen: Record<string, number> = {};
  for (let round = 0; round < count; round += 1) {
    const { body } = await ask(client);
    seen[body] = (seen[body] ?? 0) + 1;
  }
  return seen;
}

test('drain: nothing new, also from open client connections; what is under way goes on; it outlives new routes', async (t) => {
  const [one, two] = [await backend(t, 'one'), await backend(t, 'two')];
  const echo = await startTcp(t, (socket) => socket.pipe(socket));
  const routes = [
    web([at(one.port), at(two.port)]),
    { name: 'raw', match: { ports: 9000 }, action: { type: 'forward' as const, targets: [at(echo.port)] } },
  ];
  const { proxy, port, ledger } = await startProxy(t, routes);
  const client = await RawClient.open(port(8080));
  assert.deepEqual(await bodies(client, 4), { one: 2, two: 2 });
  const tunnel = await RawClient.open(port(9000));
  tunnel.send('before');
  await tunnel.has('before');
  proxy.setUpstreamState(`127.0.0.1:${one.port}`, { state: 'drain' });
  proxy.setUpstreamState(`127.0.0.1:${echo.port}`, { state: 'drain' });
  assert.deepEqual(await bodies(client, 4), { two: 4 });
  tunnel.send('after');
  await tunnel.has('after');
  const late = await RawClient.open(port(9000));
  await late.whole();
  await proxy.updateRoutes(routes.map((route) => ({ ...route })));
  assert.deepEqual(await bodies(client, 2), { two: 2 });
  const stats = proxy.stats.getUpstreamStats().find(({ target }) => target === `127.0.0.1:${one.port}`)!;
  assert.equal(stats.state, 'drain');
  proxy.setUpstreamState(`127.0.0.1:${one.port}`, { state: 'ready' });
  assert.deepEqual(await bodies(client, 4), { one: 2, two: 2 });
  for (const each of [client, tunnel]) each.socket.destroy();
  await ledger.settled();
  assert.equal(proxy.stats.getRejectReasons().get('no-target-available'), 1);
});

test('disabled: idle connections end, and one that comes back is not kept', async (t) => {
  const held: Array<() => void> = [];
  const slow = await startHttp(t, (req, res) => {
    if (req.url === '/held') held.push(() => res.end('held'));
    else res.end('one');
  });
  const { proxy, port } = await startProxy(t, [web([at(slow.port)])]);
  const [client, waiting] = [await RawClient.open(port(8080)), await RawClient.open(port(8080))];
  waiting.send('GET /held HTTP/1.1\r\nHost: a.test\r\n\r\n');
  while (held.length === 0) await new Promise((resolve) => setImmediate(resolve));
  assert.equal((await ask(client)).body, 'one');
  const pool = () => proxy.stats.getPoolStats();
  assert.deepEqual([pool().active, pool().idle], [1, 1]);
  proxy.setUpstreamState(`127.0.0.1:${slow.port}`, { state: 'disabled' });
  assert.deepEqual([pool().active, pool().idle], [1, 0]);
  const refused = await ask(client);
  assert.equal(refused.status, 503);
  held[0]!();
  await waiting.has('held');
  assert.deepEqual([pool().active, pool().idle], [0, 0]);
  assert.deepEqual(Object.fromEntries(proxy.stats.getRejectReasons()), { 'no-target-available': 1 });
  for (const each of [client, waiting]) each.socket.destroy();
});

test('a weight set at run time counts in every route, and null gives it back', async (t) => {
  const [one, two] = [await backend(t, 'one'), await backend(t, 'two')];
  const { proxy, port } = await startProxy(t, [web([at(one.port), at(two.port)])]);
  const client = await RawClient.open(port(8080));
  proxy.setUpstreamState(`127.0.0.1:${one.port}`, { weight: 3 });
  assert.deepEqual(await bodies(client, 8), { one: 6, two: 2 });
  proxy.setUpstreamState(`127.0.0.1:${one.port}`, { weight: 0 });
  assert.deepEqual(await bodies(client, 4), { two: 4 });
  proxy.setUpstreamState(`127.0.0.1:${one.port}`, { weight: null });
  assert.deepEqual(
    proxy.getUpstreamStates().map(({ target, state, weight }) => [target, state, weight]),
    [
      [`127.0.0.1:${one.port}`, 'ready', null],
      [`127.0.0.1:${two.port}`, 'ready', null],
    ],
  );
  client.socket.destroy();
});

test('health from outside: passed over while others are well, asked all the same when none is, and told', async (t) => {
  const [one, two] = [await backend(t, 'one'), await backend(t, 'two')];
  const { proxy, port } = await startProxy(t, [web([at(one.port), at(two.port)])]);
  const client = await RawClient.open(port(8080));
  const told = once(proxy, 'upstream-health');
  proxy.setTargetHealth(`127.0.0.1:${one.port}`, false, 'ECONNREFUSED');
  const [event] = (await told) as [{ target: string; current: string; reason: string }];
  assert.deepEqual([event.target, event.current, event.reason], [`127.0.0.1:${one.port}`, 'unhealthy', 'ECONNREFUSED']);
  assert.deepEqual(await bodies(client, 4), { two: 4 });
  const stats = proxy.stats.getUpstreamStats().map(({ healthy }) => healthy);
  assert.deepEqual(stats, [true], 'the first was never dialled, so only the second has numbers');
  proxy.setTargetHealth(`127.0.0.1:${two.port}`, false, 'timeout');
  assert.deepEqual(await bodies(client, 4), { one: 2, two: 2 });
  proxy.setTargetHealth(`127.0.0.1:${one.port}`, true);
  proxy.setTargetHealth(`127.0.0.1:${two.port}`, true);
  assert.deepEqual(await bodies(client, 4), { one: 2, two: 2 });
  client.socket.destroy();
});

test('a list of hosts passes over the one that is taken out', async (t) => {
  const one = await backend(t, 'one');
  const two = await backend(t, 'two', '127.0.0.2', one.port);
  const { proxy, port } = await startProxy(t, [web([{ host: ['127.0.0.1', '127.0.0.2'], port: one.port }])]);
  const client = await RawClient.open(port(8080));
  assert.deepEqual(await bodies(client, 4), { one: 2, two: 2 });
  proxy.setUpstreamState(`127.0.0.2:${two.port}`, { state: 'drain' });
  assert.deepEqual(await bodies(client, 4), { one: 4 });
  proxy.setUpstreamState(`127.0.0.1:${one.port}`, { state: 'drain' });
  assert.equal((await ask(client)).status, 503);
  client.socket.destroy();
});

test('a target that a function gives is taken out by its name', async (t) => {
  const one = await backend(t, 'one');
  const route = web([]);
  route.action.targets = [{ host: () => '127.0.0.1', port: () => one.port }];
  const { proxy, port } = await startProxy(t, [route]);
  assert.equal((await askOnce(port(8080))).body, 'one');
  proxy.setUpstreamState(`127.0.0.1:${one.port}`, { state: 'drain' });
  assert.equal((await askOnce(port(8080))).status, 503);
});

test('what cannot be said is refused with what could', async (t) => {
  const { proxy } = await startProxy(t, [web([at(9)])]);
  assert.throws(() => proxy.setUpstreamState('a:1', { state: 'off' as 'drain' }), /state is off; use ready, drain/);
  assert.throws(() => proxy.setUpstreamState('a:1', { weight: 1_001 }), /whole number from 0 to 1000/);
  const srv = web([{ host: '_http._tcp.a.test', port: 'srv' as unknown as number }]);
  await assert.rejects(proxy.updateRoutes([srv]), /port "srv" needs the option resolver/);
  const wrong = web([{ host: 'a.test', port: 'srv' as unknown as number }]);
  await assert.rejects(proxy.updateRoutes([wrong]), /targets\[0\]\.host.*_http\._tcp\.example\.com/);
  await assert.rejects(startProxy(t, [], { resolver: new Names(), workers: 1 }), /resolver/);
});
