import { SmartProxy, type IRouteConfig } from '@dcrouter/smartproxy';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { rawExchange, readUntil } from '../helpers/counting-client.ts';
import { freePorts } from '../helpers/ports.ts';
import { ProxyLedger } from '../laws/proxy.ts';

interface IScene {
  readonly port: number;
  readonly proxy: SmartProxy;
  readonly ledger: ProxyLedger;
}

/** A backend that speaks raw TCP, so that a test decides each byte and each end. */
async function backend(
  t: TestContext,
  onConnection: (socket: Socket) => void,
): Promise<{ port: number; server: Server; sockets: Set<Socket> }> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    onConnection(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(async () => {
    for (const socket of sockets) socket.destroy();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  });
  return { port: (server.address() as AddressInfo).port, server, sockets };
}

async function scene(t: TestContext, kind: 'http' | 'tcp', backendPort: number): Promise<IScene> {
  const [port] = (await freePorts(1)) as [number];
  const route: IRouteConfig = {
    name: kind,
    match: kind === 'http' ? { ports: port, domains: 'app.test' } : { ports: port },
    action: { type: 'forward', targets: [{ host: '127.0.0.1', port: backendPort }] },
  };
  const proxy = new SmartProxy({ routes: [route] });
  const ledger = new ProxyLedger(proxy);
  await proxy.start();
  t.after(async () => {
    await proxy.stop({ drainTimeout: 100 });
    await ledger.assertDrained();
  });
  return { port, proxy, ledger };
}

const REQUEST = 'GET /x HTTP/1.1\r\nHost: app.test\r\n\r\n';

test('a backend that dies in the middle of a response: the client sees the cut, one close, one reason', async (t) => {
  const { port: backendPort } = await backend(t, (socket) => {
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\npartial', () => socket.resetAndDestroy());
    });
  });
  const { port, ledger, proxy } = await scene(t, 'http', backendPort);
  const exchange = await rawExchange(port, REQUEST);
  assert.match(exchange.text, /^HTTP\/1\.1 200 OK\r\n/);
  assert.ok(exchange.text.endsWith('partial') || exchange.error !== undefined, 'the body is cut, never padded');
  assert.ok(!exchange.text.includes('\r\n\r\npartialHTTP/'), 'no second response is glued to the first');
  await ledger.assertSettled();
  assert.equal(ledger.closes.size, 1);
  const [close] = ledger.closes.values();
  assert.notEqual(close!.reason, 'normal');
  assert.equal(close!.bytesIn, exchange.bytesSent);
  assert.equal(ledger.requests.length, 1);
  assert.ok(ledger.requests[0]!.error, 'the exchange says what went wrong');
  assert.ok(proxy.stats.getTotals().errors >= 1);
});

test('a backend that refuses is 502, one that closes without a byte is 502, and the connection stays usable', async (t) => {
  const { port: backendPort, server } = await backend(t, (socket) => socket.resume().end());
  const { port, ledger } = await scene(t, 'http', backendPort);
  const empty = await rawExchange(port, REQUEST, (text) => /HTTP\/1\.1 502[\s\S]*\r\n\r\n/.test(text));
  assert.match(empty.text, /^HTTP\/1\.1 502 /);
  await new Promise((resolve) => server.close(resolve));
  const refused = await rawExchange(port, REQUEST, (text) => /HTTP\/1\.1 502[\s\S]*\r\n\r\n/.test(text));
  assert.match(refused.text, /^HTTP\/1\.1 502 /);
  await ledger.assertSettled();
  assert.deepEqual(
    ledger.requests.map((request) => request.statusCode),
    [502, 502],
  );
});

test('a backend that speaks garbage is 502', async (t) => {
  const { port: backendPort } = await backend(t, (socket) =>
    socket.once('data', () => socket.end('no HTTP here\r\n\r\n')),
  );
  const { port, ledger } = await scene(t, 'http', backendPort);
  const exchange = await rawExchange(port, REQUEST, (text) => text.includes('\r\n\r\n'));
  assert.match(exchange.text, /^HTTP\/1\.1 502 /);
  await ledger.assertSettled();
});

test('a client that resets in the middle of a response leaves nothing behind', async (t) => {
  const { port: backendPort } = await backend(t, (socket) => {
    socket.once('data', () =>
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n${'x'.repeat(65_536)}`),
    );
  });
  const { port, ledger } = await scene(t, 'http', backendPort);
  const client = connect(port, '127.0.0.1');
  await once(client, 'connect');
  client.write(REQUEST);
  await readUntil(client, /x/);
  client.resetAndDestroy();
  await ledger.assertSettled();
  assert.equal(ledger.closes.size, 1);
});

test('a tunnel carries both directions byte for byte, and half-closes', async (t) => {
  const { port: backendPort } = await backend(t, (socket) => {
    socket.on('data', (chunk: Buffer) => socket.write(chunk));
    socket.on('end', () => socket.end('goodbye'));
  });
  const { port, ledger } = await scene(t, 'tcp', backendPort);
  const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  await once(client, 'connect');
  const payload = Buffer.alloc(1_000_000, 'abcdefgh');
  client.end(payload);
  let received = 0;
  let tail = '';
  client.on('data', (chunk: Buffer) => {
    received += chunk.length;
    tail = (tail + chunk.toString('latin1')).slice(-7);
  });
  await once(client, 'close');
  assert.equal(received, payload.length + 'goodbye'.length);
  assert.equal(tail, 'goodbye');
  await ledger.assertSettled();
  const [close] = ledger.closes.values();
  assert.equal(close!.type, 'tcp');
  assert.equal(close!.bytesIn, client.bytesWritten);
  assert.equal(close!.bytesOut, client.bytesRead);
});

test('a server reset inside a tunnel ends both sides, once', async (t) => {
  const { port: backendPort } = await backend(t, (socket) => socket.once('data', () => socket.resetAndDestroy()));
  const { port, ledger } = await scene(t, 'tcp', backendPort);
  await rawExchange(port, 'hello');
  await ledger.assertSettled();
  assert.equal(ledger.closes.size, 1);
});

test('stop drains: a running exchange finishes, and then nothing is left', async (t) => {
  const asked = Promise.withResolvers<() => void>();
  const { port: backendPort } = await backend(t, (socket) => {
    socket.once('data', () => {
      asked.resolve(() => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone'));
    });
  });
  const { port, proxy, ledger } = await scene(t, 'http', backendPort);
  const pending = rawExchange(port, REQUEST);
  const answer = await asked.promise;
  const stopped = proxy.stop({ drainTimeout: 30_000 });
  answer();
  const exchange = await pending;
  assert.match(exchange.text, /done$/);
  await stopped;
  await ledger.assertDrained();
  await assert.rejects(rawExchange(port, REQUEST), /ECONNREFUSED/);
});
