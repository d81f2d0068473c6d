// Connections that end with an answer while the client still sends: closed at once they would be reset, and a reset can
// overtake the answer (RFC 9112 §9.6). So they are read on for a while.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test, type TestContext } from 'node:test';
import { setBounds } from '../helpers/bounds.ts';
import {
  RawClient,
  forwardTo,
  patterned,
  startHttp,
  startProxy,
  startTcp,
  type IRunningProxy,
} from '../helpers/proxy.ts';

/** A route that takes ten bytes, and a client that has sent a megabyte of a body of two. */
async function refused(t: TestContext): Promise<IRunningProxy & { client: RawClient }> {
  const backend = await startHttp(t, (_req, res) => res.end('ok'));
  const route = forwardTo(backend.port);
  route.action.advanced = { maxRequestBodyBytes: 10 };
  const running = await startProxy(t, [route]);
  const client = await RawClient.open(running.port(8080));
  client.send('POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2000000\r\n\r\n');
  client.socket.write(patterned(1_000_000));
  return { ...running, client };
}

test('what is still sent behind a refusal is read, and the client sees an orderly end', async (t) => {
  const { client, ledger, proxy } = await refused(t);
  await client.until(({ ended }) => ended);
  assert.match(client.text, /^HTTP\/1\.1 413 [^]*Connection: close/);
  // The rest of the body: nobody minds it.
  const sent = once(client.socket, 'drain');
  if (!client.socket.write(patterned(900_000))) await sent;
  assert.equal(client.error, null);
  assert.equal(proxy.stats.getActiveConnections(), 1);
  client.socket.end();
  await ledger.settled();
  assert.equal(client.error, null);
  assert.equal(proxy.stats.getTerminationReasons().get('refused'), 1);
  assert.equal(ledger.requests.length, 1);
});

test('not for ever: neither in time nor in bytes', async (t) => {
  setBounds(t, { lingerMs: 150 });
  const idle = await refused(t);
  await idle.ledger.settled();
  setBounds(t, { lingerMs: 60_000, lingerBytes: 500_000 });
  const busy = await refused(t);
  await busy.ledger.settled();
});

test('an early answer that a slow client still reads is not cut by the time to linger', async (t) => {
  setBounds(t, { lingerMs: 150 });
  const body = patterned(8_000_000);
  const backend = await startTcp(t, (socket) => {
    socket.once('data', () => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`));
    socket.once('data', () => socket.write(body));
  });
  for (const ends of [false, true]) {
    const { port, ledger } = await startProxy(t, [forwardTo(backend.port)]);
    const client = await RawClient.open(port(8080));
    client.socket.pause();
    client.send('POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\nab');
    while (ledger.requests.length === 0) {
      // All but what the proxy and the kernel hold.
      client.socket.read(65_536);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const { writableLength } = client.socket;
    assert.equal(writableLength, 0);
    if (ends) client.socket.end();
    await new Promise((resolve) => setTimeout(resolve, 400));
    client.socket.resume();
    await client.until(({ ended, closed }) => ended || closed);
    assert.equal(client.received.length - client.text.indexOf('\r\n\r\n') - 4, body.length);
    client.socket.destroy();
  }
});

test('a refusal of a client that has ended its side is counted once', async (t) => {
  const { port, ledger, proxy } = await startProxy(t, [forwardTo(1)]);
  const client = await RawClient.open(port(8080));
  client.send('GET / HTTP/1.1\r\nHost: a.test\r\n\r\nbroken\r\n\r\n');
  client.socket.end();
  assert.match(await client.whole(), /^HTTP\/1\.1 502 [^]*HTTP\/1\.1 400 /);
  const last = await RawClient.open(port(8080));
  last.send('GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n');
  last.socket.end();
  assert.match(await last.whole(), /^HTTP\/1\.1 502 /);
  await ledger.settled();
  assert.deepEqual(
    ledger.requests.map(({ statusCode }) => statusCode),
    [502, 400, 502],
  );
  assert.equal(proxy.stats.getTotals().requests, 3);
});
