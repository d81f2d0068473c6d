// What goes wrong between client, proxy and target: the client sees it, one close event has the reason, the laws hold.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RawClient, forwardTo, patterned, startHttp, startProxy, startTcp } from '../helpers/proxy.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n';

test('a target that refuses is a 502, and the connection goes on', async (t) => {
  const gone = await startTcp(t, () => {});
  const dead = await startTcp(t, () => {});
  const { port, ledger } = await startProxy(t, [
    {
      name: 'dead',
      match: { ports: 8080, domains: 'a.test' },
      action: { type: 'forward', targets: [{ host: '127.0.0.1', port: 1 }] },
    },
  ]);
  assert.ok(gone.port !== dead.port);
  const client = await RawClient.open(port(8080));
  client.send(GET);
  await client.has('Bad Gateway\n');
  client.send(GET);
  await client.until(({ text }) => text.split('HTTP/1.1 502').length === 3);
  client.socket.destroy();
  await ledger.settled();
  assert.deepEqual(
    ledger.upstreamErrors.map(({ reason }) => reason),
    ['ECONNREFUSED', 'ECONNREFUSED'],
  );
  assert.equal(ledger.closes[0]!.reason, 'client-closed');
});

test('a target killed in the middle of a response cuts the client off', async (t) => {
  const backend = await startTcp(t, (socket) => {
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\npart');
      setImmediate(() => socket.resetAndDestroy());
    });
  });
  const { port, ledger, proxy } = await startProxy(t, [forwardTo(backend.port)]);
  const client = await RawClient.open(port(8080));
  client.send(GET);
  await client.until(({ closed }) => closed);
  assert.match(client.text, /part$/);
  await ledger.settled();
  assert.equal(ledger.closes[0]!.reason, 'upstream-error');
  assert.equal(ledger.requests[0]!.statusCode, 200);
  assert.equal(ledger.requests[0]!.error, 'aborted');
  assert.equal(proxy.stats.getTotals().errors, 1);
});

test('a target that ends short of its length, or of its last chunk, cuts the client off', async (t) => {
  for (const answer of ['Content-Length: 10\r\n\r\nhalf', 'Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n']) {
    const backend = await startTcp(t, (socket) => {
      socket.once('data', () => socket.end(`HTTP/1.1 200 OK\r\n${answer}`));
    });
    const { port, ledger } = await startProxy(t, [forwardTo(backend.port)]);
    const client = await RawClient.open(port(8080));
    client.send(GET);
    await client.until(({ closed }) => closed);
    assert.ok(client.text.includes('half') && !client.text.endsWith('0\r\n\r\n'));
    assert.notEqual(client.error, null, 'the client can tell that the response is not whole');
    await ledger.settled();
    assert.equal(ledger.closes[0]!.reason, 'upstream-error');
  }
});

test('a target that closes without an answer is a 502', async (t) => {
  const backend = await startTcp(t, (socket) => socket.once('data', () => socket.end()));
  const { port, ledger } = await startProxy(t, [forwardTo(backend.port)]);
  const client = await RawClient.open(port(8080));
  client.send(GET);
  await client.has('502');
  client.socket.destroy();
  await ledger.settled();
  assert.equal(ledger.requests[0]!.error, 'aborted');
});

test('a pooled connection that the target just closed is replaced for safe requests only', async (t) => {
  let connections = 0;
  const backend = await startTcp(t, (socket) => {
    connections += 1;
    const first = connections === 1;
    socket.on('data', () => {
      if (first && socket.bytesRead > 200) socket.destroy();
      else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    });
  });
  const { port, proxy, ledger } = await startProxy(t, [forwardTo(backend.port)]);
  const client = await RawClient.open(port(8080));
  client.send(GET);
  await client.has('ok');
  client.received = Buffer.alloc(0);
  client.send(GET);
  await client.has('ok');
  assert.equal(connections, 2);
  assert.equal(proxy.stats.getUpstreamStats()[0]!.retries, 1);
  connections = 0;
  for (const socket of backend.sockets) socket.destroy();
  // Only once the proxy knows: a request on the dying connection would be one more retry.
  while (proxy.stats.getPoolStats().idle > 0) await new Promise((resolve) => setImmediate(resolve));
  client.received = Buffer.alloc(0);
  client.send(GET);
  await client.has('ok');
  client.received = Buffer.alloc(0);
  client.send('POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1\r\n\r\nx');
  await client.has('502');
  client.socket.destroy();
  await ledger.settled();
  assert.equal(proxy.stats.getUpstreamStats()[0]!.retries, 1);
});

