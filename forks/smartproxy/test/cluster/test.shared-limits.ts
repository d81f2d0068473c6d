// Limits hold over all workers together, within the bound that the documentation gives.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { IRouteConfig, ISmartProxyOptions, SmartProxy } from '@dcrouter/smartproxy';
import { RawClient, forwardTo, startHttp, startProxy, type IRunningProxy } from '../helpers/proxy.ts';
import { fetchOnce, until } from './cluster.ts';

const WORKERS = 3;
const LIMIT = 8;
const GET = 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n';

async function world(
  t: TestContext,
  options: Partial<ISmartProxyOptions>,
  security?: IRouteConfig['security'],
): Promise<IRunningProxy> {
  const backend = await startHttp(t, (_request, response) => response.end('served'));
  return await startProxy(t, [forwardTo(backend.port, { security })], { workers: WORKERS, ...options });
}

/** What a worker tells goes ahead of its answer, and what it is told ahead of the next question. */
async function told(proxy: SmartProxy): Promise<void> {
  await proxy.listConnections({ limit: 1 });
  await proxy.listConnections({ limit: 1 });
}

/** Clients that come one after another and stay: those that were served. */
async function crowd({ proxy, port: portOf }: IRunningProxy, count: number): Promise<RawClient[]> {
  const port = portOf(8080);
  const served: RawClient[] = [];
  for (let n = 0; n < count; n += 1) {
    const client = new RawClient(port);
    client.socket.on('connect', () => client.send(GET));
    await client.until(({ text, ended }) => ended || text.includes('\r\n\r\n')).catch(() => {});
    if (client.text.includes('served')) served.push(client);
    else client.socket.destroy();
    await told(proxy);
  }
  return served;
}

const cases: Array<[string, Partial<ISmartProxyOptions>, IRouteConfig['security'], string]> = [
  ['connections', { maxConnections: LIMIT }, undefined, 'too-many-connections'],
  ['connections of an address', { maxConnectionsPerIP: LIMIT }, undefined, 'too-many-connections-per-ip'],
  ['connections of a route', {}, { maxConnections: LIMIT }, 'route-connections'],
  ['connections of an address on a route', {}, { maxConnectionsPerIP: LIMIT }, 'route-connections-per-ip'],
];

for (const [what, options, security, reason] of cases) {
  test(`${what}: as many as one process would let in, and again when they are gone`, async (t) => {
    const running = await world(t, options, security);
    const { proxy } = running;
    for (let round = 0; round < 2; round += 1) {
      // A small limit has no part that is left untold: each change is with the others before the next client is.
      const served = await crowd(running, 3 * LIMIT);
      assert.equal(served.length, LIMIT);
      for (const client of served) client.socket.destroy();
      await until(() => proxy.stats.getActiveConnections() === 0);
    }
    await until(() => proxy.stats.getRejectReasons().get(reason) === 2 * 2 * LIMIT);
  });
}

test('a worker that dies gives back what it held', async (t) => {
  const running = await world(t, { maxConnections: LIMIT });
  const { proxy } = running;
  const served = await crowd(running, LIMIT);
  assert.equal(served.length, LIMIT);
  for (const pid of proxy.getWorkerStats()!.pids.slice(1)) process.kill(pid, 'SIGKILL');
  await until(() => proxy.getWorkerStats()!.replaced === WORKERS - 1);
  const left = served.filter(({ closed, ended }) => !closed && !ended).length;
  // One that comes later knows what the one that stayed holds.
  assert.equal((await crowd(running, 3 * LIMIT)).length, LIMIT - left);
});

test('requests of a limited rate: one budget for all workers', async (t) => {
  const running = await world(t, {}, { rateLimit: { enabled: true, maxRequests: LIMIT, window: 3_600 } });
  const statuses: number[] = [];
  for (let n = 0; n < 3 * LIMIT; n += 1) {
    statuses.push((await fetchOnce(running.port(8080))).status);
    await told(running.proxy);
  }
  assert.equal(statuses.filter((status) => status === 200).length, LIMIT);
  assert.equal(statuses.filter((status) => status === 429).length, 2 * LIMIT);
});

test('new connections of a limited rate: one budget for all workers', async (t) => {
  const running = await world(t, { connectionRateLimitPerMinute: LIMIT });
  assert.ok((await crowd(running, 3 * LIMIT)).length <= LIMIT + 1, 'one more may come by the minute');
});

test('a storm of parallel clients stays within the bound around a limit', async (t) => {
  const limit = 120;
  const running = await world(t, { maxConnectionsPerIP: limit });
  const { proxy, port } = running;
  const clients = Array.from({ length: 4 * limit }, () => new RawClient(port(8080)));
  await until(() => proxy.stats.getTotalConnections() === clients.length);
  const refused = (): number => proxy.stats.getRejectReasons().get('too-many-connections-per-ip') ?? 0;
  await until(() => proxy.stats.getActiveConnections() + refused() === clients.length);
  const open = proxy.stats.getActiveConnections();
  t.diagnostic(`${open} of ${limit} allowed`);
  assert.ok(open >= limit - limit / 8 && open <= limit + limit / 8 + WORKERS, `${open} open`);
  // Once told, no more come in.
  const later = await crowd(running, 10);
  assert.equal(later.length, 0);
  for (const client of clients) client.socket.destroy();
});

test('a storm of parallel requests stays within the bound around a rate', async (t) => {
  const limit = 64;
  const { port } = await world(t, {}, { rateLimit: { enabled: true, maxRequests: limit, window: 3_600 } });
  const answers = await Promise.all(Array.from({ length: 4 * limit }, async () => await fetchOnce(port(8080))));
  const served = answers.filter(({ status }) => status === 200).length;
  t.diagnostic(`${served} of ${limit} served`);
  assert.ok(served >= limit - limit / 8 && served < 2 * limit, `${served} served`);
});
