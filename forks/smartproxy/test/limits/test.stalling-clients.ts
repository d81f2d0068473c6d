// Clients that stop in the midst of whatever they do: each is let go in its time, counted, and costs its target nothing.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { selfSignedCertificate } from '@dcrouter/acme';
import { setBounds } from '../helpers/bounds.ts';
import { clientHello } from '../helpers/hello.ts';
import { RawClient, forwardTo, startHttp, startProxy, startTcp } from '../helpers/proxy.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n';
const over = (client: RawClient): boolean => client.ended || client.closed;

/** Sends `bytes` one by one until the connection is over. */
async function trickle(client: RawClient, bytes: string): Promise<void> {
  for (let at = 0; !over(client); at += 1) {
    if (at < bytes.length) client.send(bytes[at]!);
    await pause(5);
  }
}

test('first bytes that come one by one have the same time as none at all', async (t) => {
  setBounds(t, { headMs: 300, handshakeMs: 300 });
  const backend = await startHttp(t, (_req, res) => res.end('ok'));
  const { key, cert } = selfSignedCertificate(['a.test']);
  const secure = forwardTo(backend.port, { name: 'secure' }, { ports: 8443 });
  secure.action.tls = { mode: 'terminate', certificate: { key, cert } };
  const passing = forwardTo(backend.port, { name: 'passing' }, { ports: 8444 });
  passing.action.tls = { mode: 'passthrough' };
  const options = { initialDataTimeout: 300, proxyIPs: ['127.0.0.1'] };
  const { port, proxy, ledger } = await startProxy(t, [forwardTo(backend.port), secure, passing], options);
  const hello = (await clientHello('a.test')).toString('latin1');
  const reasons = (): Record<string, number> => Object.fromEntries(proxy.stats.getRejectReasons());
  for (const [at, [target, bytes]] of (
    [
      [8443, hello.slice(0, -1)],
      [8444, hello.slice(0, -1)],
      [8444, ''],
      [8080, 'PROXY TCP4 10.0.0.1 10.0.0.2 '],
    ] as const
  ).entries()) {
    const client = await RawClient.open(port(target));
    // Larger than what can be sent byte by byte within the time.
    await trickle(client, bytes);
    client.socket.destroy();
    await ledger.settled();
    assert.deepEqual(reasons(), { 'initial-timeout': at + 1 }, `port ${target}`);
  }
  // A handshake that stops after the first flight.
  const shaking = await RawClient.open(port(8443));
  shaking.send(hello);
  await shaking.until(over);
  shaking.socket.destroy();
  await ledger.settled();
  assert.equal(proxy.stats.getTlsStats().handshakes, 0);
  assert.equal(
    Object.values(proxy.stats.getTlsStats().failures).reduce((sum, count) => sum + count, 0),
    1,
  );
  // A head, plain and under TLS.
  const plain = await RawClient.open(port(8080));
  await trickle(plain, `${GET.slice(0, -2)}X: ${'y'.repeat(5_000)}`);
  assert.match(plain.text, /^HTTP\/1\.1 408 /);
  plain.socket.destroy();
  const tls = connectTls({ port: port(8443), host: '127.0.0.1', servername: 'a.test', rejectUnauthorized: false });
  await once(tls, 'secureConnect');
  const answer = once(tls, 'data');
  tls.on('error', () => {});
  const ended = once(tls, 'close');
  const timer = setInterval(() => tls.write('X'), 5);
  const [bytes] = (await answer) as [Buffer];
  clearInterval(timer);
  assert.match(String(bytes), /^HTTP\/1\.1 408 /);
  tls.destroy();
  await ended;
  await ledger.settled();
});

test('a client that does not read its response is cut, and its target is free again', async (t) => {
  const backend = await startHttp(t, (_req, res) => {
    res.end(Buffer.alloc(50_000_000));
  });
  const { port, proxy, ledger } = await startProxy(t, [forwardTo(backend.port)], { socketTimeout: 300 });
  const client = await RawClient.open(port(8080));
  client.socket.pause();
  client.send(GET);
  await ledger.settled();
  assert.equal(proxy.stats.getTerminationReasons().get('write-timeout'), 1);
  assert.equal(proxy.stats.getPoolStats().idle, 0);
  assert.equal(ledger.requests[0]!.error, 'response-timeout');
  client.socket.destroy();
});

test('a client that sends requests and reads none of the answers is let go', async (t) => {
  let reached = 0;
  const backend = await startHttp(t, (_req, res) => {
    reached += 1;
    res.end('x'.repeat(30_000));
  });
  setBounds(t, { keepAliveMs: 300 });
  const { port, proxy, ledger } = await startProxy(t, [forwardTo(backend.port)], { socketTimeout: 300 });
  const client = await RawClient.open(port(8080));
  client.socket.pause();
  const asked = 2_000;
  client.send(GET.repeat(asked));
  await ledger.settled();
  assert.ok(reached < asked, `${reached} answers of ${asked}`);
  assert.equal(proxy.stats.getActiveConnections(), 0);
  client.socket.destroy();
});

test('a tunnel whose client does not read ends with its inactivity', async (t) => {
  const source = await startTcp(t, (socket) => void socket.write(Buffer.alloc(50_000_000)));
  const route = {
    name: 'raw',
    match: { ports: 9000 },
    action: { type: 'forward' as const, targets: [{ host: '127.0.0.1', port: source.port }] },
  };
  const options = { inactivityTimeout: 300, keepAliveTreatment: 'standard' as const };
  const { port, proxy, ledger } = await startProxy(t, [route], options);
  const client = await RawClient.open(port(9000));
  client.socket.pause();
  client.send('x');
  await ledger.settled();
  assert.equal(proxy.stats.getTerminationReasons().get('inactivity-timeout'), 1);
  client.socket.destroy();
});
