// Bodies that are only there to keep a connection, told apart from clients that stall and targets that do not read.
import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { test, type TestContext } from 'node:test';
import { setBounds } from '../helpers/bounds.ts';
import { RawClient, forwardTo, startHttp, startProxy, type IRunningProxy } from '../helpers/proxy.ts';

const over = (client: RawClient): boolean => client.ended || client.closed;
const BURST = 200_000;
const ANNOUNCED = 10_000_000;
const post = (length: number): string => `POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${length}\r\n\r\n`;

interface IScene extends IRunningProxy {
  readonly requests: IncomingMessage[];
}

/** A backend whose requests the test reads. */
async function scene(t: TestContext): Promise<IScene> {
  const requests: IncomingMessage[] = [];
  const backend = await startHttp(t, (req, res) => {
    requests.push(req);
    req.on('error', () => {});
    req.on('end', () => res.end('ok'));
  });
  setBounds(t, { bodyGraceMs: 200, bodyBytesPerSecondMin: 5_000 });
  return { ...(await startProxy(t, [forwardTo(backend.port)])), requests };
}

async function arrived(requests: IncomingMessage[]): Promise<IncomingMessage> {
  while (requests.length === 0) await pause(5);
  return requests[0]!;
}

async function trickleUntilOver(client: RawClient): Promise<void> {
  while (!client.text.includes('\r\n\r\n') && !over(client)) {
    client.send('x');
    await pause(10);
  }
}

test('a burst at the start is no licence to trickle for the rest', async (t) => {
  const { port, proxy, ledger, requests } = await scene(t);
  const client = await RawClient.open(port(8080));
  client.send(post(ANNOUNCED));
  // As much as the rate asks for in 40 s.
  client.send('y'.repeat(BURST));
  (await arrived(requests)).resume();
  await trickleUntilOver(client);
  assert.match(client.text, /^HTTP\/1\.1 408 /);
  client.socket.destroy();
  await ledger.settled();
  assert.equal(proxy.stats.getRejectReasons().get('request-timeout'), 1);
});

test('nor is a target that did not read for a while', async (t) => {
  const { port, ledger, requests } = await scene(t);
  const client = await RawClient.open(port(8080));
  client.send(post(10 * ANNOUNCED));
  const burst = 'y'.repeat(ANNOUNCED);
  client.send(burst);
  const request = await arrived(requests);
  // More than all buffers hold: the proxy has stopped reading.
  assert.ok(client.socket.writableLength > 0);
  let bytes = 0;
  request.on('data', (part: Buffer) => (bytes += part.length));
  while (bytes < burst.length) await pause(5);
  await trickleUntilOver(client);
  assert.match(client.text, /^HTTP\/1\.1 408 /);
  client.socket.destroy();
  await ledger.settled();
});

test('a target that does not read makes no client slow, and one stall is forgiven', async (t) => {
  const { port, proxy, ledger, requests } = await scene(t);
  const client = await RawClient.open(port(8080));
  const half = 'y'.repeat(ANNOUNCED);
  client.send(post(2 * half.length));
  client.send(half);
  const request = await arrived(requests);
  // Five times the grace.
  await pause(1_000);
  let bytes = 0;
  request.on('data', (part: Buffer) => (bytes += part.length));
  while (bytes < half.length) await pause(5);
  await pause(1_000);
  client.send('z');
  await pause(50);
  client.send(half.slice(1));
  await client.has('ok');
  client.socket.destroy();
  await ledger.settled();
  assert.equal(bytes, 2 * half.length);
  assert.equal(proxy.stats.getTotals().rejected, 0);
});
