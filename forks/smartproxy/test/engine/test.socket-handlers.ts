import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import {
  createCompleteHttpsServer,
  createHttpToHttpsRedirect,
  SocketHandlers,
  type IRouteContext,
} from '@dcrouter/smartproxy';
import { get, httpBackend, startProxy, talk } from './world.ts';

test('a handler has the socket at once, with the context of its connection', async (t) => {
  const seen: IRouteContext[] = [];
  const { port } = await startProxy(t, [
    {
      name: 'greeter',
      match: { ports: 25 },
      action: {
        type: 'socket-handler',
        socketHandler: (socket, context) => {
          seen.push(context);
          socket.end('220 hello\r\n');
        },
      },
    },
  ]);
  assert.equal(await talk(port(25), ''), '220 hello\r\n', 'nothing has to be sent first');
  assert.equal(seen[0]!.routeName, 'greeter');
  assert.equal(seen[0]!.clientIp, '127.0.0.1');
});

test('echo, lines and tunnels through the proxy', async (t) => {
  const { port } = await startProxy(t, [
    { match: { ports: 7 }, action: { type: 'socket-handler', socketHandler: SocketHandlers.echo } },
    {
      match: { ports: 8 },
      action: {
        type: 'socket-handler',
        socketHandler: SocketHandlers.lineProtocol((line, socket) => void socket.end(`<${line}>`)),
      },
    },
  ]);
  const big = 'x'.repeat(300_000);
  assert.equal((await talk(port(7), big, { until: new RegExp(`^x{${big.length}}$`) })).length, big.length);
  assert.equal(await talk(port(8), 'a line\r\n'), '<a line>');
  const tunnel = await startProxy(t, [
    {
      match: { ports: 9 },
      action: { type: 'socket-handler', socketHandler: SocketHandlers.proxy('127.0.0.1', port(7)) },
    },
  ]);
  assert.equal(await talk(tunnel.port(9), 'through', { until: /through/ }), 'through');
});

test('the redirect to https beside the site itself', async (t) => {
  const backend = await httpBackend(t);
  const { port } = await startProxy(
    t,
    createCompleteHttpsServer('a.test', backend.target, { certificate: 'self-signed' }),
  );
  const plain = await get(port(80), '/x?y');
  assert.deepEqual([plain.status, plain.headers.location], [301, 'https://a.test/x?y']);
  assert.equal((await get(port(443), '/x', { sni: 'a.test' })).status, 200);
  assert.equal((await get(port(80), '/', { host: 'other.test' })).status, 404);
});

test('a handler chosen by path, on a connection that served other requests before', async (t) => {
  const backend = await httpBackend(t);
  const { port } = await startProxy(t, [
    { match: { ports: 80, domains: 'a.test' }, action: { type: 'forward', targets: [backend.target] } },
    {
      match: { ports: 80, domains: 'a.test', path: '/handled' },
      action: {
        type: 'socket-handler',
        socketHandler: SocketHandlers.httpServer((request, response) => response.send(`handled ${request.url}`)),
      },
    },
  ]);
  const requests =
    'GET / HTTP/1.1\r\nHost: a.test\r\n\r\nGET /handled HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n';
  const text = await talk(port(80), requests);
  assert.match(text, /backend[\s\S]*handled \/handled/);
});

test('handlers inside TLS: raw, and by path', async (t) => {
  const tls = { mode: 'terminate', certificate: 'self-signed' } as const;
  const { port } = await startProxy(t, [
    {
      match: { ports: 443, domains: 'raw.test' },
      action: { type: 'socket-handler', socketHandler: SocketHandlers.echo, tls },
    },
    {
      match: { ports: 443, domains: 'a.test', path: '/x' },
      action: {
        type: 'socket-handler',
        socketHandler: SocketHandlers.httpServer((request, response) => response.send(request.url)),
        tls,
      },
    },
  ]);
  assert.equal(await talk(port(443), 'secret', { sni: 'raw.test', until: /secret/ }), 'secret');
  assert.equal((await get(port(443), '/x', { sni: 'a.test' })).body, '/x');
});

test('a handler that throws or rejects costs its own connection only', async (t) => {
  const { port, proxy } = await startProxy(t, [
    {
      match: { ports: 1 },
      action: {
        type: 'socket-handler',
        socketHandler: () => {
          throw new Error('x');
        },
      },
    },
    {
      match: { ports: 2 },
      action: {
        type: 'socket-handler',
        socketHandler: async () => {
          throw new Error('x');
        },
      },
    },
    { match: { ports: 3 }, action: { type: 'socket-handler', socketHandler: SocketHandlers.block('bye') } },
  ]);
  assert.equal(await talk(port(1), 'x'), '');
  assert.equal(await talk(port(2), 'x'), '');
  assert.equal(await talk(port(3), ''), 'bye\n');
  assert.equal(proxy.stats.getTerminationReasons().get('handler-error'), 2);
});

test('a redirect keeps its connection', async (t) => {
  const { port } = await startProxy(t, [createHttpToHttpsRedirect('a.test')]);
  const request = (path: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: a.test\r\n${more}\r\n`;
  const text = await talk(port(80), request('/1') + request('/2', 'Connection: close\r\n'));
  assert.deepEqual(
    [...text.matchAll(/location: (.*)\r/gi)].map((found) => found[1]),
    ['https://a.test/1', 'https://a.test/2'],
  );
});

test('a handler inside TLS that is busy is not taken for idle, and an idle one is ended', async (t) => {
  const tls = { mode: 'terminate', certificate: 'self-signed' } as const;
  const { port, proxy } = await startProxy(
    t,
    [{ match: { ports: 443 }, action: { type: 'socket-handler', socketHandler: SocketHandlers.echo, tls } }],
    { inactivityTimeout: 2_000 },
  );
  const socket = connectTls({ port: port(443), host: '127.0.0.1', servername: 'a.test', rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  for (let i = 0; i < 12; i += 1) {
    socket.write('x');
    await once(socket, 'data');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  await once(socket.resume(), 'close');
  assert.equal(proxy.stats.getTerminationReasons().get('inactivity-timeout'), 1);
});