test('a client that resets in the middle of a download frees the target', async (t) => {
  const backend = await startHttp(t, (_req, res) => res.end(patterned(20_000_000)));
  const { port, ledger, proxy } = await startProxy(t, [forwardTo(backend.port)]);
  const client = await RawClient.open(port(8080));
  client.send(GET);
  await client.until(({ received }) => received.length > 100_000);
  client.socket.resetAndDestroy();
  await ledger.settled();
  assert.equal(ledger.closes[0]!.reason, 'client-error');
  assert.equal(ledger.requests[0]!.error, 'client-gone');
  assert.equal(proxy.stats.getPoolStats().active, 0);
  assert.equal(proxy.stats.getPoolStats().idle, 0);
});

test('a client that leaves in the middle of an upload frees the target', async (t) => {
  const arrived = Promise.withResolvers<void>();
  const backend = await startTcp(t, (socket) => {
    socket.on('data', () => arrived.resolve()).on('end', () => socket.end());
  });
  const { port, ledger } = await startProxy(t, [forwardTo(backend.port)]);
  const client = await RawClient.open(port(8080));
  client.send('POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100\r\n\r\nabc');
  await arrived.promise;
  client.socket.end();
  await client.until(({ closed, ended }) => closed || ended);
  client.socket.destroy();
  await ledger.settled();
  assert.equal(ledger.requests[0]!.error, 'client-gone');
  while (backend.sockets.size > 0) await new Promise((resolve) => setImmediate(resolve));
});

test('an exchange over its time is a 504, and cut when the answer has begun', async (t) => {
  const backend = await startTcp(t, (socket) => {
    socket.on('data', (bytes) => {
      if (bytes.toString().includes('/begin')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nbegun');
    });
  });
  const route = forwardTo(backend.port);
  route.action.advanced = { timeout: 150 };
  // Long enough for an answer to begin on a machine that is busy, or there would be nothing to cut.
  const patient = forwardTo(backend.port, { name: 'patient' }, { path: '/begin' });
  patient.action.advanced = { timeout: 2_000 };
  const { port, ledger } = await startProxy(t, [route, patient]);
  const silent = await RawClient.open(port(8080));
  silent.send(GET);
  await silent.has('504');
  silent.socket.destroy();
  const cut = await RawClient.open(port(8080));
  cut.send('GET /begin HTTP/1.1\r\nHost: a.test\r\n\r\n');
  await cut.until(({ closed }) => closed);
  await ledger.settled();
  assert.deepEqual(
    ledger.requests.map(({ error }) => error),
    ['exchange-timeout', 'exchange-timeout'],
  );
});

test('bodies over the limits of a route are refused, announced or not', async (t) => {
  const backend = await startHttp(t, (req, res) => {
    req.resume();
    req.on('end', () => (req.url === '/big' ? res.end('x'.repeat(50)) : res.end('ok')));
  });
  const route = forwardTo(backend.port);
  route.action.advanced = {
    maxRequestBodyBytes: 10,
    maxResponseBodyBytes: 20,
    errorPages: { 413: { body: 'own page' } },
  };
  const { port, proxy } = await startProxy(t, [route]);
  const announced = await RawClient.open(port(8080));
  announced.send('POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 11\r\n\r\n');
  assert.match(await announced.whole(), /^HTTP\/1\.1 413 [^]*own page$/);
  const chunked = await RawClient.open(port(8080));
  chunked.send('POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\nb\r\nhello world\r\n0\r\n\r\n');
  assert.match(await chunked.whole(), /^HTTP\/1\.1 413 /);
  const large = await RawClient.open(port(8080));
  large.send('GET /big HTTP/1.1\r\nHost: a.test\r\n\r\n');
  await large.has('502');
  large.socket.destroy();
  assert.equal(proxy.stats.getRejectReasons().get('body-too-large'), 2);
});

test('a head that is not finished in time is a 408, an idle connection is closed in silence', async (t) => {
  const backend = await startHttp(t, (_req, res) => res.end('ok'));
  const { port, ledger, proxy } = await startProxy(t, [forwardTo(backend.port)], { initialDataTimeout: 150 });
  const idle = await RawClient.open(port(8080));
  assert.equal(await idle.whole(), '');
  await ledger.settled();
  assert.equal(proxy.stats.getTerminationReasons().get('initial-timeout'), 1);
});
