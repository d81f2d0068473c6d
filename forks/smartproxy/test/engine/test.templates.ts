// Every variable of a header value, in requests and responses, and what is written where there is none.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { get, httpBackend, startProxy, talk, tcpBackend } from './world.ts';

const VARIABLES =
  'port domain clientIp serverIp path query method isTls routeName routeId targetHost targetPort headers.x-id pathParams.id'.split(
    ' ',
  );
const ABSENT = ['tlsVersion', 'headers.x-none', 'pathParams.none', 'none', 'constructor'];

test('variables are the same in requests and responses, absent ones stay as they were written', async (t) => {
  const backend = await httpBackend(t, 'backend', { 'X-From-Target': 'kept' });
  const edits = Object.fromEntries([...VARIABLES, ...ABSENT].map((name, at) => [`X-${at}`, `{${name}}`]));
  const { port } = await startProxy(t, [
    {
      name: 'users',
      id: 'the-id',
      match: { ports: 80, domains: 'a.test', path: '/users/:id' },
      action: { type: 'forward', targets: [backend.target] },
      headers: { request: edits, response: edits },
    },
  ]);
  const expected = [
    ...'80 a.test 127.0.0.1 127.0.0.1 /users/7 q=1 GET false users the-id'.split(' '),
    ...`127.0.0.1 ${backend.port} five 7`.split(' '),
    ...ABSENT.map((name) => `{${name}}`),
  ];
  const answer = await get(port(80), '/users/7?q=1', { headers: ['X-Id: five'] });
  const { headers } = backend.requests[0]!;
  assert.deepEqual(
    expected.map((_, at) => headers[`x-${at}`]),
    expected,
  );
  assert.deepEqual(
    expected.map((_, at) => answer.headers[`x-${at}`]),
    expected,
  );
  assert.equal(answer.headers['x-from-target'], 'kept');
});

test('each answer on a connection is filled in from its own request', async (t) => {
  const backend = await httpBackend(t);
  const { port } = await startProxy(t, [
    {
      match: { ports: 80, domains: 'a.test' },
      action: { type: 'forward', targets: [backend.target] },
      headers: { response: { 'X-Said': '{headers.x-id}{query}' } },
    },
  ]);
  const request = (path: string, id: string): string =>
    `GET ${path} HTTP/1.1\r\nHost: a.test\r\nX-Id: ${id}\r\n${id === '3' ? 'Connection: close\r\n' : ''}\r\n`;
  const text = await talk(port(80), request('/?a', '1') + request('/', '2') + request('/?c', '3'));
  assert.deepEqual(text.match(/X-Said: .*/g), ['X-Said: 1a', 'X-Said: 2', 'X-Said: 3c']);
});

test('edits hold for the answer to an upgrade, and for canned answers', async (t) => {
  const upgraded = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nServer: x\r\n\r\n';
  const sockets = await tcpBackend(t, upgraded);
  const headers = { response: { 'Server': '', 'X-Who': '{clientIp} {query}', 'Content-Type': 'x/y' } };
  const testResponse = {
    status: 200,
    headers: { 'Server': 'x', 'X-Mine': '1', 'content-type': 'a/b' },
    body: 'canned',
  };
  const { port } = await startProxy(t, [
    { match: { ports: 80, path: '/up' }, action: { type: 'forward', targets: [sockets.target] }, headers },
    {
      match: { ports: 80, path: '/canned' },
      action: { type: 'forward', advanced: { testResponse } },
      headers: { ...headers, cors: true },
    },
  ]);
  const upgrade = 'GET /up?q HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
  const switched = await talk(port(80), upgrade, { until: /\r\n\r\n/ });
  assert.match(switched, /^HTTP\/1\.1 101 [^]*\r\nX-Who: 127\.0\.0\.1 q\r\n/);
  assert.doesNotMatch(switched, /Server/);
  const canned = await get(port(80), '/canned?q', { headers: ['Origin: https://b.test'] });
  assert.equal(canned.body, 'canned');
  assert.deepEqual(
    [canned.headers['x-mine'], canned.headers['x-who'], canned.headers['access-control-allow-origin']],
    ['1', '127.0.0.1 q', '*'],
  );
  assert.ok(!canned.names.includes('server'));
  assert.deepEqual(
    [canned.headers['content-type'], canned.names.filter((name) => name === 'content-type').length],
    ['x/y', 1],
  );
});
