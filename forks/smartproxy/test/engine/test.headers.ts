import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hashPassword, type IRouteConfig } from '@dcrouter/smartproxy';
import { get, httpBackend, startProxy, talk } from './world.ts';

function route(target: { host: string; port: number }, more: Partial<IRouteConfig> = {}): IRouteConfig {
  return {
    name: 'web',
    match: { ports: 80, domains: 'a.test' },
    action: { type: 'forward', targets: [target] },
    ...more,
  };
}

const count = (rawHeaders: readonly string[], name: string) =>
  rawHeaders.filter((field, i) => i % 2 === 0 && field.toLowerCase() === name).length;

test('targets hear about the client from us, not from the client', async (t) => {
  const backend = await httpBackend(t);
  const { port } = await startProxy(t, [route(backend.target)]);
  const forged = [
    'X-Forwarded-For: 1.1.1.1',
    'x-forwarded-proto: https',
    'X-Forwarded-Host: evil',
    'X-Forwarded-Port: 1',
    'Forwarded: for=1.1.1.1',
  ];
  await get(port(80), '/', { headers: forged });
  const { headers, rawHeaders } = backend.requests[0]!;
  assert.equal(headers['x-forwarded-for'], '127.0.0.1');
  assert.equal(headers['x-forwarded-proto'], 'http');
  assert.equal(headers['x-forwarded-host'], 'a.test');
  assert.equal(headers['x-forwarded-port'], '80');
  assert.equal(headers.forwarded, undefined);
  for (const name of ['x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host', 'host'])
    assert.equal(count(rawHeaders, name), 1, name);
});

test('the standard field instead, both, or none', async (t) => {
  const backend = await httpBackend(t);
  const styles = ['forwarded', 'both', 'none'] as const;
  const { port } = await startProxy(
    t,
    styles.map((forwarded) =>
      route(backend.target, {
        name: forwarded,
        match: { ports: 80, domains: `${forwarded}.test` },
        headers: { forwarded },
      }),
    ),
  );
  for (const forwarded of styles)
    await get(port(80), '/', {
      host: `${forwarded}.test`,
      headers: ['X-Forwarded-For: 9.9.9.9', 'Forwarded: for=9.9.9.9'],
    });
  const seen = backend.requests.map(({ headers }) => [headers['x-forwarded-for'], headers.forwarded]);
  assert.deepEqual(seen, [
    [undefined, 'for=127.0.0.1;host="forwarded.test";proto=http'],
    ['127.0.0.1', 'for=127.0.0.1;host="both.test";proto=http'],
    [undefined, undefined],
  ]);
});

test('request edits: set, replace, remove, from templates, target over route; also Host and forwarded fields', async (t) => {
  const backend = await httpBackend(t);
  const { port } = await startProxy(t, [
    route(backend.target, {
      headers: {
        request: { 'X-Set': 'route', 'X-Client': '{clientIp} {headers.x-in} {path} {unknown}', 'Cookie': '' },
      },
      action: {
        type: 'forward',
        targets: [
          {
            ...backend.target,
            headers: { request: { 'X-Set': 'target', 'Host': 'inner.test', 'X-Forwarded-For': 'edited' } },
          },
        ],
      },
    }),
  ]);
  await get(port(80), '/p?q', { headers: ['x-set: client', 'X-SET: again', 'Cookie: a=b', 'X-In: seen'] });
  const { headers, rawHeaders } = backend.requests[0]!;
  assert.equal(headers['x-set'], 'target');
  assert.equal(headers['x-client'], '127.0.0.1 seen /p {unknown}');
  assert.equal(headers.cookie, undefined);
  assert.equal(headers.host, 'inner.test');
  assert.equal(headers['x-forwarded-for'], 'edited');
  for (const name of ['x-set', 'host', 'x-forwarded-for']) assert.equal(count(rawHeaders, name), 1, name);
});

test('response edits', async (t) => {
  const backend = await httpBackend(t, 'body', { 'Server': 'secret', 'X-Powered-By': 'x', 'X-Keep': '1' });
  const { port } = await startProxy(t, [
    route(backend.target, {
      headers: {
        response: { 'server': '', 'x-powered-by': '', 'Strict-Transport-Security': 'max-age=1', 'X-Path': '{path}' },
      },
    }),
  ]);
  const answer = await get(port(80), '/here');
  assert.match(answer.body, /body/);
  assert.equal(answer.headers.server, undefined);
  assert.equal(answer.headers['x-powered-by'], undefined);
  assert.equal(answer.headers['x-keep'], '1');
  assert.equal(answer.headers['strict-transport-security'], 'max-age=1');
  assert.equal(answer.headers['x-path'], '/here');
});

test('CORS: preflights are answered here and before credentials are asked for, responses carry one answer', async (t) => {
  const backend = await httpBackend(t, 'body', { 'Access-Control-Allow-Origin': 'https://old.test' });
  const { port } = await startProxy(t, [
    route(backend.target, {
      headers: { cors: { enabled: true, allowOrigin: ['https://page.test'], allowHeaders: ['X-A'] } },
      security: { basicAuth: { enabled: true, users: [{ username: 'a', password: 'b' }], excludePaths: ['/open'] } },
    }),
  ]);
  const preflight = await get(port(80), '/x', {
    method: 'OPTIONS',
    headers: ['Origin: https://page.test', 'Access-Control-Request-Method: PUT'],
  });
  assert.equal(preflight.status, 204);
  assert.equal(preflight.headers['access-control-allow-origin'], 'https://page.test');
  assert.equal(preflight.headers['access-control-allow-headers'], 'X-A');
  assert.equal(preflight.headers['content-length'], undefined, 'a 204 has no length');
  assert.equal(backend.requests.length, 0);
  assert.equal((await get(port(80), '/x', { headers: ['Origin: https://page.test'] })).status, 401);
  const answer = await get(port(80), '/open', { headers: ['Origin: https://page.test'] });
  assert.equal(answer.headers['access-control-allow-origin'], 'https://page.test');
  assert.equal(answer.names.filter((name) => name === 'access-control-allow-origin').length, 1);
  const stranger = await get(port(80), '/open', { headers: ['Origin: https://evil.test'] });
  assert.equal(stranger.headers['access-control-allow-origin'], undefined);
  assert.equal(stranger.headers.vary, 'Origin');
});

