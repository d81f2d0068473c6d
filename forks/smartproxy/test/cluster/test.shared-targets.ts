// A maximum of connections per target holds for all workers together, whoever has them and whoever dies.
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { test, type TestContext } from 'node:test';
import type { IRouteConfig } from '@dcrouter/smartproxy';
import { RawClient, forwardTo, startHttp, startProxy } from '../helpers/proxy.ts';
import { clientsByWorker, connectionsClosed, until } from './cluster.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n';

function limited(port: number, maxConnectionsPerTarget: number, more: object = {}): IRouteConfig {
  const route = forwardTo(port);
  return { ...route, action: { ...route.action, advanced: { maxConnectionsPerTarget, ...more } } };
}

/** A backend that counts its requests at once, and answers when it is told to. */
async function slowBackend(t: TestContext): Promise<{ port: number; held: ServerResponse[]; most: () => number }> {
  const held: ServerResponse[] = [];
  let most = 0;
  const backend = await startHttp(t, (_request, response) => {
    held.push(response);
    most = Math.max(most, held.filter(({ writableEnded, destroyed }) => !writableEnded && !destroyed).length);
  });
  return { port: backend.port, held, most: () => most };
}

async function ask(client: RawClient): Promise<void> {
  client.received = Buffer.alloc(0);
  client.send(GET);
  await client.until(({ text }) => text.endsWith('served'));
}

test('an idle connection of one worker makes room for a request in another', async (t) => {
  const backend = await startHttp(t, (_request, response) => response.end('served'));
  const { proxy, port } = await startProxy(t, [limited(backend.port, 1, { targetQueueTimeout: 2_000 })], {
    workers: 2,
  });
  const workers = [...(await clientsByWorker(proxy, port(8080))).values()];
  // Each request finds the one connection idle in the worker before, where it would be kept longer than one may wait.
  for (const [client] of [...workers, ...workers, ...workers]) await ask(client!);
  for (const client of workers.flat()) client.socket.destroy();
  await connectionsClosed(proxy, workers.flat().length);
  const [upstream] = proxy.stats.getUpstreamStats();
  assert.deepEqual([upstream!.requests, upstream!.connects], [6, 6]);
});

test('busy workers share the connections, and none is left waiting for ever', async (t) => {
  let [now, most] = [0, 0];
  const backend = await startHttp(t, (_request, response) => {
    most = Math.max(most, ++now);
    setImmediate(() => {
      now -= 1;
      response.end('served');
    });
  });
  // Fewer than there are workers, so that each has to give its connection away again and again.
  const { proxy, port } = await startProxy(t, [limited(backend.port, 2)], { workers: 3 });
  const clients = [...(await clientsByWorker(proxy, port(8080))).values()].flat();
  await Promise.all(
    clients.map(async (client) => {
      for (let turn = 0; turn < 20; turn += 1) await ask(client);
      client.socket.destroy();
    }),
  );
  assert.ok(most <= 2);
  await connectionsClosed(proxy, clients.length);
  const [upstream] = proxy.stats.getUpstreamStats();
  assert.equal(upstream!.requests, clients.length * 20);
  assert.equal(upstream!.waiting, 0);
  assert.ok(upstream!.queued > 0);
  assert.equal(proxy.stats.getTotals().rejected, 0);
});

test('a worker that is killed gives its connections back, and its place in the queue is gone', async (t) => {
  const { port: target, held, most } = await slowBackend(t);
  const { proxy, port } = await startProxy(t, [limited(target, 2, { targetQueueSize: 2 })], { workers: 2 });
  const workers = await clientsByWorker(proxy, port(8080));
  const [mine, others] = [...workers.values()] as [RawClient[], RawClient[]];
  const [owner] = workers.keys();
  while (mine.length < 3) {
    const client = await RawClient.open(port(8080));
    const list = await proxy.listConnections({ limit: 1_000 });
    const { id } = list.find(({ clientPort }) => clientPort === client.socket.localPort)!;
    (id.split('-')[1] === owner ? mine : others).push(client);
  }
  const waiting = async (count: number): Promise<void> =>
    await until(() => proxy.stats.getUpstreamStats()[0]?.waiting === count);
  mine[0]!.send(GET);
  mine[1]!.send(GET);
  await until(() => held.length === 2);
  mine[2]!.send(GET);
  await waiting(1);
  others[0]!.send(GET);
  await waiting(2);
  // The queue is that of all workers: it is full for both.
  const refused = await RawClient.open(port(8080));
  refused.send(GET);
  await refused.has('503');
  await until(() => proxy.stats.getRejectReasons().get('target-queue-full') === 1);
  process.kill(Number.parseInt(owner!, 36), 'SIGKILL');
  await until(() => held.length === 3);
  held[2]!.end('served');
  await others[0]!.has('served');
  await until(() => proxy.getWorkerStats()!.replaced === 1);
  // The whole maximum is there again, for old and new workers.
  const again = await clientsByWorker(proxy, port(8080));
  const before = held.length;
  for (const [client] of again.values()) client!.send(GET);
  await until(() => held.length === before + 2);
  assert.equal(most(), 2);
  for (const client of [...mine, ...others, refused, ...again.values()].flat()) client.socket.destroy();
});

test('connections of routes without the maximum count where another route has it', async (t) => {
  const { port: target, held } = await slowBackend(t);
  const routes = [limited(target, 1), forwardTo(target, { name: 'free' }, { ports: 8081 })];
  const { proxy, port } = await startProxy(t, routes, { workers: 2 });
  const free = [...(await clientsByWorker(proxy, port(8081))).values()];
  free[0]![0]!.send(GET);
  await until(() => held.length === 1);
  const clients = [...(await clientsByWorker(proxy, port(8080))).values()];
  for (const [client] of clients) client!.send(GET);
  await until(() => {
    const [upstream] = proxy.stats.getUpstreamStats();
    return upstream?.waiting === 2 && upstream.active === 1;
  });
  assert.equal(held.length, 1);
  held[0]!.end('served');
  await until(() => held.length === 2);
  held[1]!.end('served');
  await until(() => held.length === 3);
  held[2]!.end('served');
  await Promise.all(clients.map(async ([client]) => await client!.has('served')));
  for (const client of [...free, ...clients].flat()) client.socket.destroy();
});
