import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import type { IRouteWebSocket } from '@dcrouter/smartproxy';
import { startProxy } from '../engine/world.ts';
import { frame } from './frame.ts';

const PING = Buffer.from([0x89, 0]);

/** A backend that answers the handshake, sends `first` right behind it, and then lets the test have the socket. */
async function world(t: TestContext, websocket: Partial<IRouteWebSocket>, first: Buffer = Buffer.alloc(0)) {
  const sockets: Socket[] = [];
  const received: Buffer[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => socket.destroy());
    let head = '';
    socket.on('data', function onHead(chunk: Buffer) {
      head += chunk.toString('latin1');
      if (!head.includes('\r\n\r\n')) return;
      socket.off('data', onHead);
      const key = /sec-websocket-key: (.*)\r/i.exec(head)![1]!;
      const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
      const lines = [
        'HTTP/1.1 101 Switching Protocols',
        'Connection: Upgrade',
        'Upgrade: websocket',
        `Sec-WebSocket-Accept: ${accept}`,
      ];
      socket.write(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), first]));
      socket.on('data', (bytes: Buffer) => received.push(bytes));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const scene = await startProxy(t, [
    {
      match: { ports: 80, domains: 'a.test' },
      action: { type: 'forward', targets: [{ host: '127.0.0.1', port }], websocket: { enabled: true, ...websocket } },
    },
  ]);
  const client = connect(scene.port(80), '127.0.0.1');
  await once(client, 'connect');
  client.write(
    'GET / HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  let bytes: Buffer = Buffer.alloc(0);
  const waiting = new Set<() => void>();
  client.on('data', (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk]);
    for (const look of waiting) look();
  });
  /** Resolves when the bytes behind the handshake satisfy `test`. */
  const saw = (test: (bytes: Buffer) => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = () => {
        const end = bytes.indexOf('\r\n\r\n');
        if (end < 0 || !test(bytes.subarray(end + 4))) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });
  await saw(() => true);
  return { ...scene, client, backend: () => sockets[0]!, received: () => Buffer.concat(received), saw };
}

test('a client is pinged, its answers keep it, and its silence ends it', async (t) => {
  const { client, saw, proxy, received, ledger } = await world(t, { pingInterval: 100, pingTimeout: 2_000 });
  await saw((bytes) => bytes.equals(PING));
  client.write(frame(0xa, Buffer.alloc(0), true));
  await saw((bytes) => bytes.equals(Buffer.concat([PING, PING])));
  assert.deepEqual(received(), frame(0xa, Buffer.alloc(0), true), 'the pong passes on to the target');
  await once(client, 'close');
  await ledger.settled();
  assert.equal(proxy.stats.getTerminationReasons().get('websocket-timeout'), 1);
});

test('no ping is put into the midst of a frame', async (t) => {
  const whole = frame(0x1, Buffer.alloc(300, 0x61));
  const { backend, saw, client } = await world(t, { pingInterval: 100, pingTimeout: 10_000 }, whole.subarray(0, 100));
  await saw((bytes) => bytes.length >= 100);
  // Longer than several intervals: a ping now would be taken for payload.
  await new Promise((resolve) => setTimeout(resolve, 450));
  backend().write(whole.subarray(100));
  await saw((bytes) => bytes.subarray(0, whole.length).equals(whole) && bytes.subarray(whole.length).equals(PING));
  client.destroy();
});

test('frames over the limit end the connection with 1009, from either side, and do not arrive', async (t) => {
  const fromClient = await world(t, { maxPayloadSize: 10 });
  fromClient.client.write(frame(0x1, Buffer.from('short'), true));
  fromClient.client.write(frame(0x1, Buffer.from('much too long'), true));
  await fromClient.saw((bytes) => bytes.equals(Buffer.from([0x88, 2, 0x03, 0xf1])));
  await once(fromClient.client, 'close');
  assert.ok(!fromClient.received().includes(Buffer.from('much too long')));
  assert.equal(fromClient.proxy.stats.getRejectReasons().get('websocket-frame-too-big'), 1);

  const fromTarget = await world(t, { maxPayloadSize: 10 });
  fromTarget.backend().write(frame(0x1, Buffer.from('much too long')));
  await fromTarget.saw((bytes) => bytes.equals(Buffer.from([0x88, 2, 0x03, 0xf1])));
  await once(fromTarget.client, 'close');
});

test('what follows the handshake at once is looked at too', async (t) => {
  const { client, saw, proxy } = await world(t, { maxPayloadSize: 10 }, frame(0x1, Buffer.alloc(11)));
  await saw((bytes) => bytes.equals(Buffer.from([0x88, 2, 0x03, 0xf1])));
  if (!client.closed) await once(client, 'close');
  assert.equal(proxy.stats.getRejectReasons().get('websocket-frame-too-big'), 1);
});

test('frames within the limit pass unchanged', async (t) => {
  const { client, backend, saw, received } = await world(t, { maxPayloadSize: 70_000 });
  const big = frame(0x2, Buffer.alloc(70_000, 7), true);
  client.write(big);
  const back = frame(0x2, Buffer.alloc(70_000, 9));
  backend().write(back);
  await saw((bytes) => bytes.equals(back));
  while (received().length < big.length) await new Promise((resolve) => setImmediate(resolve));
  assert.ok(received().equals(big));
  client.destroy();
});
