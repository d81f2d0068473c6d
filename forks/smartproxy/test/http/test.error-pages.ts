// The pages of a route stand in every error that the proxy answers on it, refusals included.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { policyVerdict, type IRouteConfig } from '@dcrouter/smartproxy';
import { RawClient, forwardTo, startHttp, startProxy } from '../helpers/proxy.ts';

const STATUSES = ['401', '403', '404', '413', '429', '502', '503'];
const errorPages = Object.fromEntries(
  STATUSES.map((status) => [status, { contentType: 'text/html', body: `page ${status}` }]),
);

test('refusals of addresses, passwords, rates, connections, sizes, upgrades and policies get the page of the route', async (t) => {
  const backend = await startHttp(t, (_request, response) => response.end('served'));
  const paged = (path: string, more: Partial<IRouteConfig>, action: Partial<IRouteConfig['action']> = {}) => {
    const route = forwardTo(backend.port, { name: path, ...more }, { path });
    const advanced = { errorPages, ...action.advanced };
    return { ...route, action: { ...route.action, ...action, advanced } };
  };
  const users = [{ username: 'a', password: 'b' }];
  const routes = [
    paged('/blocked', { security: { ipBlockList: ['127.0.0.1'] } }),
    paged('/auth', { security: { basicAuth: { enabled: true, users } } }),
    paged('/rate', { security: { rateLimit: { enabled: true, maxRequests: 1, window: 3_600 } } }),
    paged('/busy', { security: { maxConnections: 1 } }),
    paged('/large', {}, { advanced: { maxRequestBodyBytes: 1 } }),
    paged('/upgrade', {}, { websocket: { enabled: false } }),
    paged('/denied', {}),
    paged('/down', {}, { targets: [{ host: '127.0.0.1', port: 1 }] }),
    forwardTo(backend.port, { name: 'plain', security: { ipBlockList: ['127.0.0.1'] } }, { path: '/plain' }),
  ];
  const denied = policyVerdict({ action: 'deny' });
  const { port } = await startProxy(t, routes, {
    policy: { request: ({ path }) => (path === '/denied' ? denied : null) },
  });
  const ask = async (path: string, more = ''): Promise<string> => {
    const client = await RawClient.open(port(8080));
    client.send(`GET ${path} HTTP/1.1\r\nHost: a.test\r\n${more}\r\n`);
    await client.until(({ text }) => /\r\n\r\n.+/s.test(text));
    client.socket.destroy();
    return client.text;
  };
  const holder = await RawClient.open(port(8080));
  holder.send('GET /busy HTTP/1.1\r\nHost: a.test\r\n\r\n');
  await holder.has('served');
  assert.match(await ask('/rate'), /served$/);
  const upgrade = 'Connection: upgrade\r\nUpgrade: websocket\r\n';
  const expected: Array<[string, number, string]> = [
    ['/blocked', 403, ''],
    ['/auth', 401, ''],
    ['/rate', 429, ''],
    ['/busy', 503, ''],
    ['/large', 413, 'Content-Length: 2\r\n'],
    ['/upgrade', 403, upgrade],
    ['/denied', 403, ''],
    ['/down', 502, ''],
  ];
  for (const [path, status, more] of expected) {
    const answer = await ask(path, more);
    const page = new RegExp(`^HTTP/1\\.1 ${status} .*Content-Type: text/html\r\n.*\r\n\r\npage ${status}$`, 's');
    assert.match(answer, page, path);
  }
  assert.match(await ask('/plain'), /^HTTP\/1\.1 403 .*text\/plain.*Forbidden\n$/s);
  assert.match(await ask('/auth'), /WWW-Authenticate: Basic/);
  holder.socket.destroy();
});
