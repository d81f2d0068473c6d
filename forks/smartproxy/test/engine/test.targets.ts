import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test, type TestContext } from 'node:test';
import { generateV1, type IRouteConfig, type IRouteContext, type IRouteTarget } from '@dcrouter/smartproxy';
import { get, httpBackend, startProxy, talk, tcpBackend } from './world.ts';

const named = async (t: TestContext, ...names: string[]) => Promise.all(names.map((name) => httpBackend(t, name)));

function web(targets: IRouteTarget[], more: Partial<IRouteConfig> = {}): IRouteConfig {
  return { name: 'web', match: { ports: 80, domains: 'a.test' }, action: { type: 'forward', targets }, ...more };
}

test('targets are chosen by their match, then by priority, and those without a match take the rest', async (t) => {
  const [rest, api, post, mobile, first] = await named(t, 'rest', 'api', 'post', 'mobile', 'first');
  const { port } = await startProxy(t, [
    web([
      rest!.target,
      { ...api!.target, match: { path: '/api/*' } },
      { ...post!.target, match: { method: ['POST'] } },
      { ...mobile!.target, match: { headers: { 'User-Agent': /phone/i } } },
      { ...first!.target, match: { path: '/api/first' }, priority: 5 },
    ]),
  ]);
  const body = async (path: string, options = {}) =>
    (await get(port(80), path, options)).body.replaceAll(/[^a-z]/g, '');
  assert.equal(await body('/'), 'rest');
  assert.equal(await body('/api/x'), 'api');
  assert.equal(await body('/api/first'), 'first');
  assert.equal(await body('/', { method: 'POST', headers: ['Content-Length: 0'] }), 'post');
  assert.equal(await body('/', { headers: ['User-Agent: A Phone'] }), 'mobile');
});

test('several targets and several hosts take turns, by weight', async (t) => {
  const [one, two, three] = await named(t, 'one', 'two', 'three');
  const { port } = await startProxy(t, [
    web([{ ...one!.target, weight: 3 }, two!.target]),
    web([{ host: ['127.0.0.1', 'localhost'], port: three!.port }], {
      name: 'hosts',
      match: { ports: 80, domains: 'b.test' },
    }),
  ]);
  for (let i = 0; i < 8; i += 1) await get(port(80), '/');
  assert.deepEqual([one!.requests.length, two!.requests.length], [6, 2]);
});

test('ip-hash keeps each client at its target', async (t) => {
  const backends = await named(t, 'one', 'two', 'three');
  const { port } = await startProxy(
    t,
    [
      web(
        backends.map((backend) => backend.target),
        {
          action: {
            type: 'forward',
            targets: backends.map((backend) => backend.target),
            loadBalancing: { algorithm: 'ip-hash' },
          },
        },
      ),
    ],
    { proxyIPs: ['127.0.0.1'] },
  );
  const used = new Set<string>();
  for (let i = 1; i <= 12; i += 1) {
    const preface = generateV1({
      sourceIp: `192.0.2.${i}`,
      sourcePort: 1,
      destinationIp: '192.0.2.1',
      destinationPort: 1,
    });
    const answers = [await get(port(80), '/', { preface }), await get(port(80), '/', { preface })];
    assert.equal(answers[0]!.body, answers[1]!.body);
    used.add(answers[0]!.body);
  }
  assert.ok(used.size >= 2, 'clients are spread');
});

test('functions choose host and port from the context; a function that fails is 502 and nothing else', async (t) => {
  const backend = await httpBackend(t);
  const seen: IRouteContext[] = [];
  const { port } = await startProxy(t, [
    web([{ host: (context) => (seen.push(context), '127.0.0.1'), port: () => backend.port }], { id: 'the-id' }),
    web(
      [
        {
          host: () => {
            throw new Error('x');
          },
          port: 1,
        },
      ],
      { name: 'throws', match: { ports: 80, domains: 'b.test' } },
    ),
    web([{ host: '127.0.0.1', port: () => 70_000 }], { name: 'range', match: { ports: 80, domains: 'c.test' } }),
  ]);
  assert.equal((await get(port(80), '/p?q=1', { headers: ['X-A: 1', 'X-A: 2'] })).status, 200);
  const { timestamp, connectionId, ...context } = seen[0]!;
  assert.ok(Date.now() - timestamp < 60_000 && connectionId !== '');
  assert.deepEqual(
    { ...context, headers: context.headers?.['x-a'] },
    {
      port: 80,
      domain: 'a.test',
      clientIp: '127.0.0.1',
      serverIp: '127.0.0.1',
      isTls: false,
      tlsVersion: undefined,
      routeName: 'web',
      routeId: 'the-id',
      method: 'GET',
      path: '/p',
      query: 'q=1',
      headers: '1',
    },
  );
  assert.equal((await get(port(80), '/', { host: 'b.test' })).status, 502);
  assert.equal((await get(port(80), '/', { host: 'c.test' })).status, 502);
});

