// Answers that come before the request is whole: read on for a while, so that no reset takes the answer away, and count once.
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { test } from 'node:test';
import { setBounds } from '../helpers/bounds.ts';
import { RawClient, forwardTo, startHttp, startProxy, startTcp } from '../helpers/proxy.ts';

const POST = 'POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 10000000\r\n\r\n';
const security = { basicAuth: { enabled: true, users: [{ username: 'u', password: 'p' }] } };

for (const sockets of ['auto', 'net'] as const) {
  test(`a client that still sends gets its refusal, and no reset, sockets: ${sockets}`, async (t) => {
    const backend = await startHttp(t, (_req, res) => res.end('ok'));
    const { port, ledger } = await startProxy(t, [forwardTo(backend.port, { security })], { sockets });
    const client = await RawClient.open(port(8080));
    client.send(POST);
    await client.until(({ ended }) => ended);
    assert.match(client.text, /^HTTP\/1\.1 401 /);
    for (let at = 0; at < 10; at += 1) {
      client.send('x'.repeat(10_000));
      await pause(10);
    }
    assert.deepEqual([client.closed, client.error], [false, null]);
    client.socket.end();
    await ledger.settled();
    assert.deepEqual([client.error, ledger.requests.length, ledger.closes[0]!.requests], [null, 1, 1]);
    assert.equal(ledger.closes[0]!.reason, 'completed');
  });
}

test('who sends on and on is let go after a while, or after so many bytes', async (t) => {
  const backend = await startHttp(t, (_req, res) => res.end('ok'));
  const { port, ledger } = await startProxy(t, [forwardTo(backend.port, { security })]);
  for (const bounds of [{ lingerMs: 200 }, { lingerBytes: 50_000 }]) {
    const restore = setBounds(t, { lingerMs: 600_000, ...bounds });
    const client = await RawClient.open(port(8080));
    client.send(POST);
    while (!client.closed) {
      if (!client.socket.destroyed) client.send('x'.repeat(1_000));
      await pause(5);
    }
    await ledger.settled();
    restore();
  }
  assert.equal(ledger.closes.length, 2);
});

test('a client that ended its side and is answered by the proxy is counted once', async (t) => {
  // Gives no answer, once the client's end has surely arrived.
  const target = await startTcp(t, (socket) => void socket.once('data', () => setTimeout(() => socket.destroy(), 50)));
  const { port, proxy, ledger } = await startProxy(t, [forwardTo(target.port)]);
  for (const host of ['a.test', 'unknown.test']) {
    const client = await RawClient.open(port(8080));
    client.socket.end(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    await client.whole();
    assert.match(client.text, /^HTTP\/1\.1 (502|404) /);
  }
  await ledger.settled();
  assert.equal(proxy.stats.getTotals().requests, 1);
  assert.equal(proxy.stats.getRouteStats('web')[0]!.statusClasses['5xx'], 1);
  assert.equal(proxy.stats.getRouteStats('(none)')[0]!.statusClasses['4xx'], 1);
});
