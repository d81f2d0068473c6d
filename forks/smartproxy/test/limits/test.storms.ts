// Many at once: clients beyond every limit, and routes that change under traffic. Nothing is lost, all is counted.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RawClient, forwardTo, startHttp, startProxy, startTcp } from '../helpers/proxy.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n';
const over = (client: RawClient): boolean => client.ended || client.closed;

for (const [options, reason] of [
  [{ maxConnections: 40 }, 'too-many-connections'],
  [{ maxConnectionsPerIP: 40 }, 'too-many-connections-per-ip'],
  [{ connectionRateLimitPerMinute: 40 }, 'connection-rate'],
] as const) {
  test(`a storm beyond the limit "${reason}" is refused one by one and leaves the limit as it was`, async (t) => {
    const allowed = 40;
    const storm = 600;
    const echo = await startTcp(t, (socket) => socket.pipe(socket));
    const raw = {
      name: 'raw',
      match: { ports: 9000 },
      action: { type: 'forward' as const, targets: [{ host: '127.0.0.1', port: echo.port }] },
    };
    const { port, proxy, ledger } = await startProxy(t, [raw], options);
    for (let wave = 0; wave < 2; wave += 1) {
      const clients = Array.from({ length: storm }, () => new RawClient(port(9000)));
      for (const client of clients) client.send('x');
      await Promise.all(
        clients.map((client) => client.until((each) => over(each) || each.text === 'x').catch(() => {})),
      );
      const served = clients.filter((client) => client.text === 'x');
      const expected = wave > 0 && reason === 'connection-rate' ? 0 : allowed;
      // The bucket of the rate fills again while the storm goes on.
      if (reason === 'connection-rate') assert.ok(served.length >= expected && served.length < expected + allowed);
      else assert.equal(served.length, expected);
      assert.equal(proxy.stats.getActiveConnections(), served.length);
      for (const client of clients) client.socket.destroy();
      await ledger.settled();
    }
    const totals = proxy.stats.getTotals();
    assert.equal(totals.connections, 2 * storm);
    assert.deepEqual(Object.fromEntries(proxy.stats.getRejectReasons()), { [reason]: totals.rejected });
    assert.equal(totals.rejected + ledger.opens.length, totals.connections);
    assert.equal(ledger.rejections.length, totals.rejected);
  });
}

test('a storm of requests beyond a rate limit: each is answered 200 or 429, and counted as one of them', async (t) => {
  let reached = 0;
  const backend = await startHttp(t, (_req, res) => {
    reached += 1;
    res.end('ok');
  });
  const maxRequests = 100;
  const { port, proxy, ledger } = await startProxy(t, [
    forwardTo(backend.port, { security: { rateLimit: { enabled: true, maxRequests, window: 86_400 } } }),
  ]);
  const clients = await Promise.all(Array.from({ length: 50 }, () => RawClient.open(port(8080))));
  const each = 20;
  for (const client of clients) client.send(GET.repeat(each));
  await Promise.all(clients.map((client) => client.until(({ text }) => text.split('HTTP/1.1 ').length > each)));
  const answers = clients.flatMap(({ text }) => [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status));
  for (const client of clients) client.socket.destroy();
  await ledger.settled();
  const passed = answers.filter((status) => status === '200').length;
  assert.equal(passed, maxRequests);
  assert.equal(reached, maxRequests);
  assert.equal(answers.filter((status) => status === '429').length, clients.length * each - maxRequests);
  assert.equal(proxy.stats.getRejectReasons().get('rate-limited'), clients.length * each - maxRequests);
  assert.equal(proxy.stats.getTotals().requests, clients.length * each);
});

test('routes are replaced a hundred times under traffic without a request that fails', async (t) => {
  const backends = await Promise.all(
    ['one', 'two'].map((name) => startHttp(t, (_req, res) => res.end(`from ${name}`))),
  );
  const routes = (turn: number) => [
    forwardTo(backends[turn % 2]!.port, { headers: { response: { 'X-Turn': String(turn) } } }),
    // A port of its own that comes and goes with the turns.
    ...(turn % 4 < 2 ? [] : [forwardTo(backends[0]!.port, { name: `extra-${turn % 3}` }, { ports: 8081 })]),
  ];
  const { port, proxy, ledger } = await startProxy(t, routes(0));
  const traffic = { runs: true, answered: 0 };
  const seen = new Set<string>();
  const drive = async (persistent: boolean): Promise<void> => {
    let client: RawClient | null = null;
    while (traffic.runs) {
      client ??= await RawClient.open(port(8080));
      client.send(persistent ? GET : GET.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
      await client.has('from ');
      await client.until(({ text }) => /from (one|two)$/.test(text.replace(/\r\n0\r\n\r\n$/, '')));
      assert.match(client.text, /^HTTP\/1\.1 200 /);
      const turn: number = Number(/X-Turn: (\d+)/i.exec(client.text)?.[1]);
      assert.ok(client.text.includes(turn % 2 === 0 ? 'from one' : 'from two'), 'head and target are of one table');
      seen.add(String(turn));
      traffic.answered += 1;
      client.received = Buffer.alloc(0);
      if (persistent) continue;
      await client.whole();
      client = null;
    }
    client?.socket.destroy();
  };
  const clients = Array.from({ length: 20 }, (_, at) => drive(at % 2 === 0));
  const turns = 100;
  for (let turn = 1; turn <= turns; turn += 1) {
    await proxy.updateRoutes(routes(turn));
    const goal = traffic.answered + 10;
    while (traffic.answered < goal) await new Promise((resolve) => setImmediate(resolve));
  }
  traffic.runs = false;
  await Promise.all(clients);
  await ledger.settled();
  assert.ok(seen.size > turns / 2, 'requests went by most of the tables');
  assert.equal(proxy.stats.getTotals().requests, traffic.answered);
  assert.equal(proxy.stats.getTotals().rejected, 0);
  assert.equal(proxy.stats.getTotals().errors, 0);
  assert.equal(proxy.stats.getRouteStats('web')[0]!.statusClasses['2xx'], traffic.answered);
});
