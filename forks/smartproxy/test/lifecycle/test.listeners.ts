// Events are built for those who listen, from when they do and until they stop, and for nobody else.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SmartProxy, type ISmartProxyEvents } from '@dcrouter/smartproxy';
import { EventGate } from '../../ts/stats/eventgate.ts';
import { RawClient, forwardTo, startHttp } from '../helpers/proxy.ts';

const ask = async (port: number, host: string): Promise<void> => {
  const client = await RawClient.open(port);
  client.send(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  await client.whole();
};

test('without listeners not one payload is built, whatever happens', async (t) => {
  const { mock } = t.mock.method(EventGate.prototype, 'emit');
  const built = (): unknown[] => mock.calls.map(({ arguments: [name] }) => name);
  const backend = await startHttp(t, (_req, res) => res.end('ok'));
  const proxy = new SmartProxy({
    listenAddress: '127.0.0.1',
    ephemeralPorts: true,
    routes: [forwardTo(backend.port), forwardTo(1, { name: 'dead' }, { domains: 'dead.test' })],
  });
  await proxy.start();
  const port = proxy.listeningPort(8080)!;
  for (const host of ['a.test', 'dead.test', 'unknown.test']) await ask(port, host);
  const heard: string[] = [];
  const names = ['connection-open', 'connection-close', 'request-completed', 'request-refused'] as const;
  const listeners = names.map((name) => [name, () => heard.push(name)] as const);
  // What the life cycle tells comes too seldom to matter.
  assert.deepEqual(built(), ['listening']);
  for (const [name, listener] of listeners) proxy.on(name, listener);
  for (const host of ['a.test', 'unknown.test']) await ask(port, host);
  while (heard.length < 4) await new Promise((resolve) => setImmediate(resolve));
  for (const [name, listener] of listeners) proxy.off(name, listener);
  mock.resetCalls();
  for (const host of ['a.test', 'unknown.test']) await ask(port, host);
  await proxy.stop({ drainTimeout: 5_000 });
  assert.deepEqual(built(), ['drained']);
  assert.deepEqual(heard.sort(), [...names].sort());
});

for (const workers of [undefined, 1]) {
  test(`who listens after removeAllListeners() is heard, workers: ${workers ?? 'none'}`, async (t) => {
    const backend = await startHttp(t, (_req, res) => res.end('ok'));
    const proxy = new SmartProxy({
      listenAddress: '127.0.0.1',
      ephemeralPorts: true,
      workers,
      routes: [forwardTo(backend.port)],
    });
    await proxy.start();
    t.after(() => proxy.stop({ drainTimeout: 0 }));
    const heard: (keyof ISmartProxyEvents)[] = [];
    proxy.on('connection-open', () => heard.push('connection-open'));
    proxy.removeAllListeners();
    proxy.on('connection-close', () => heard.push('connection-close'));
    proxy.once('request-completed', () => heard.push('request-completed'));
    // Workers are told in the order of messages, which a round of them ends.
    await proxy.listConnections();
    while (heard.length < 2) await ask(proxy.listeningPort(8080)!, 'a.test');
    assert.ok(heard.includes('connection-close') && heard.includes('request-completed'));
    assert.ok(!heard.includes('connection-open'));
  });
}
