// A maximum of connections per target: requests beyond it wait their turn, in order, and not for ever. With workers it is
// one maximum and one queue for all of them.
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { test, type TestContext } from 'node:test';
import type { IRouteConfig, ISmartProxyOptions } from '@dcrouter/smartproxy';
import { RawClient, forwardTo, startHttp, startProxy, type IRunningProxy } from '../helpers/proxy.ts';

const request = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a.test\r\n\r\n`;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface IHeld {
  readonly path: string;
  readonly response: ServerResponse;
}

interface IScene extends IRunningProxy {
  /** Requests that the backend has and did not answer. */
  readonly held: IHeld[];
  /** Most connections that the backend had at once, and most requests. */
  readonly mostConnections: () => number;
  readonly mostRequests: () => number;
  readonly waiting: (count: number) => Promise<void>;
}

/** A backend that answers when it is told to, behind a route with these settings. */
async function scene(
  t: TestContext,
  advanced: NonNullable<IRouteConfig['action']['advanced']>,
  options: Partial<ISmartProxyOptions>,
): Promise<IScene> {
  const held: IHeld[] = [];
  const backend = await startHttp(t, (req, res) => {
    req.resume();
    held.push({ path: req.url!, response: res });
    const unanswered = held.filter(({ response }) => !response.writableEnded && !response.destroyed);
    mostRequests = Math.max(mostRequests, unanswered.length);
  });
  let [now, most, mostRequests] = [0, 0, 0];
  backend.server.on('connection', (socket) => {
    most = Math.max(most, ++now);
    socket.on('close', () => (now -= 1));
  });
  const route = forwardTo(backend.port);
  const running = await startProxy(t, [{ ...route, action: { ...route.action, advanced } }], options);
  const waiting = async (count: number): Promise<void> => {
    while (running.proxy.stats.getUpstreamStats()[0]?.waiting !== count) await turn();
  };
  return { ...running, held, mostConnections: () => most, mostRequests: () => mostRequests, waiting };
}

async function clientsOf(port: number, count: number): Promise<RawClient[]> {
  return await Promise.all(Array.from({ length: count }, () => RawClient.open(port)));
}

const MODES: Array<[mode: string, options: Partial<ISmartProxyOptions>]> = [
  ['alone', {}],
  ['three workers', { workers: 3 }],
];

for (const [mode, options] of MODES) {
  test(`${mode}: requests beyond the maximum wait, and are served in order on the connections that become free`, async (t) => {
    const { port, proxy, ledger, held, mostConnections, mostRequests, waiting } = await scene(
      t,
      { maxConnectionsPerTarget: 2 },
      options,
    );
    const clients = await clientsOf(port(8080), 6);
    for (const [at, client] of clients.entries()) {
      client.send(request(`/${at}`));
      await waiting(Math.max(0, at - 1));
      if (at < 2) while (held.length <= at) await turn();
    }
    for (let at = 0; at < clients.length; at += 1) {
      while (held.length <= at) await turn();
      const { path, response } = held[at]!;
      response.end(`answer ${path}`);
      await clients[Number(path.slice(1))]!.has(`answer ${path}`);
    }
    const order = held.map(({ path }) => path);
    // A worker with a connection of its share serves its own first; among its own, too, the order is that of asking.
    if (mode !== 'alone') order.sort();
    assert.deepEqual(order, ['/0', '/1', '/2', '/3', '/4', '/5']);
    assert.equal(mostRequests(), 2);
    // A socket that another worker closed may be seen to close after the next one has come.
    if (mode === 'alone') assert.equal(mostConnections(), 2);
    for (const client of clients) client.socket.destroy();
    await ledger.settled();
    const [upstream] = proxy.stats.getUpstreamStats();
    assert.equal(upstream!.queued, 4);
    assert.equal(upstream!.waiting, 0);
    // A connection cannot move to another worker, but its place can.
    if (mode === 'alone') assert.equal(upstream!.connects, 2);
    assert.equal(upstream!.connects + upstream!.reuses, 6);
    assert.equal(proxy.stats.getTotals().rejected, 0);
  });

  test(`${mode}: a place is also free when a connection breaks, and a client that leaves loses its place in the queue`, async (t) => {
    const { port, proxy, ledger, held, waiting, mostConnections, mostRequests } = await scene(
      t,
      { maxConnectionsPerTarget: 1 },
      options,
    );
    const [first, leaver, next] = (await clientsOf(port(8080), 3)) as [RawClient, RawClient, RawClient];
    first.send(request('/first'));
    while (held.length < 1) await turn();
    leaver.send(request('/leaver'));
    await waiting(1);
    const body = 'b'.repeat(5_000);
    next.send(`POST /next HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${2 * body.length}\r\n\r\n${body}`);
    await waiting(2);
    // A reset: one that only half-closes still gets its answer.
    leaver.socket.resetAndDestroy();
    await waiting(1);
    held[0]!.response.destroy();
    await first.has('502');
    next.send(body);
    while (held.length < 2) await turn();
    held[1]!.response.end('answer');
    await next.has('answer');
    assert.equal(held[1]!.path, '/next');
    assert.equal(mostRequests(), 1);
    if (mode === 'alone') assert.equal(mostConnections(), 1);
    for (const client of [first, next]) client.socket.destroy();
    await ledger.settled();
    assert.equal(proxy.stats.getUpstreamStats()[0]!.connects, 2);
    assert.equal(proxy.stats.getTotals().rejected, 0);
  });

  test(`${mode}: who waits too long, or finds the queue full, gets 503, is counted, and keeps the connection`, async (t) => {
    const { port, proxy, ledger, held, waiting } = await scene(
      t,
      {
        maxConnectionsPerTarget: 1,
        targetQueueSize: 1,
        // What waits in a worker is known here a while later, on a busy machine a long while.
        targetQueueTimeout: mode === 'alone' ? 500 : 3_000,
      },
      options,
    );
    const [first, second, third] = (await clientsOf(port(8080), 3)) as [RawClient, RawClient, RawClient];
    first.send(request('/first'));
    while (held.length < 1) await turn();
    second.send(request('/second'));
    await waiting(1);
    third.send(request('/third'));
    await third.has('503');
    await second.has('503');
    await waiting(0);
    held[0]!.response.end('answer');
    await first.has('answer');
    second.received = Buffer.alloc(0);
    second.send(request('/again'));
    while (held.length < 2) await turn();
    held[1]!.response.end('answer');
    await second.has('answer');
    for (const client of [first, second, third]) client.socket.destroy();
    await ledger.settled();
    assert.deepEqual(Object.fromEntries(proxy.stats.getRejectReasons()), {
      'target-queue-full': 1,
      'target-queue-timeout': 1,
    });
    assert.deepEqual(
      ledger.requests.map(({ path, statusCode, error }) => [path, statusCode, error]),
      [
        ['/third', 503, 'target-queue-full'],
        ['/second', 503, 'target-queue-timeout'],
        ['/first', 200, undefined],
        ['/again', 200, undefined],
      ],
    );
  });
}

test('a client that has said its last is answered and counted once when its request waited in vain', async (t) => {
  const { port, ledger, proxy, held, waiting } = await scene(
    t,
    { maxConnectionsPerTarget: 1, targetQueueTimeout: 300 },
    {},
  );
  const [first, second] = (await clientsOf(port(8080), 2)) as [RawClient, RawClient];
  first.send(request('/first'));
  while (held.length < 1) await turn();
  second.socket.end('GET /second HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n');
  assert.match(await second.whole(), /^HTTP\/1\.1 503 /);
  await waiting(0);
  held[0]!.response.end('answer');
  await first.has('answer');
  first.socket.destroy();
  await ledger.settled();
  assert.deepEqual(
    ledger.requests.map(({ path, statusCode, error }) => [path, statusCode, error]),
    [
      ['/second', 503, 'target-queue-timeout'],
      ['/first', 200, undefined],
    ],
  );
  assert.equal(proxy.stats.getTotals().requests, 2);
});
