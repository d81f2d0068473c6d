import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { hashPassword, SocketHandlers, type IRouteConfig, type IRouteSecurity } from '@dcrouter/smartproxy';
import { get, httpBackend, startProxy, talk, tcpBackend } from './world.ts';

const basic = (user: string, password: string) =>
  `Authorization: Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

async function guarded(t: TestContext, security: IRouteSecurity, more: Partial<IRouteConfig> = {}) {
  const backend = await httpBackend(t);
  const route: IRouteConfig = {
    name: 'guarded',
    match: { ports: 80, domains: 'a.test' },
    action: { type: 'forward', targets: [backend.target] },
    security,
    ...more,
  };
  return { backend, ...(await startProxy(t, [route])) };
}

test('a blocked address gets 403, nothing reaches the target, and the reason is counted under the route', async (t) => {
  const { port, proxy, backend } = await guarded(t, { ipBlockList: ['127.0.0.0/8'] });
  assert.equal((await get(port(80), '/')).status, 403);
  assert.equal(backend.requests.length, 0);
  assert.equal(proxy.stats.getRejectReasons().get('ip-blocked'), 1);
  assert.deepEqual(proxy.stats.getRouteStats('guarded')[0]!.rejects, { 'ip-blocked': 1 });
});

test('only listed addresses are let in', async (t) => {
  const inside = await guarded(t, { ipAllowList: ['127.0.0.1'] });
  assert.equal((await get(inside.port(80), '/')).status, 200);
  const outside = await guarded(t, { ipAllowList: ['10.0.0.0/8', '::1'] });
  assert.equal((await get(outside.port(80), '/')).status, 403);
  assert.equal(outside.proxy.stats.getRejectReasons().get('ip-not-allowed'), 1);
});

test('an entry for a domain counts for that domain only', async (t) => {
  const { port } = await guarded(
    t,
    { ipAllowList: [{ ip: '127.0.0.1', domains: ['a.test'] }] },
    { match: { ports: 80, domains: ['a.test', 'b.test'] } },
  );
  assert.equal((await get(port(80), '/')).status, 200);
  assert.equal((await get(port(80), '/', { host: 'b.test' })).status, 403);
});

test('an entry for a domain is no dead letter on a route for all domains', async (t) => {
  const { port } = await guarded(
    t,
    { ipBlockList: [{ ip: '127.0.0.0/8', domains: ['closed.test'] }] },
    { match: { ports: 80 } },
  );
  assert.equal((await get(port(80), '/', { host: 'open.test' })).status, 200);
  for (const host of ['closed.test', 'CLOSED.test:80', 'closed.test.']) {
    assert.equal((await get(port(80), '/', { host })).status, 403, host);
  }
});

test('a tunnel refuses blocked addresses before it connects', async (t) => {
  const backend = await tcpBackend(t, 'hello');
  const { port, proxy } = await startProxy(t, [
    {
      name: 'tunnel',
      match: { ports: 22 },
      action: { type: 'forward', targets: [backend.target] },
      security: { ipBlockList: ['127.0.0.1'] },
    },
  ]);
  assert.equal(await talk(port(22), 'x'), '');
  assert.equal(backend.received.length, 0);
  assert.equal(proxy.stats.getRejectReasons().get('ip-blocked'), 1);
});

test('lists under defaults hold for every route', async (t) => {
  const backend = await httpBackend(t);
  const route: IRouteConfig = {
    match: { ports: 80, domains: 'a.test' },
    action: { type: 'forward', targets: [backend.target] },
  };
  const { port } = await startProxy(t, [route], { defaults: { security: { ipBlockList: ['127.0.0.1'] } } });
  assert.equal((await get(port(80), '/')).status, 403);
});

test('a list on one path keeps nobody from the others behind the same certificate', async (t) => {
  const backend = await httpBackend(t);
  const tls = { mode: 'terminate', certificate: 'self-signed' } as const;
  const action = { type: 'forward', targets: [backend.target], tls } as const;
  const { port } = await startProxy(t, [
    {
      name: 'admin',
      match: { ports: 443, domains: 'a.test', path: '/admin/' },
      action: { ...action, targets: [backend.target] },
      security: { ipAllowList: ['10.0.0.0/8'] },
    },
    { name: 'web', match: { ports: 443, domains: 'a.test' }, action: { ...action, targets: [backend.target] } },
  ]);
  assert.equal((await get(port(443), '/', { sni: 'a.test' })).status, 200);
  assert.equal((await get(port(443), '/admin/x', { sni: 'a.test' })).status, 403);
});

test('another spelling of a path is not a way around its rules', async (t) => {
  const backend = await httpBackend(t);
  const action = { type: 'forward', targets: [backend.target] } as const;
  const { port, proxy } = await startProxy(t, [
    {
      name: 'admin',
      match: { ports: 80, domains: 'a.test', path: '/admin/*' },
      action: { ...action, targets: [backend.target] },
      security: { ipBlockList: ['127.0.0.1'] },
    },
    {
      name: 'web',
      match: { ports: 80, domains: 'a.test' },
      action: { ...action, targets: [backend.target] },
      security: { basicAuth: { enabled: true, users: [{ username: 'a', password: 'b' }], excludePaths: ['/open/*'] } },
    },
  ]);
  for (const path of [
    '/admin/x',
    '/%61dmin/x',
    '/%61%64%6D%69%6e/x',
    '//admin/x',
    '/%2fadmin/x',
    '/%2F%5cadmin//x',
    '/admin//x',
  ]) {
    assert.equal((await get(port(80), path)).status, 403, path);
  }
  for (const path of [
    '/open/../admin/x',
    '/open/%2e%2e/admin/x',
    '/open/..%2fadmin/x',
    '/open%2f..%5cadmin/x',
    '/open/..;/admin/x',
    '/%2e%2E',
  ]) {
    assert.equal((await get(port(80), path)).status, 400, path);
  }
  assert.equal(backend.requests.length, 0);
  for (const path of ['/open/a%2Fb', '/open/%7Euser', '/open/a%20b', '/%6fpen/...', '/open/..a', '/open/a;b']) {
    assert.equal((await get(port(80), path)).status, 200, path);
    assert.equal(backend.requests.at(-1)!.url, path, 'forwarded as it was written');
  }
  assert.equal((await get(port(80), '/other')).status, 401);
  assert.equal(proxy.stats.getRejectReasons().get('dot-segment'), 6);
});

async function hold(port: number, text: string, until: RegExp): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  let received = '';
  socket.on('error', () => socket.destroy());
  const answered = new Promise<void>((resolve) => {
    socket.on('data', (chunk) => {
      received += chunk.toString();
      if (until.test(received)) resolve();
    });
    socket.once('close', () => resolve());
  });
  socket.write(text);
  await answered;
  return socket;
}

test('a route takes as many connections as it may, per address too, and frees the place on close', async (t) => {
  const { port, proxy, ledger } = await guarded(t, { maxConnections: 2 });
  const request = 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n';
  const held = [await hold(port(80), request, /backend/), await hold(port(80), request, /backend/)];
  assert.equal((await get(port(80), '/')).status, 503);
  assert.equal(proxy.stats.getRejectReasons().get('route-connections'), 1);
  for (const socket of held) socket.destroy();
  await ledger.settled();
  assert.equal((await get(port(80), '/')).status, 200);
  const perIp = await guarded(t, { maxConnectionsPerIP: 1 });
  const one = await hold(perIp.port(80), request, /backend/);
  assert.equal((await get(perIp.port(80), '/')).status, 503);
  assert.equal(perIp.proxy.stats.getRejectReasons().get('route-connections-per-ip'), 1);
  one.destroy();
});

test('requests over the rate get 429 with Retry-After, on one connection as on many', async (t) => {
  const { port, proxy, backend } = await guarded(t, {
    rateLimit: { enabled: true, maxRequests: 3, window: 3_600, errorMessage: 'slow down' },
  });
  const pipelined = 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n'.repeat(4);
  const socket = await hold(port(80), pipelined, /slow down/);
  socket.destroy();
  assert.equal(backend.requests.length, 3);
  const answer = await get(port(80), '/');
  assert.equal(answer.status, 429);
  assert.equal(answer.body, 'slow down');
  assert.match(answer.headers['retry-after']!, /^\d+$/);
  assert.equal(proxy.stats.getRejectReasons().get('rate-limited'), 2);
});

test('new connections over the rate per minute are refused', async (t) => {
  const backend = await httpBackend(t);
  const route: IRouteConfig = {
    match: { ports: 80, domains: 'a.test' },
    action: { type: 'forward', targets: [backend.target] },
  };
  const { port, proxy } = await startProxy(t, [route], { connectionRateLimitPerMinute: 2 });
  assert.deepEqual(
    [await get(port(80), '/'), await get(port(80), '/'), await get(port(80), '/')].map((a) => a.status),
    [200, 200, 0],
  );
  assert.equal(proxy.stats.getRejectReasons().get('connection-rate'), 1);
});

test('basic authentication: challenge, wrong, right, excluded paths, and a body that is passed over', async (t) => {
  const { port, backend } = await guarded(t, {
    basicAuth: { enabled: true, users: [{ username: 'ann', password: 'x' }], realm: 'here', excludePaths: ['/health'] },
  });
  const missing = await get(port(80), '/');
  assert.equal(missing.status, 401);
  assert.equal(missing.headers['www-authenticate'], 'Basic realm="here", charset="UTF-8"');
  assert.equal((await get(port(80), '/', { headers: [basic('ann', 'y')] })).status, 401);
  assert.equal((await get(port(80), '/', { headers: [basic('ann', 'x')] })).status, 200);
  assert.equal((await get(port(80), '/health')).status, 200);
  const body = 'x'.repeat(1_000);
  const post = `POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1000\r\n\r\n${body}`;
  const authorized = `GET / HTTP/1.1\r\nHost: a.test\r\n${basic('ann', 'x')}\r\nConnection: close\r\n\r\n`;
  const text = await talk(port(80), post + authorized);
  assert.deepEqual(
    [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map((found) => found[1]),
    ['401', '200'],
  );
  assert.deepEqual(
    backend.requests.map((request) => request.method),
    ['GET', 'GET', 'GET'],
  );
});

test('a slow password check holds its request, its body and what is pipelined behind it', async (t) => {
  const { port, backend } = await guarded(t, {
    basicAuth: { enabled: true, users: [{ username: 'ann', passwordHash: await hashPassword('x') }] },
  });
  const head = (path: string, more: string) =>
    `POST ${path} HTTP/1.1\r\nHost: a.test\r\n${basic('ann', 'x')}\r\n${more}\r\n`;
  const requests = `${head('/1', 'Content-Length: 5\r\n')}hello${head('/2', 'Transfer-Encoding: chunked\r\n')}3\r\nabc\r\n0\r\n\r\n`;
  const wrong = `GET /3 HTTP/1.1\r\nHost: a.test\r\n${basic('ann', 'y')}\r\nConnection: close\r\n\r\n`;
  const text = await talk(port(80), requests + wrong);
  assert.deepEqual(
    [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map((found) => found[1]),
    ['200', '200', '401'],
  );
  assert.deepEqual(
    backend.requests.map((request) => request.url),
    ['/1', '/2'],
  );
});

test('a client that leaves while its password is checked leaves nothing behind', async (t) => {
  const { port, ledger } = await guarded(t, {
    basicAuth: { enabled: true, users: [{ username: 'ann', passwordHash: await hashPassword('x') }] },
  });
  for (let i = 0; i < 3; i += 1) {
    const socket = connect(port(80), '127.0.0.1');
    await once(socket, 'connect');
    socket.write(`GET / HTTP/1.1\r\nHost: a.test\r\n${basic('ann', `wrong ${i}`)}\r\n\r\n`);
    await new Promise((resolve) => setImmediate(resolve));
    socket.resetAndDestroy();
  }
  await ledger.settled();
});

test('tokens: missing, wrong and right', async (t) => {
  const { port, proxy } = await guarded(t, { jwtAuth: { enabled: true, secret: 'shared', issuer: 'me' } });
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const token = (claims: object) => {
    const text = `${encode({ alg: 'HS256' })}.${encode(claims)}`;
    return `Authorization: Bearer ${text}.${createHmac('sha256', 'shared').update(text).digest('base64url')}`;
  };
  const missing = await get(port(80), '/');
  assert.deepEqual([missing.status, missing.headers['www-authenticate']], [401, 'Bearer']);
  const wrong = await get(port(80), '/', { headers: [token({ iss: 'you' })] });
  assert.deepEqual([wrong.status, wrong.headers['www-authenticate']], [401, 'Bearer error="invalid_token"']);
  assert.equal((await get(port(80), '/', { headers: [token({ iss: 'me' })] })).status, 200);
  assert.deepEqual(
    [proxy.stats.getRejectReasons().get('auth-missing'), proxy.stats.getRejectReasons().get('auth-failed')],
    [1, 1],
  );
});

test('a socket handler is behind the same checks as a target', async (t) => {
  const { port } = await startProxy(t, [
    {
      match: { ports: 80, domains: 'a.test' },
      action: {
        type: 'socket-handler',
        socketHandler: SocketHandlers.httpServer((_, response) => response.send('in')),
      },
      security: { basicAuth: { enabled: true, users: [{ username: 'ann', password: 'x' }] } },
    },
  ]);
  assert.equal((await get(port(80), '/')).status, 401);
  const answer = await get(port(80), '/', { headers: [basic('ann', 'x')] });
  assert.deepEqual([answer.status, answer.body], [200, 'in']);
});

test('a slow check guards a socket handler too', async (t) => {
  const { port } = await startProxy(t, [
    {
      match: { ports: 80, domains: 'a.test' },
      action: {
        type: 'socket-handler',
        socketHandler: SocketHandlers.httpServer((_, response) => response.send('in')),
      },
      security: { basicAuth: { enabled: true, users: [{ username: 'ann', passwordHash: await hashPassword('x') }] } },
    },
  ]);
  assert.equal((await get(port(80), '/', { headers: [basic('ann', 'y')] })).status, 401);
  assert.equal((await get(port(80), '/', { headers: [basic('ann', 'x')] })).body, 'in');
});

test('checks go on over an update of the routes that leaves them as they are', async (t) => {
  const security = { rateLimit: { enabled: true, maxRequests: 1, window: 3_600 } };
  const { port, proxy } = await guarded(t, security);
  assert.equal((await get(port(80), '/')).status, 200);
  await proxy.updateRoutes(proxy.settings.routes.map((route) => ({ ...route, description: 'changed' })));
  assert.equal((await get(port(80), '/')).status, 429, 'the budget is not filled up by an update');
  await proxy.updateRoutes(proxy.settings.routes.map((route) => ({ ...route, security: undefined })));
  assert.equal((await get(port(80), '/')).status, 200);
});

test('a check that waited counts for the route it was made for, not for one that took its place meanwhile', async (t) => {
  const users = (username: string, passwordHash: string) => [{ username, passwordHash }];
  const hash = await hashPassword('x');
  const { port, proxy, backend } = await guarded(t, { basicAuth: { enabled: true, users: users('ann', hash) } });
  const answer = get(port(80), '/', { headers: [basic('ann', 'x')] });
  while (proxy.stats.getActiveConnections() === 0) await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  const security = { basicAuth: { enabled: true, users: users('bob', hash) } };
  await proxy.updateRoutes(proxy.settings.routes.map((route) => ({ ...route, security })));
  assert.equal((await answer).status, 401);
  assert.equal(backend.requests.length, 0);
});
