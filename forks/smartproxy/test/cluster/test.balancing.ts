// Workers balance as one: they begin at different targets, and know what the others have given to each.
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { test, type TestContext } from 'node:test';
import type { IRouteConfig, SmartProxy } from '@dcrouter/smartproxy';
import { RawClient, forwardTo, startHttp, startProxy, startTcp } from '../helpers/proxy.ts';
import { clientsByWorker, until } from './cluster.ts';

const WORKERS = 4;
const GET = 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n';

type TAlgorithm = NonNullable<IRouteConfig['action']['loadBalancing']>['algorithm'];

interface IScene {
  readonly proxy: SmartProxy;
  /** One client of each worker. */
  readonly clients: RawClient[];
  /** Unanswered requests by target. */
  readonly held: ServerResponse[][];
}

async function scene(t: TestContext, targets: number, algorithm: TAlgorithm): Promise<IScene> {
  const held = Array.from({ length: targets }, (): ServerResponse[] => []);
  const backends = await Promise.all(held.map((list) => startHttp(t, (_request, response) => list.push(response))));
  const route = forwardTo(0);
  route.action.targets = backends.map(({ port }) => ({ host: '127.0.0.1', port }));
  route.action.loadBalancing = { algorithm };
  const { proxy, port } = await startProxy(t, [route], { workers: WORKERS });
  const byWorker = [...(await clientsByWorker(proxy, port(8080))).values()];
  for (const client of byWorker.flatMap((all) => all.slice(1))) client.socket.destroy();
  return { proxy, held, clients: byWorker.map(([first]) => first!) };
}

const counts = ({ held }: IScene): number[] => held.map((list) => list.length);

async function finish({ held, clients, proxy }: IScene): Promise<void> {
  for (const response of held.flat()) response.end('served');
  await Promise.all(clients.map(async (client) => await client.has('served')));
  for (const client of clients) client.socket.destroy();
  await until(() => proxy.stats.getActiveConnections() === 0);
}

test('round-robin: each worker begins with another target', async (t) => {
  const item = await scene(t, WORKERS, 'round-robin');
  for (const client of item.clients) client.send(GET);
  await until(() => item.held.flat().length === WORKERS);
  assert.deepEqual(counts(item), [1, 1, 1, 1]);
  await finish(item);
});

test('least-connections: what other workers have given to a target counts', async (t) => {
  const item = await scene(t, 2, 'least-connections');
  for (const [at, client] of item.clients.entries()) {
    client.send(GET);
    await until(() => item.held.flat().length === at + 1);
    // Nothing tells from outside that the workers know; they are told within 20 ms and two messages.
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  assert.deepEqual(counts(item), [2, 2]);
  await finish(item);
});

test('least-connections: tunnels of a worker that is killed count no more', async (t) => {
  const targets = [
    await startTcp(t, (socket) => socket.pipe(socket)),
    await startTcp(t, (socket) => socket.pipe(socket)),
  ];
  const route: IRouteConfig = {
    name: 'raw',
    match: { ports: 9000 },
    action: {
      type: 'forward',
      targets: targets.map(({ port }) => ({ host: '127.0.0.1', port })),
      loadBalancing: { algorithm: 'least-connections' },
    },
  };
  const { proxy, port } = await startProxy(t, [route], { workers: 2 });
  const sizes = (): number[] => targets.map(({ sockets }) => sockets.size);
  const sum = (): number => sizes().reduce((all, size) => all + size, 0);
  const clients: RawClient[] = [];
  const open = async (): Promise<void> => {
    const before = sum();
    clients.push(await RawClient.open(port(9000)));
    await until(() => sum() > before);
    await new Promise((resolve) => setTimeout(resolve, 100));
  };
  while (clients.length < 8) await open();
  assert.deepEqual(sizes(), [4, 4]);
  process.kill(proxy.getWorkerStats()!.pids[0]!, 'SIGKILL');
  await until(() => proxy.getWorkerStats()!.replaced === 1);
  await until(() => sum() === proxy.stats.getActiveConnections());
  // Those that are left may be uneven; new ones make them even again, in old and new workers.
  while (clients.length < 16) await open();
  const [one, two] = sizes();
  assert.ok(Math.abs(one! - two!) <= 1, `${one} and ${two}`);
  for (const client of clients) client.socket.destroy();
});
