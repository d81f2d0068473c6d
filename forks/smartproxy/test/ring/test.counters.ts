// What is counted about the ring, held against what was sent: which sockets are in it, and why they left.
import assert from 'node:assert/strict';
import { Agent, get, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { test, type TestContext } from 'node:test';
import { SmartProxy, type IRingStats, type ISmartProxyOptions } from '@dcrouter/smartproxy';
import { until } from '../cluster/cluster.ts';
import { forwardTo, RawClient, startHttp } from '../helpers/proxy.ts';
import { ringMissing } from './ring.ts';

const skip = ringMissing();
const LONG = 100_000;

async function start(t: TestContext, options: Partial<ISmartProxyOptions>): Promise<SmartProxy> {
  const backend = await startHttp(t, (request, response) => {
    response.end(request.url === '/long' ? 'x'.repeat(LONG) : 'short');
  });
  const proxy = new SmartProxy({
    routes: [forwardTo(backend.port)],
    ephemeralPorts: true,
    listenAddress: '127.0.0.1',
    ...options,
  });
  await proxy.start();
  t.after(() => proxy.stop({ drainTimeout: 0 }));
  return proxy;
}

async function ask(proxy: SmartProxy, agent: Agent, path: string): Promise<number> {
  const call = get({ host: '127.0.0.1', port: proxy.listeningPort(8080)!, agent, path, headers: { Host: 'a.test' } });
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  let length = 0;
  for await (const part of response) length += (part as Buffer).length;
  return length;
}

const ringOf = (proxy: SmartProxy): IRingStats => proxy.stats.snapshot().ring!;

test('a busy client and its target move in, and leave when they close', { skip }, async (t) => {
  const proxy = await start(t, { sockets: 'ring' });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const nothing = { entered: 0, returned: 0, closed: 0, refused: 0, bufferless: 0, blockless: 0, active: 0 };
  await ask(proxy, agent, '/');
  assert.deepEqual(ringOf(proxy), nothing, 'a first request is no reason');
  for (let n = 0; n < 20; n += 1) assert.equal(await ask(proxy, agent, '/'), 5);
  assert.deepEqual(ringOf(proxy), { ...nothing, entered: 2, active: 2 });
  agent.destroy();
  await proxy.stop();
  assert.deepEqual(ringOf(proxy), { ...nothing, entered: 2, closed: 2 });
});

test('a target with long answers is sent back to its handle, and stays there', { skip }, async (t) => {
  const proxy = await start(t, { sockets: 'ring' });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (let n = 0; n < 20; n += 1) await ask(proxy, agent, '/');
  for (let n = 0; n < 20; n += 1) assert.equal(await ask(proxy, agent, '/long'), LONG);
  const { entered, returned, active } = ringOf(proxy);
  assert.deepEqual({ entered, returned, active }, { entered: 2, returned: 1, active: 1 });
  agent.destroy();
});

test('a client that must wait with its next requests is out of the ring until it may go on', { skip }, async (t) => {
  const proxy = await start(t, { sockets: 'ring' });
  const client = await RawClient.open(proxy.listeningPort(8080)!);
  const request = 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n';
  for (let n = 0; n < 10; n += 1) {
    client.send(request);
    await client.until(({ text }) => text.split('short').length === n + 2);
  }
  const before = ringOf(proxy);
  assert.equal(before.active, 2);
  // More than may be pipelined before reading stops.
  const many = 3_000;
  client.send(request.repeat(many));
  await client.until(({ text }) => text.split('short').length === many + 11);
  const after = ringOf(proxy);
  assert.ok(after.returned > before.returned);
  assert.equal(after.active, after.entered - after.returned - after.closed);
  client.socket.destroy();
});

test('workers report their rings, and a dead one has nobody in its ring', { skip }, async (t) => {
  const proxy = await start(t, { sockets: 'ring', workers: 2 });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (let n = 0; n < 20; n += 1) await ask(proxy, agent, '/');
  await until(() => proxy.stats.snapshot().ring?.active === 2);
  agent.destroy();
  await until(() => ringOf(proxy).closed >= 1);
  const other = new Agent({ keepAlive: true, maxSockets: 1 });
  for (let n = 0; n < 20; n += 1) await ask(proxy, other, '/');
  await until(() => ringOf(proxy).active >= 2);
  for (const pid of proxy.getWorkerStats()!.pids) process.kill(pid, 'SIGKILL');
  await until(() => proxy.getWorkerStats()!.replaced === 2);
  const { active, entered, returned, closed } = ringOf(proxy);
  assert.equal(active, 0);
  assert.equal(entered, returned + closed);
  other.destroy();
});

test('nothing is told of a ring that nobody asked for', async (t) => {
  const proxy = await start(t, { sockets: 'auto' });
  assert.equal(proxy.stats.snapshot().ring, undefined);
});
