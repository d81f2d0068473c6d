import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IRouteConfig, IRouteMatch } from '#proxy/interfaces/index';
import { RouteTable, routingPath } from '#proxy/route/index';

const target = { host: '127.0.0.1', port: 1 };

function http(name: string, match: Omit<IRouteMatch, 'ports'>, more: Partial<IRouteConfig> = {}): IRouteConfig {
  return { name, match: { ports: 80, ...match }, action: { type: 'forward', targets: [target] }, ...more };
}

function tls(
  name: string,
  mode: 'passthrough' | 'terminate',
  match: Omit<IRouteMatch, 'ports'>,
  more: Partial<IRouteConfig> = {},
): IRouteConfig {
  return {
    name,
    match: { ports: 443, ...match },
    action: { type: 'forward', targets: [target], tls: { mode } },
    ...more,
  };
}

interface IAsk {
  host?: string;
  path?: string;
  method?: string;
  headers?: Record<string, string>;
  ip?: string;
}

function ask(table: RouteTable, { host, path = '/', method = 'GET', headers = {}, ip = '127.0.0.1' }: IAsk): string {
  return table.matchRequest(80, ip, false, host, path, method, (name) => headers[name])?.name ?? 'none';
}

function askTls(table: RouteTable, sni: string | undefined, ip = '127.0.0.1', version = 'TLSv1.3'): string {
  return table.matchConnection(443, ip, true, sni, version)?.name ?? 'none';
}

test('an exact name beats a suffix, a longer suffix a shorter, a suffix a prefix, a mixed pattern any', () => {
  const table = RouteTable.compile([
    http('any', { domains: '*' }),
    http('mixed', { domains: '*shop*' }),
    http('prefix', { domains: 'app.*' }),
    http('suffix', { domains: '*.example.com' }),
    http('deep', { domains: '*.eu.example.com' }),
    http('exact', { domains: 'app.example.com' }),
  ]);
  assert.equal(ask(table, { host: 'app.example.com' }), 'exact');
  assert.equal(ask(table, { host: 'APP.Example.COM:8080' }), 'exact');
  assert.equal(ask(table, { host: 'app.example.com.' }), 'exact');
  assert.equal(ask(table, { host: 'x.eu.example.com' }), 'deep');
  assert.equal(ask(table, { host: 'eu.example.com' }), 'suffix');
  assert.equal(ask(table, { host: 'a.b.example.com' }), 'suffix');
  assert.equal(ask(table, { host: 'app.other.net' }), 'prefix');
  assert.equal(ask(table, { host: 'myshop.net' }), 'mixed');
  assert.equal(ask(table, { host: 'example.com' }), 'any', 'a suffix pattern does not cover its apex');
  assert.equal(ask(table, { host: '[::1]:80' }), 'any');
});

test('a route with domains never matches without a name, one without domains always', () => {
  const table = RouteTable.compile([http('any', { domains: '*', path: '/' }), http('open', { path: '/' })]);
  assert.equal(ask(table, {}), 'open');
  assert.equal(ask(table, { host: '' }), 'open');
  assert.equal(ask(table, { host: 'x' }), 'any');
});

test('priority comes before specificity, and the order of configuration decides last', () => {
  const table = RouteTable.compile([
    http('first', { domains: 'a.test' }),
    http('second', { domains: 'a.test' }),
    http('wild', { domains: '*.test' }),
    http('urgent', { domains: '*.test', path: '/now' }, { priority: 10 }),
    http('last', { domains: 'a.test', path: '/now' }, { priority: -1 }),
  ]);
  assert.equal(ask(table, { host: 'a.test' }), 'first');
  assert.equal(ask(table, { host: 'a.test', path: '/now' }), 'urgent');
  assert.equal(ask(table, { host: 'b.test' }), 'wild');
});

test('a route of several domains is ranked under each of them apart', () => {
  const table = RouteTable.compile([
    http('both', { domains: ['exact.test', '*.test'] }),
    http('deeper', { domains: '*.sub.test' }),
  ]);
  assert.equal(ask(table, { host: 'x.sub.test' }), 'deeper');
  assert.equal(ask(table, { host: 'exact.test' }), 'both');
});

