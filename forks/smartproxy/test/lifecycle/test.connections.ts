// Open connections, listed and closed by hand: what is listed is what the events and the counters say.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test, type TestContext } from 'node:test';
import { SmartProxy, UNROUTED, type IConnectionInfo } from '@dcrouter/smartproxy';
import { fetchOnce, until } from '../cluster/cluster.ts';
import { forwardTo, RawClient, startHttp, startProxy, startTcp } from '../helpers/proxy.ts';

const tcpRoute = (port: number) => ({
  name: 'raw',
  match: { ports: 7000 },
  action: { type: 'forward' as const, targets: [{ host: '127.0.0.1', port }] },
});

async function world(t: TestContext) {
  const http = await startHttp(t, (_request, response) => response.end('hello'));
  const tcp = await startTcp(t, (socket) => socket.pipe(socket));
  const started = await startProxy(t, [forwardTo(http.port), tcpRoute(tcp.port)]);
  return { ...started, http, tcp };
}

const GET = 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n';

test('a list has each open connection, as its events and counters tell of it', async (t) => {
  const { proxy, ledger, port, tcp } = await world(t);
  const web = await RawClient.open(port(8080));
  web.send(GET);
  await web.has('hello');
  const raw = await RawClient.open(port(7000));
  raw.send('ping');
  await raw.has('ping');
  const silent = await RawClient.open(port(8080));
  await until(() => proxy.stats.getActiveConnections() === 3);

  const list = await proxy.listConnections();
  assert.equal(list.length, 3);
  const [first, second, third] = list as [IConnectionInfo, IConnectionInfo, IConnectionInfo];
  assert.deepEqual(
    list.slice(0, 2).map(({ id }) => id),
    ledger.opens.map(({ connectionId }) => connectionId),
  );
  const { id: _id, ageMs, ...rest } = first;
  assert.ok(ageMs >= 0);
  assert.deepEqual(rest, {
    type: 'http',
    routeName: 'web',
    clientIp: '127.0.0.1',
    clientPort: web.socket.localPort,
    localPort: 8080,
    domain: 'a.test',
    bytesIn: GET.length,
    bytesOut: web.received.length,
    requests: 1,
  });
  assert.equal(second.type, 'tcp');
  assert.equal(second.upstream, `127.0.0.1:${tcp.port}`);
  assert.deepEqual([second.bytesIn, second.bytesOut], [4, 4]);
  assert.deepEqual([third.type, third.routeName, third.bytesIn], ['unknown', UNROUTED, 0]);
  assert.deepEqual(await proxy.getConnection(second.id), {
    ...second,
    ageMs: (await proxy.getConnection(second.id))!.ageMs,
  });

  const ids = async (query: object) => (await proxy.listConnections(query)).map(({ id }) => id);
  assert.deepEqual(await ids({ routeName: 'raw' }), [second.id]);
  assert.deepEqual(await ids({ routeName: UNROUTED }), [third.id]);
  assert.deepEqual(await ids({ type: 'http' }), [first.id]);
  assert.deepEqual(await ids({ clientIp: '127.0.0.2' }), []);
  for (const client of [web, raw, silent]) client.socket.destroy();
});

test('an exchange that waits for its target shows which one', async (t) => {
  let answer = (): void => {};
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  const backend = await startHttp(t, (_request, response) => {
    answer = () => response.end('late');
    resolve();
  });
  const { proxy, port } = await startProxy(t, [forwardTo(backend.port)]);
  const client = await RawClient.open(port(8080));
  client.send(GET);
  await asked;
  const [waiting] = await proxy.listConnections();
  assert.equal(waiting?.upstream, `127.0.0.1:${backend.port}`);
  answer();
  await client.has('late');
  const [idle] = await proxy.listConnections();
  assert.equal(idle?.upstream, undefined);
  client.socket.destroy();
});

