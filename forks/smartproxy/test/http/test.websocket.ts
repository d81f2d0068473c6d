// What a route asks of the WebSockets that pass: pings that are answered, frames that are not too large.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IRouteWebSocket } from '@dcrouter/smartproxy';
import { FrameScanner } from '../../ts/websocket/frames.ts';
import { RawClient, type IRunningProxy, forwardTo, startProxy, startTcp } from '../helpers/proxy.ts';
import type { TestContext } from 'node:test';

const UPGRADE = 'GET /ws HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
const ANSWER = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
const PING = '\x89\x00';
/** A masked pong without payload. */
const PONG = '\x8a\x80\x01\x02\x03\x04';

async function world(t: TestContext, settings: Partial<IRouteWebSocket>, more = ''): Promise<IRunningProxy> {
  const backend = await startTcp(t, (socket) => {
    socket.once('data', () => socket.write(ANSWER + more, 'latin1'));
    socket.on('end', () => socket.end());
  });
  const route = forwardTo(backend.port);
  route.action.websocket = { enabled: true, ...settings };
  return await startProxy(t, [route]);
}

test('a client is pinged between frames, and stays while it answers', async (t) => {
  const { port, ledger } = await world(t, { pingInterval: 100, pingTimeout: 2_000 }, '\x81\x02hi');
  const client = await RawClient.open(port(8080));
  client.send(UPGRADE);
  await client.has(`hi${PING}`);
  client.send(PONG);
  await client.has(`hi${PING}${PING}`);
  client.send(PONG);
  await client.has(`hi${PING}${PING}${PING}`);
  client.socket.destroy();
  await ledger.settled();
  assert.equal(ledger.closes[0]!.reason, 'client-closed');
});

test('no ping goes into the middle of a frame', async (t) => {
  const { port } = await world(t, { pingInterval: 100 }, '\x81\x05he');
  const client = await RawClient.open(port(8080));
  client.send(UPGRADE);
  await client.has('he');
  await new Promise((resolve) => setTimeout(resolve, 350));
  assert.ok(client.text.endsWith('he'));
  client.socket.destroy();
});

test('a client that does not answer is closed', async (t) => {
  const { port, ledger } = await world(t, { pingInterval: 100, pingTimeout: 100 });
  const client = await RawClient.open(port(8080));
  client.send(UPGRADE);
  await client.until(({ ended, closed }) => ended || closed);
  client.socket.destroy();
  await ledger.settled();
  assert.equal(ledger.closes[0]!.reason, 'ping-timeout');
});

test('a frame over the limit does not pass', async (t) => {
  const { port, ledger } = await world(t, { maxPayloadSize: 100 });
  const client = await RawClient.open(port(8080));
  client.send(UPGRADE);
  await client.has('101');
  client.send(`\x82\xfe\x00\x65\x00\x00\x00\x00${'x'.repeat(101)}`);
  await client.until(({ ended, closed }) => ended || closed);
  client.socket.destroy();
  await ledger.settled();
  assert.equal(ledger.closes[0]!.reason, 'frame-too-large');
});

test('frames are found however they are cut', () => {
  const frame = (length: number, masked: boolean): Buffer => {
    const mask = masked ? [1, 2, 3, 4] : [];
    const bit = masked ? 0x80 : 0;
    const size =
      length < 126
        ? [length | bit]
        : length < 65_536
          ? [126 | bit, length >> 8, length & 255]
          : [127 | bit, 0, 0, 0, 0, 0, length >> 16, (length >> 8) & 255, length & 255];
    return Buffer.concat([Buffer.from([0x8a, ...size, ...mask]), Buffer.alloc(length, 0x8a)]);
  };
  const lengths = [0, 1, 125, 126, 127, 1_000, 65_535, 65_536, 70_000];
  const all = Buffer.concat(lengths.flatMap((length) => [frame(length, true), frame(length, false)]));
  for (const step of [1, 2, 3, 7, 1_000, all.length]) {
    const scanner = new FrameScanner();
    for (let at = 0; at < all.length; at += step) scanner.scan(all, at, Math.min(all.length, at + step));
    assert.equal(scanner.pongs, lengths.length * 2);
    assert.equal(scanner.largestBytes, 70_000);
    assert.ok(scanner.atBoundary);
  }
});