test('paths: whole without wildcard, prefix with a trailing slash, a star or a name', () => {
  const table = RouteTable.compile([
    http('root', { domains: 'a.test' }),
    http('exact', { domains: 'a.test', path: '/users' }),
    http('named', { domains: 'a.test', path: '/users/:id' }),
    http('posts', { domains: 'a.test', path: '/users/:id/posts' }),
    http('folder', { domains: 'a.test', path: '/static/' }),
    http('star', { domains: 'a.test', path: '/api/*' }),
    http('inner', { domains: 'a.test', path: '/api/*/secret' }),
    http('suffix', { domains: 'a.test', path: '*.php' }),
  ]);
  const of = (path: string) => ask(table, { host: 'a.test', path });
  assert.equal(of('/users'), 'exact');
  assert.equal(of('/users?x=/users/1'), 'exact');
  assert.equal(of('/users/'), 'root');
  assert.equal(of('/users/7'), 'named');
  assert.equal(of('/users/7/posts'), 'posts');
  assert.equal(of('/users/7/posts/1'), 'posts');
  assert.equal(of('/users/7/other'), 'named');
  assert.equal(of('/static/x/y'), 'folder');
  assert.equal(of('/static'), 'root');
  assert.equal(of('/api/'), 'star');
  assert.equal(of('/api'), 'root');
  assert.equal(of('/x.php'), 'suffix');
});

test('patterns and paths are compared with their escapes in one form', () => {
  const table = RouteTable.compile([http('space', { path: '/a%20b' }), http('tilde', { path: '/%7Euser/*' })]);
  assert.equal(ask(table, { path: routingPath('/%61%20b')! }), 'space');
  assert.equal(ask(table, { path: routingPath('/~user/x')! }), 'tilde');
  assert.equal(ask(table, { path: routingPath('/%7euser/x')! }), 'tilde');
  assert.equal(routingPath('/plain/path'), '/plain/path');
  assert.equal(routingPath('/a%2fb%3f'), '/a%2Fb%3F');
  assert.equal(routingPath('//a%2F/%5Cb///'), '/a/b/');
  for (const path of ['/a%2f..', '/..%2fa', '/.%5ca', '/a/..;x', '/%2e', '/a/%2E./b'])
    assert.equal(routingPath(path), null, path);
  for (const path of ['/a..b/%41', '/...%41', '/a.;%41']) assert.notEqual(routingPath(path), null, path);
});

test('path parameters are what the names matched', () => {
  const table = RouteTable.compile([http('posts', { path: '/users/:id/posts/:post' })]);
  const route = table.routes[0]!;
  assert.deepEqual({ ...route.path!.params('/users/7/posts/x.y', 18) }, { id: '7', post: 'x.y' });
  assert.equal(route.path!.params('/users//posts/1', 15), null);
});

test('a pattern of many stars is matched in linear time', () => {
  const table = RouteTable.compile([http('stars', { path: `${'/*a'.repeat(30)}/end` })]);
  // A matcher that backtracks needs years for this, so that ending at all is the proof.
  assert.equal(ask(table, { path: '/a'.repeat(4_000) }), 'none');
});

test('methods and headers: text without regard to case, patterns, absence', () => {
  const table = RouteTable.compile([
    http('post', { method: 'POST' }),
    http('mobile', { headers: { 'User-Agent': /mobile/gi } }),
    http('blue', { headers: { 'X-Colour': 'Blue' } }),
    http('anonymous', { headers: { Authorization: '' } }),
    http('rest', { path: '*' }),
  ]);
  assert.equal(ask(table, { method: 'POST', headers: { authorization: 'x' } }), 'post');
  assert.equal(ask(table, { headers: { 'user-agent': 'A Mobile', 'authorization': 'x' } }), 'mobile');
  assert.equal(
    ask(table, { headers: { 'user-agent': 'A Mobile', 'authorization': 'x' } }),
    'mobile',
    'g keeps no state',
  );
  assert.equal(ask(table, { headers: { 'x-colour': 'BLUE', 'authorization': 'x' } }), 'blue');
  assert.equal(ask(table, {}), 'anonymous');
  assert.equal(ask(table, { headers: { authorization: 'x' } }), 'rest');
});

test('client addresses: exact, networks of both families, ranges, wildcards, mapped addresses', () => {
  const table = RouteTable.compile([
    http('ten', { clientIp: ['10.0.0.0/8', '2001:db8::/32', '192.168.1.10-192.168.1.20', '172.16.*', 'fe80::1'] }),
    http('rest', { path: '*' }),
  ]);
  const of = (ip: string) => ask(table, { ip });
  for (const ip of ['10.1.2.3', '::ffff:10.1.2.3', '2001:db8:ffff::1', '192.168.1.15', '172.16.9.9', 'fe80::1%eth0']) {
    assert.equal(of(ip), 'ten', ip);
  }
  for (const ip of ['11.0.0.1', '2001:db9::', '192.168.1.21', '172.17.0.1', 'fe80::2', 'nonsense', '']) {
    assert.equal(of(ip), 'rest', ip);
  }
});