test('a connection closed by hand ends at once, is counted as killed, and no other is touched', async (t) => {
  const { proxy, ledger, port } = await world(t);
  const [kept, killed] = [await RawClient.open(port(7000)), await RawClient.open(port(7000))];
  for (const client of [kept, killed]) {
    client.send('x');
    await client.has('x');
  }
  const list = await proxy.listConnections();
  const target = list.find(({ clientPort }) => clientPort === killed.socket.localPort)!;
  assert.equal(await proxy.closeConnection(target.id), true);
  await killed.until((client) => client.ended || client.closed);
  await until(() => ledger.closes.length === 1);
  assert.equal(ledger.closes[0]?.reason, 'killed');
  assert.equal(proxy.stats.getTerminationReasons().get('killed'), 1);
  assert.equal(proxy.stats.getTotals().errors, 0);
  assert.equal(await proxy.closeConnection(target.id), false);
  assert.equal(await proxy.getConnection(target.id), undefined);
  for (const unknown of ['', 'x', '-', 'a-b-c', `${target.id}0`])
    assert.equal(await proxy.closeConnection(unknown), false);
  kept.send('y');
  await kept.has('xy');
  kept.socket.destroy();
  killed.socket.destroy();
});

test('pages hold every connection that stays, none twice, while others come and go', async (t) => {
  const { proxy, port } = await world(t);
  const clients: RawClient[] = [];
  const open = async (count: number): Promise<void> => {
    for (let at = 0; at < count; at += 1) clients.push(await RawClient.open(port(7000)));
    await until(() => proxy.stats.getActiveConnections() === clients.length);
  };
  await open(25);
  const seen: string[] = [];
  let afterId: string | undefined;
  const gone = new Set<number | undefined>();
  for (;;) {
    const page = await proxy.listConnections({ limit: 4, afterId });
    assert.ok(page.length <= 4);
    if (page.length === 0) break;
    seen.push(...page.map(({ id }) => id));
    afterId = page.at(-1)!.id;
    // The last one listed goes, so the next page begins behind an id that is no more; and a new one comes.
    if (seen.length > 16) continue;
    const last = page.at(-1)!;
    const client = clients.find(({ socket }) => socket.localPort === last.clientPort)!;
    gone.add(last.clientPort);
    clients.splice(clients.indexOf(client), 1);
    await proxy.closeConnection(last.id);
    await until(() => proxy.stats.getActiveConnections() === clients.length);
    await open(1);
  }
  assert.equal(new Set(seen).size, seen.length, 'no connection twice');
  const now = await proxy.listConnections({ limit: 1_000 });
  assert.deepEqual(
    now.map(({ id }) => id).filter((id) => !seen.includes(id)),
    [],
  );
  assert.equal(seen.length, now.length + gone.size);
  for (const { socket } of clients) socket.destroy();
});

test('with workers, lists and closing by hand reach the connections of all of them', async (t) => {
  const backend = await startHttp(t, (_request, response) => response.end('hello'));
  const proxy = new SmartProxy({
    workers: 2,
    routes: [forwardTo(backend.port)],
    ephemeralPorts: true,
    listenAddress: '127.0.0.1',
  });
  await proxy.start();
  t.after(() => proxy.stop({ drainTimeout: 0 }));
  const port = proxy.listeningPort(8080)!;
  await fetchOnce(port);
  const clients: RawClient[] = [];
  const runOf = (id: string): string => id.slice(0, id.lastIndexOf('-'));
  // The system spreads connections by their ports: until both workers have some.
  for (;;) {
    clients.push(await RawClient.open(port));
    clients.at(-1)!.send(GET);
    await clients.at(-1)!.has('hello');
    const list = await proxy.listConnections({ type: 'http' });
    if (clients.length >= 6 && new Set(list.map(({ id }) => runOf(id))).size === 2) break;
  }
  const whole = await proxy.listConnections({ type: 'http', limit: 1_000 });
  assert.equal(whole.length, clients.length);
  const paged: string[] = [];
  for (;;) {
    const page = await proxy.listConnections({ type: 'http', limit: 2, afterId: paged.at(-1) });
    if (page.length === 0) break;
    paged.push(...page.map(({ id }) => id));
  }
  assert.deepEqual(
    paged,
    whole.map(({ id }) => id),
  );
  for (const { id, clientPort } of whole) {
    assert.equal((await proxy.getConnection(id))?.clientPort, clientPort);
    assert.equal(await proxy.closeConnection(id), true);
  }
  for (const client of clients) if (!client.closed) await Promise.race([once(client.socket, 'close'), client.whole()]);
  await until(() => (proxy.stats.getTerminationReasons().get('killed') ?? 0) === clients.length);
});