test('paths are rewritten, and never into two lines', async (t) => {
  const backend = await httpBackend(t);
  const { port } = await startProxy(t, [
    route(backend.target, {
      action: {
        type: 'forward',
        targets: [backend.target],
        advanced: { urlRewrite: { pattern: '^/old/(.*)$', target: '/new/$1/{domain}', onlyRewritePath: true } },
      },
    }),
  ]);
  await get(port(80), '/old/x?y=1');
  await get(port(80), '/other');
  assert.deepEqual(
    backend.requests.map(({ url }) => url),
    ['/new/x/a.test?y=1', '/other'],
  );
});

test('answers without a target: canned ones, and pages for errors', async (t) => {
  const { port } = await startProxy(t, [
    route(
      { host: '127.0.0.1', port: 1 },
      {
        match: { ports: 80, domains: 'a.test' },
        action: {
          type: 'forward',
          targets: [{ host: '127.0.0.1', port: 1 }],
          advanced: { errorPages: { 502: { body: '<p>sorry</p>', contentType: 'text/html' } } },
        },
      },
    ),
    {
      name: 'canned',
      match: { ports: 80, domains: 'b.test' },
      action: { type: 'forward', advanced: { testResponse: { status: 418, headers: { 'X-Tea': 'pot' }, body: 'ü' } } },
    },
  ]);
  const sorry = await get(port(80), '/');
  assert.deepEqual([sorry.status, sorry.body, sorry.headers['content-type']], [502, '<p>sorry</p>', 'text/html']);
  const tea = await get(port(80), '/', { host: 'b.test' });
  assert.deepEqual([tea.status, tea.headers['x-tea'], Buffer.from(tea.body, 'latin1').toString()], [418, 'pot', 'ü']);
});

test('a slow password check does not make an upgrade pass the checks behind it', async (t) => {
  const backend = await httpBackend(t);
  const { port } = await startProxy(t, [
    route(backend.target, {
      action: {
        type: 'forward',
        targets: [backend.target],
        websocket: { enabled: true, allowedOrigins: ['https://good.test'] },
      },
      security: { basicAuth: { enabled: true, users: [{ username: 'a', passwordHash: await hashPassword('b') }] } },
    }),
    {
      name: 'canned',
      match: { ports: 80, domains: 'b.test' },
      action: { type: 'forward', advanced: { testResponse: { status: 200, headers: {}, body: 'canned' } } },
      security: { basicAuth: { enabled: true, users: [{ username: 'a', passwordHash: await hashPassword('b') }] } },
    },
  ]);
  const credentials = `Authorization: Basic ${Buffer.from('a:b').toString('base64')}`;
  const upgrade = ['Upgrade: websocket', 'Origin: https://bad.test', 'Sec-WebSocket-Version: 13', credentials];
  const text = `GET / HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\n${upgrade.join('\r\n')}\r\n\r\n`;
  assert.match(await talk(port(80), text, { until: /\r\n\r\n/ }), /^HTTP\/1\.1 403 /);
  assert.equal(backend.requests.length, 0);
  assert.equal((await get(port(80), '/', { host: 'b.test', headers: [credentials] })).body, 'canned');
});

test('an upgrade is refused where the route says so, for origins, subprotocols and by functions that fail', async (t) => {
  const backend = await httpBackend(t);
  const socketRoute = (name: string, websocket: NonNullable<IRouteConfig['action']['websocket']>): IRouteConfig => ({
    name,
    match: { ports: 80, domains: `${name}.test` },
    action: { type: 'forward', targets: [backend.target], websocket },
  });
  const { port } = await startProxy(t, [
    socketRoute('off', { enabled: false }),
    socketRoute('origin', { enabled: true, allowedOrigins: ['https://good.test'] }),
    socketRoute('protocol', { enabled: true, subprotocols: ['chat'] }),
    socketRoute('no', { enabled: true, authenticateRequest: () => false }),
    socketRoute('later', { enabled: true, authenticateRequest: async () => false }),
    socketRoute('throws', {
      enabled: true,
      authenticateRequest: () => {
        throw new Error('x');
      },
    }),
    socketRoute('rejects', {
      enabled: true,
      authenticateRequest: async () => {
        throw new Error('x');
      },
    }),
  ]);
  const upgrade = (name: string) =>
    `GET / HTTP/1.1\r\nHost: ${name}.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nOrigin: https://bad.test\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`;
  for (const name of ['off', 'origin', 'no', 'later', 'throws', 'rejects']) {
    assert.match(await talk(port(80), upgrade(name), { until: /\r\n\r\n/ }), /^HTTP\/1\.1 403 /, name);
  }
  assert.match(await talk(port(80), upgrade('protocol'), { until: /\r\n\r\n/ }), /^HTTP\/1\.1 400 /);
  assert.equal(backend.requests.length, 0);
});
