// While memory is short new connections wait, unread; those that exist go on. On sockets of either kind.
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { test, type TestContext } from 'node:test';
import { setBounds } from '../helpers/bounds.ts';
import { RawClient, forwardTo, startHttp, startProxy, type IRunningProxy } from '../helpers/proxy.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n';
const REASON = 'memory-pressure';
const over = (client: RawClient): boolean => client.ended || client.closed;

interface IScene extends IRunningProxy {
  /** Connected and served before memory became short. */
  readonly old: RawClient;
  /** Ends the pressure. */
  readonly relieve: () => void;
}

async function scene(t: TestContext, sockets: 'auto' | 'net' = 'auto'): Promise<IScene> {
  const backend = await startHttp(t, (_req, res) => res.end('ok'));
  const running = await startProxy(t, [forwardTo(backend.port)], { sockets });
  const old = await RawClient.open(running.port(8080));
  old.send(GET);
  await old.has('ok');
  const relieve = setBounds(t, { heapShareMax: 0 });
  // The heap is looked at about once a second: connections are served until it was.
  for (let served = true; served;) {
    const probe = await RawClient.open(running.port(8080));
    probe.send(GET);
    served = await Promise.race([probe.has('ok').then(() => true), pause(500).then(() => false)]);
    probe.socket.resetAndDestroy();
    await pause(20);
  }
  return { ...running, old, relieve };
}

for (const sockets of ['auto', 'net'] as const) {
  test(`new connections wait until memory is there again, then are served in full, sockets: ${sockets}`, async (t) => {
    const { port, proxy, ledger, old, relieve } = await scene(t, sockets);
    const before = proxy.stats.getTotals();
    const clients = await Promise.all(Array.from({ length: 20 }, () => RawClient.open(port(8080))));
    for (const client of clients) client.send(GET + GET);
    // One of them does not wait for it.
    clients.pop()!.socket.resetAndDestroy();
    old.received = Buffer.alloc(0);
    old.send(GET);
    await old.has('ok');
    assert.equal(proxy.stats.getTotals().connections, before.connections, 'none is counted while it waits');
    assert.ok(clients.every((client) => client.text === '' && !over(client)));
    relieve();
    await Promise.all(clients.map((client) => client.until(({ text }) => text.split('ok').length === 3)));
    for (const client of [...clients, old]) client.socket.destroy();
    await ledger.settled();
    const { requests, rejected } = proxy.stats.getTotals();
    assert.equal(requests, before.requests + 2 * clients.length + 1);
    assert.equal(rejected, 0);
  });
}

test('who finds no room, or has waited too long, is refused and counted', async (t) => {
  setBounds(t, { pressureQueue: 4 });
  const { port, proxy, ledger, old } = await scene(t);
  // The probe waits too.
  const waiting = await Promise.all([1, 2, 3].map(() => RawClient.open(port(8080))));
  const refused = await RawClient.open(port(8080));
  await refused.until(over);
  assert.equal(proxy.stats.getRejectReasons().get(REASON), 1);
  assert.ok(waiting.every((client) => !over(client)));
  setBounds(t, { pressureWaitMs: 0 });
  await Promise.all(waiting.map((client) => client.until(over)));
  const counted = proxy.stats.getRejectReasons().get(REASON)!;
  // The probe is gone: there is nothing to count it under.
  assert.equal(counted, 4);
  for (const client of [...waiting, refused, old]) client.socket.destroy();
  await ledger.settled();
  assert.equal(ledger.rejections.length, counted);
  assert.ok(ledger.rejections.every(({ reason }) => reason === REASON));
});

test('a proxy that stops lets nobody wait', async (t) => {
  const { port, proxy, old } = await scene(t);
  old.socket.destroy();
  const client = await RawClient.open(port(8080));
  await proxy.stop({ drainTimeout: 0 });
  await client.until(over).catch(() => {});
  assert.equal(proxy.stats.getRejectReasons().get('shutting-down'), 1);
  client.socket.destroy();
});