test('functions and templates see what the names of a path matched', async (t) => {
  const backend = await httpBackend(t);
  const { port } = await startProxy(t, [
    web([{ ...backend.target, headers: { request: { 'X-User': '{pathParams.user}' } } }], {
      match: { ports: 80, domains: 'a.test', path: '/users/:user' },
    }),
  ]);
  await get(port(80), '/users/%61nn/x?y');
  assert.equal(backend.requests[0]!.headers['x-user'], 'ann');
});

test('the default target takes what no route matches, unless the default lists keep it out', async (t) => {
  const [mine, fallback] = await named(t, 'mine', 'fallback');
  const routes = [web([mine!.target])];
  const open = await startProxy(t, routes, { defaults: { target: fallback!.target } });
  assert.match((await get(open.port(80), '/')).body, /mine/);
  assert.match((await get(open.port(80), '/', { host: 'other.test' })).body, /fallback/);
  const none = await startProxy(t, routes);
  assert.equal((await get(none.port(80), '/', { host: 'other.test' })).status, 404);
  const listed = await startProxy(t, routes, {
    defaults: { target: fallback!.target, security: { ipAllowList: ['10.0.0.1'] } },
  });
  assert.equal((await get(listed.port(80), '/', { host: 'other.test' })).status, 403);
});

test('the default target covers ports that no route names, as they come and go', async (t) => {
  const [fallback] = await named(t, 'fallback');
  for (const workers of [undefined, 1]) {
    const { proxy, port } = await startProxy(t, [], { defaults: { target: fallback!.target }, workers });
    assert.deepEqual(proxy.getListeningPorts(), []);
    await proxy.addListeningPort(81);
    assert.match((await get(port(81), '/')).body, /fallback/);
    // A swap of the routes that names the port, and one that names it no more.
    const mine = web([fallback!.target], { name: 'mine', match: { ports: [81, 82], domains: 'mine.test' } });
    await proxy.updateRoutes([mine]);
    assert.match((await get(port(81), '/', { host: 'other.test' })).body, /fallback/);
    assert.match((await get(port(82), '/', { host: 'other.test' })).body, /fallback/);
    await proxy.updateRoutes([]);
    assert.deepEqual(proxy.getListeningPorts(), [81]);
    assert.match((await get(port(81), '/', { host: 'mine.test' })).body, /fallback/);
    await proxy.removeListeningPort(81);
    assert.deepEqual(proxy.getListeningPorts(), []);
  }
});

test('a request on a shared port may come in pieces', async (t) => {
  const backend = await httpBackend(t);
  const tcp = await tcpBackend(t);
  const { port } = await startProxy(t, [
    web([backend.target]),
    { name: 'tunnel', match: { ports: 80 }, action: { type: 'forward', targets: [tcp.target] } },
  ]);
  const client = connect(port(80), '127.0.0.1');
  client.setNoDelay(true);
  for (const byte of 'OPTIONS / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n') {
    await new Promise((resolve) => client.write(byte, resolve));
  }
  let text = '';
  for await (const chunk of client) text += String(chunk);
  assert.match(text, /^HTTP\/1\.1 200 /);
  assert.equal(tcp.received.length, 0);
});

test('TCP and HTTP share a port: what is no HTTP goes to the tunnel', async (t) => {
  const backend = await httpBackend(t);
  const tcp = await tcpBackend(t);
  const { port } = await startProxy(t, [
    web([backend.target]),
    { name: 'tunnel', match: { ports: 80 }, action: { type: 'forward', targets: [tcp.target] } },
  ]);
  assert.equal((await get(port(80), '/')).status, 200);
  assert.equal(await talk(port(80), '\x00\x01binary', { until: /ok/ }), 'ok');
  // Text protocols too, also those whose first letters could become a method.
  const banners = ['SSH-2.0-OpenSSH_9.2\r\n', '*1\r\n$4\r\nPING\r\n', 'EHLO me\r\n', 'GETX', 'POS'];
  for (const banner of banners) assert.equal(await talk(port(80), banner, { ends: true }), 'ok');
  assert.deepEqual(tcp.received, ['\x00\x01binary', ...banners]);
});
