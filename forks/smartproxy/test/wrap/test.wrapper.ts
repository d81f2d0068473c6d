import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { test } from 'node:test';
import {
  MetricsAwareProxy,
  type IStockMetrics,
  type IStockRoute,
  type IStockSmartProxy,
} from '@dcrouter/smartproxy/wrap';

function stock(routes: IStockRoute[], metrics?: IStockMetrics): IStockSmartProxy {
  const proxy: IStockSmartProxy = {
    settings: { routes },
    updateRoutes: async (changed) => {
      proxy.settings.routes = changed;
      await Promise.resolve();
    },
  };
  if (metrics !== undefined) proxy.getMetrics = () => metrics;
  return proxy;
}

/** Accepts one connection on `port` of a route and waits until both ends have closed. */
async function connectOnce(onConnection: (socket: Socket) => void, before: (port: number) => void): Promise<void> {
  const server = createServer((socket) => {
    onConnection(socket);
    socket.resume();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  before(port);
  const client = connect(port, '127.0.0.1');
  client.end('hello');
  client.resume();
  const [socket] = (await once(server, 'connection')) as [Socket];
  await Promise.all([once(socket, 'close'), once(client, 'close')]);
  server.close();
  await once(server, 'close');
}

test('a proxy whose sockets are elsewhere is read by its own metrics', () => {
  const metrics: IStockMetrics = {
    connections: {
      active: () => 3,
      total: () => 9,
      byRoute: () => new Map([['a', 3]]),
      byIP: () => new Map([['192.0.2.1', 3]]),
    },
    throughput: { recent: () => ({ in: 10, out: 20 }) },
    requests: { perSecond: () => 4, total: () => 40 },
    totals: { bytesIn: () => 100, bytesOut: () => 200 },
  };
  const wrapper = new MetricsAwareProxy(stock([], metrics));
  const { stats } = wrapper;
  wrapper.unwrap();
  assert.equal(stats.getActiveConnections(), 3);
  assert.deepEqual(stats.getThroughput(), { bytesIn: 10, bytesOut: 20 });
  assert.equal(stats.getRequestsPerSecond(), 4);
  assert.deepEqual([...stats.getConnectionsByRoute()], [['a', 3]]);
  assert.deepEqual([...stats.getConnectionsByIP()], [['192.0.2.1', 3]]);
  const totals = { connections: 9, requests: 40, bytesIn: 100, bytesOut: 200, rejected: 0, errors: 0 };
  assert.deepEqual(stats.getTotals(), totals);
});

test('sockets on other ports, and those accepted after unwrap, are not counted', async () => {
  const proxy = stock([{ name: 'a', match: { ports: [1, { from: 2, to: 3 }] }, action: { type: 'forward' } }]);
  const wrapper = new MetricsAwareProxy(proxy);
  await connectOnce(
    () => {},
    () => {},
  );
  assert.equal(wrapper.stats.getTotalConnections(), 0);
  await connectOnce(
    () => {},
    (port) => {
      proxy.settings.routes[0]!.match.ports = port;
      wrapper.unwrap();
    },
  );
  assert.equal(wrapper.stats.getTotalConnections(), 0);
});

test('the route is not guessed where several share a port or a condition stands before it', async () => {
  const proxy = stock([]);
  const wrapper = new MetricsAwareProxy(proxy);
  const make = (port: number, domains?: string): IStockRoute => ({
    name: `r${domains ?? ''}`,
    match: { ports: port, ...(domains === undefined ? {} : { domains }) },
    action: { type: 'forward' },
  });
  for (const routes of [
    (port: number) => [make(port, 'a.test'), make(port, 'b.test')],
    (port: number) => [make(port, 'a.test')],
    (port: number) => [make(port)],
  ]) {
    await connectOnce(
      () => {},
      (port) => void proxy.updateRoutes(routes(port)),
    );
  }
  wrapper.unwrap();
  const totals = wrapper.stats.getRouteStats().map(({ routeName, total }) => [routeName, total]);
  assert.deepEqual(totals, [
    ['(none)', 2],
    ['r', 1],
  ]);
  assert.equal(wrapper.stats.getTotals().bytesIn, 15);
});

test('a socket handler names the route, also after the routes were changed', async () => {
  const proxy = stock([]);
  const wrapper = new MetricsAwareProxy(proxy);
  let route: IStockRoute | undefined;
  await connectOnce(
    (socket) => {
      const handler = route!.action.socketHandler as unknown as (socket: Socket) => void;
      handler(socket);
    },
    (port) => {
      const action = { type: 'socket-handler', socketHandler: () => {} };
      route = { name: 'shell', match: { ports: port, domains: 'a.test' }, action };
      void proxy.updateRoutes([route]);
    },
  );
  wrapper.unwrap();
  assert.equal(wrapper.stats.getRouteStats('shell')[0]?.total, 1);
  assert.equal(wrapper.stats.getTotalConnections(), 1);
});