test('TLS connections go by SNI; path, headers and methods are asked per request', () => {
  const table = RouteTable.compile([
    tls('through', 'passthrough', { domains: 'p.test' }),
    tls('api', 'terminate', { domains: 't.test', path: '/api/' }),
    tls('web', 'terminate', { domains: 't.test' }),
    tls('old', 'terminate', { domains: 'v.test', tlsVersion: ['TLSv1.2'] }),
  ]);
  assert.equal(askTls(table, 'p.test'), 'through');
  assert.equal(askTls(table, 'T.test'), 'api');
  assert.equal(askTls(table, undefined), 'none');
  assert.equal(askTls(table, 'v.test'), 'none');
  assert.equal(askTls(table, 'v.test', '127.0.0.1', 'TLSv1.2'), 'old');
  const request = (path: string, host = 't.test') =>
    table.matchRequest(443, '127.0.0.1', true, host, path, 'GET', () => undefined, 'TLSv1.3')?.name ?? 'none';
  assert.equal(request('/api/x'), 'api');
  assert.equal(request('/'), 'web');
  assert.equal(request('/', 'p.test'), 'none', 'a passthrough route has no requests');
  assert.equal(table.matchConnection(443, '127.0.0.1', false, undefined, undefined), null, 'plain bytes on a TLS port');
});

test('ports: single, list, ranges, shared by many routes', () => {
  const table = RouteTable.compile([
    { ...http('range', {}), match: { ports: [{ from: 1000, to: 1004 }, 8080] } },
    { ...http('one', {}), match: { ports: { from: 1002, to: 1002 }, path: '/x' } },
  ]);
  assert.deepEqual(table.ports, [1000, 1001, 1002, 1003, 1004, 8080]);
  const of = (port: number) =>
    table.matchRequest(port, '::1', false, 'a', '/x', 'GET', () => undefined)?.name ?? 'none';
  assert.equal(of(1002), 'one');
  assert.equal(of(1003), 'range');
  assert.equal(of(8080), 'range');
  assert.equal(of(1005), 'none');
});

test('what a port must sniff follows from its routes', () => {
  const profile = (...routes: IRouteConfig[]) =>
    RouteTable.compile(routes).portProfile(routes[0]!.match.ports as number);
  const raw: IRouteConfig = { match: { ports: 80 }, action: { type: 'forward', targets: [target] } };
  assert.deepEqual(profile(raw), { tls: false, http: false, raw: true });
  assert.deepEqual(profile(http('x', { domains: 'a.test' })), { tls: false, http: true, raw: false });
  assert.deepEqual(profile(http('x', { protocol: 'http' })), { tls: false, http: true, raw: false });
  assert.deepEqual(profile(raw, http('x', { domains: 'a.test' })), { tls: false, http: true, raw: true });
  assert.deepEqual(profile(tls('x', 'terminate', {})), { tls: true, http: false, raw: false });
  assert.deepEqual(profile(tls('x', 'passthrough', { domains: 'a.test' })), { tls: true, http: false, raw: false });
  assert.deepEqual(RouteTable.compile([]).portProfile(1), { tls: false, http: false, raw: false });
  const handler = (match: IRouteMatch): IRouteConfig => ({
    match,
    action: { type: 'socket-handler', socketHandler: () => undefined },
  });
  assert.deepEqual(profile(handler({ ports: 80 })), { tls: false, http: false, raw: true });
  assert.deepEqual(profile(handler({ ports: 80, domains: 'a.test' })), { tls: false, http: true, raw: false });
  assert.deepEqual(
    profile({ ...raw, security: { basicAuth: { enabled: true, users: [{ username: 'a', password: 'b' }] } } }),
    {
      tls: false,
      http: true,
      raw: false,
    },
  );
});

test('a tunnel beside HTTP routes takes what is not theirs', () => {
  const table = RouteTable.compile([
    http('web', { domains: 'a.test' }),
    { name: 'tunnel', match: { ports: 80 }, action: { type: 'forward', targets: [target] } },
  ]);
  assert.equal(table.matchConnection(80, '::1', false, undefined, undefined)?.name, 'tunnel');
  assert.equal(table.matchConnection(80, '::1', true, 'a.test', 'TLSv1.3')?.name, 'tunnel', 'TLS bytes are not HTTP');
  assert.equal(ask(table, { host: 'a.test' }), 'web');
  assert.equal(ask(table, { host: 'b.test' }), 'tunnel');
  assert.equal(table.get('tunnel')?.kind, 'mixed');
});

test('disabled routes are out, names are unique, the old target spelling works', () => {
  const table = RouteTable.compile([
    http('a', { domains: 'a.test' }),
    http('a', { domains: 'b.test' }),
    http('off', { domains: 'c.test' }, { enabled: false }),
    { match: { ports: 80, domains: 'd.test' }, action: { type: 'forward', target } },
    http('a#2', { domains: 'e.test' }),
  ]);
  assert.deepEqual(
    table.routes.map((route) => route.name),
    ['a', 'a#2', 'route-4', 'a#2#2'],
  );
  assert.equal(ask(table, { host: 'c.test' }), 'none');
  assert.deepEqual(table.get('route-4')?.targets, [target]);
  assert.equal(table.get('off'), undefined);
});
