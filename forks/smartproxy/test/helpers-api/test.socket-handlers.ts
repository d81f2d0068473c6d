import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { SocketHandlers } from '#proxy/handlers/index';
import type { IRouteContext, TSocketHandler } from '#proxy/interfaces/index';

/** Gives every connection of a listener to the handler, as the engine does with a route's connections. */
async function serve(t: TestContext, handler: TSocketHandler): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    const context = { domain: 'sni.test', clientIp: '127.0.0.1', port: 80 } as IRouteContext;
    void handler(socket, context);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** Sends text and reads until the other side ends, or until `enough`. */
async function talk(port: number, text: string, enough = /(?!)/): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let received = '';
  const done = new Promise<void>((resolve) => {
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString();
      if (enough.test(received)) resolve();
    });
    socket.once('end', resolve);
    socket.once('error', () => resolve());
    socket.once('close', () => resolve());
  });
  socket.write(text);
  await done;
  socket.destroy();
  return received;
}

const get = (path: string, host = 'a.test:80') => `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;

test('echo', async (t) => {
  assert.equal(await talk(await serve(t, SocketHandlers.echo), 'hello', /hello/), 'hello');
});

test('block says why and closes', async (t) => {
  assert.equal(await talk(await serve(t, SocketHandlers.block('no')), ''), 'no\n');
  assert.equal(await talk(await serve(t, SocketHandlers.block()), ''), 'Connection blocked from 127.0.0.1\n');
});

test('lines: split over packets, CRLF or LF, and an endless one ends the connection', async (t) => {
  const port = await serve(
    t,
    SocketHandlers.lineProtocol((line, socket) =>
      line === 'quit' ? void socket.end('bye') : void socket.write(`<${line}>`),
    ),
  );
  assert.equal(await talk(port, 'a\r\nb\nüquit\nquit\n'), '<a><b><üquit>bye');
  assert.equal(await talk(port, 'x'.repeat(100_000)), '');
});

test('proxy tunnels both ways', async (t) => {
  const echo = await serve(t, SocketHandlers.echo);
  const port = await serve(t, SocketHandlers.proxy('127.0.0.1', echo));
  assert.equal(await talk(port, 'through', /through/), 'through');
  const nowhere = await serve(t, SocketHandlers.proxy('127.0.0.1', 1));
  assert.equal(await talk(nowhere, 'x'), '', 'an unreachable target ends the connection');
});

test('httpResponse sees the head and answers in its own words', async (t) => {
  const port = await serve(
    t,
    SocketHandlers.httpResponse((request) => `HTTP/1.1 200 OK\r\n\r\n${request.split(' ')[1]}`),
  );
  assert.equal(await talk(port, get('/who')), 'HTTP/1.1 200 OK\r\n\r\n/who');
});

test('httpBlock', async (t) => {
  assert.match(
    await talk(await serve(t, SocketHandlers.httpBlock()), get('/')),
    /^HTTP\/1\.1 403 Forbidden\r\n[\s\S]*\r\n\r\nForbidden$/,
  );
  assert.match(
    await talk(await serve(t, SocketHandlers.httpBlock(410, 'gone')), get('/')),
    /^HTTP\/1\.1 410 [\s\S]*gone$/,
  );
});

test('redirects go to the requested host and path, with the query, and to no other place', async (t) => {
  const port = await serve(t, SocketHandlers.httpRedirect('https://{domain}:8443{path}'));
  const location = async (request: string) => /^location: (.*)\r$/im.exec(await talk(port, request))?.[1];
  assert.equal(await location(get('/x?y=1')), 'https://a.test:8443/x?y=1');
  assert.equal(await location(get('/', '[::1]:80')), 'https://[::1]:8443/');
  for (const request of [
    get('//evil.test/'),
    get('/', 'evil.test/@a.test'),
    get('http://evil.test/'),
    get('/', 'a b'),
  ]) {
    assert.match(await talk(port, request), /^HTTP\/1\.1 400 /, request);
  }
  const custom = await serve(t, SocketHandlers.httpRedirect('https://www.{domain}{path}', 308));
  assert.match(await talk(custom, get('/p')), /^HTTP\/1\.1 308 [\s\S]*Location: https:\/\/www\.a\.test\/p\r\n/);
});

test('httpServer: method, headers, body in; status, headers, body out; errors are 500', async (t) => {
  const port = await serve(
    t,
    SocketHandlers.httpServer((request, response) => {
      if (request.url === '/throw') throw new Error('x');
      response.status(201);
      response.header('X-Seen', request.headers['x-a'] ?? '');
      response.send(`${request.method} ${request.body}`);
    }),
  );
  const post = 'POST /b HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbody';
  assert.match(await talk(port, post), /^HTTP\/1\.1 201 Created\r\nX-Seen: 1\r\n[\s\S]*\r\n\r\nPOST body$/);
  assert.match(await talk(port, get('/throw')), /^HTTP\/1\.1 500 /);
  const big = `POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2000000\r\n\r\n${'x'.repeat(1_100_000)}`;
  assert.match(await talk(port, big, /413/), /^HTTP\/1\.1 413 /);
});
