import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as helpers from '#proxy/helpers/index';
import type { IRouteConfig, IRouteContext } from '#proxy/interfaces/index';
import { findProblems, RouteTable } from '#proxy/route/index';

const target = { host: 'localhost', port: 3000 };
const context = (facts: Partial<IRouteContext>) => facts as IRouteContext;

test('the routes of the confirmed helpers', () => {
  assert.deepEqual(helpers.createHttpRoute(['a.test', 'b.test'], target), {
    name: 'HTTP: a.test, b.test',
    match: { ports: 80, domains: ['a.test', 'b.test'] },
    action: { type: 'forward', targets: [target] },
  });
  assert.deepEqual(helpers.createHttpsTerminateRoute('a.test', target), {
    name: 'HTTPS (terminate): a.test',
    match: { ports: 443, domains: 'a.test' },
    action: { type: 'forward', targets: [target], tls: { mode: 'terminate', certificate: 'auto' } },
  });
  const reencrypted = helpers.createHttpsTerminateRoute('a.test', target, { reencrypt: true, name: 'x', priority: 3 });
  assert.equal(reencrypted.action.tls?.mode, 'terminate-and-reencrypt');
  assert.deepEqual([reencrypted.name, reencrypted.priority], ['x', 3]);
  assert.deepEqual(helpers.createHttpsPassthroughRoute('a.test', target).action.tls, { mode: 'passthrough' });
});

test('a complete HTTPS server is a route and the redirect to it', () => {
  const routes = helpers.createCompleteHttpsServer('a.test', target, { httpPort: 8080, httpsPort: 8443 });
  assert.deepEqual(
    routes.map((route) => [route.match.ports, route.action.redirect]),
    [
      [8443, undefined],
      [8080, { to: 'https://{domain}:8443{path}', status: 301 }],
    ],
  );
});

test('the redirect to https is data, under what the caller lays over it', () => {
  const redirect = { to: 'https://{domain}{path}', status: 301 };
  assert.deepEqual(helpers.createHttpToHttpsRedirect('a.test'), {
    name: 'HTTP to HTTPS Redirect for a.test',
    match: { ports: 80, domains: 'a.test' },
    action: { type: 'forward', redirect },
  });
  const socketHandler = () => undefined;
  const overlaid = (action: IRouteConfig['action']) =>
    helpers.createHttpToHttpsRedirect('a.test', 443, { action }).action;
  // Before it was data its type was "socket-handler", which callers had to repeat.
  assert.deepEqual(overlaid({ type: 'socket-handler', tls: { mode: 'terminate' } }), {
    type: 'forward',
    redirect,
    tls: { mode: 'terminate' },
  });
  assert.deepEqual(overlaid({ type: 'forward', redirect: { to: '/x' } }).redirect, { to: '/x' });
  assert.deepEqual(overlaid({ type: 'socket-handler', socketHandler }), { type: 'socket-handler', socketHandler });
  assert.equal(helpers.hasRequiredPropertiesForAction(helpers.createHttpToHttpsRedirect('a.test'), 'forward'), true);
});

test('merging: targets, handler and redirect take the place of one another', () => {
  const redirecting = helpers.createHttpToHttpsRedirect('a.test');
  const forwarding = helpers.createHttpRoute('a.test', target);
  const merged = helpers.mergeRouteConfigs(redirecting, { action: forwarding.action });
  assert.deepEqual(merged.action, forwarding.action);
  assert.deepEqual(helpers.mergeRouteConfigs(forwarding, { action: redirecting.action }).action, redirecting.action);
});

test('every helper makes a route that can be compiled', () => {
  const routes: IRouteConfig[] = [
    helpers.createHttpRoute('a.test', target),
    ...helpers.createCompleteHttpsServer('a.test', target),
    helpers.createHttpsPassthroughRoute('p.test', target),
    helpers.createLoadBalancerRoute('l.test', ['10.0.0.1', '10.0.0.2'], 80, {
      tls: { mode: 'terminate', certificate: 'auto' },
      algorithm: 'ip-hash',
    }),
    helpers.createApiRoute('api.test', '/v1', target, { useTls: true, addCorsHeaders: true }),
    helpers.createApiGatewayRoute('api.test', 'v2', target),
    helpers.createWebSocketRoute('ws.test', '/socket', target, { useTls: true }),
    helpers.createPortMappingRoute({
      sourcePortRange: [{ from: 9000, to: 9002 }],
      targetHost: 'x',
      portMapper: (c) => c.port,
    }),
    helpers.createOffsetPortMappingRoute({ ports: 9100, targetHost: 'x', offset: -100, priority: 2 }),
    helpers.createDynamicRoute({
      ports: 9200,
      targetHost: () => 'x',
      portMapper: () => 1,
      path: '/d',
      clientIp: ['::1'],
    }),
    helpers.createSmartLoadBalancer({ ports: 9300, domainTargets: { 'a.test': ['1.1.1.1'] }, portMapper: () => 1 }),
    helpers.createSocketHandlerRoute('h.test', 9400, () => undefined, { path: '/x' }),
    helpers.addRateLimiting(helpers.createHttpRoute('r.test', target), { maxRequests: 1, window: 1 }),
    helpers.addBasicAuth(helpers.createHttpRoute('b.test', target), { users: [{ username: 'a', password: 'b' }] }),
    helpers.addJwtAuth(helpers.createHttpRoute('j.test', target), { secret: 's', expiresIn: '1h' }),
  ];
  assert.deepEqual(findProblems(routes), []);
  assert.equal(RouteTable.compile(routes).portProfile(80).http, true);
  assert.equal(routes[5]!.match.path, '/v1/*');
  assert.equal(routes[6]!.match.path, '/v2/*');
});

test('mapped ports', () => {
  const route = helpers.createOffsetPortMappingRoute({ ports: 9100, targetHost: 'x', offset: -100 });
  const port = route.action.targets![0]!.port as (c: IRouteContext) => number;
  assert.equal(port(context({ port: 9100 })), 9000);
  const smart = helpers.createSmartLoadBalancer({
    ports: 1,
    domainTargets: { '*.test': 'any', 'A.test': 'one', '*.sub.a.test': ['three'] },
    portMapper: () => 1,
    defaultTarget: 'two',
  });
  const host = smart.action.targets![0]!.host as (c: IRouteContext) => string | string[];
  assert.deepEqual([host(context({ domain: 'a.test' })), host(context({}))], ['one', 'two']);
  const others = ['a.test.', 'b.test', 'x.sub.a.test', 'sub.a.test'];
  assert.deepEqual(
    others.map((domain) => host(context({ domain }))),
    ['one', 'any', ['three'], 'any'],
  );
});

test('additions leave the given route as it is', () => {
  const base = helpers.createHttpRoute('a.test', target, { security: { maxConnections: 5 } });
  const added = helpers.addRateLimiting(base, { maxRequests: 1, window: 1 });
  assert.deepEqual(base.security, { maxConnections: 5 });
  assert.deepEqual(added.security, {
    maxConnections: 5,
    rateLimit: { enabled: true, keyBy: 'ip', maxRequests: 1, window: 1 },
  });
});

test('merging keeps functions, replaces lists, and shares nothing', () => {
  const host = () => 'x';
  const base: IRouteConfig = {
    name: 'base',
    match: { ports: 80, domains: ['a.test'] },
    action: { type: 'forward', targets: [{ host, port: 1 }] },
  };
  const merged = helpers.mergeRouteConfigs(base, { priority: 5, match: { ports: 81 }, enabled: undefined });
  assert.deepEqual(merged, { ...base, priority: 5, match: { ports: 81, domains: ['a.test'] } });
  assert.equal(merged.action.targets![0]!.host, host);
  (merged.match.domains as string[]).push('b.test');
  assert.deepEqual(base.match.domains, ['a.test']);
  const older = helpers.mergeRouteConfigs(base, { action: { type: 'forward', target } });
  assert.equal(older.action.targets, undefined);
  assert.deepEqual(helpers.cloneRoute(base), base);
});

test('questions about routes', () => {
  const routes = [
    helpers.createHttpRoute('*.a.test', target, { name: 'wild' }),
    helpers.createHttpRoute('x.a.test', target, { name: 'exact', match: { ports: 80, headers: { 'X-A': /^1/ } } }),
    helpers.createHttpRoute('x.a.test', target, { name: 'off', enabled: false }),
    helpers.createApiRoute('x.a.test', '/api', target, { name: 'api' }),
  ];
  const names = (criteria: object) => helpers.findMatchingRoutes(routes, criteria).map((route) => route.name);
  assert.deepEqual(names({ domain: 'x.a.test', port: 80 }), ['api', 'exact', 'wild']);
  assert.deepEqual(names({ domain: 'x.a.test', path: '/', headers: { 'x-a': '12' } }), ['exact', 'wild']);
  assert.deepEqual(names({ domain: 'x.a.test', path: '/', headers: {} }), ['wild']);
  assert.equal(helpers.findBestMatchingRoute(routes, { port: 81 }), undefined);
  assert.ok(helpers.routeMatchesPort(routes[0]!, 80) && !helpers.routeMatchesPort(routes[0]!, 81));
  assert.match(helpers.generateRouteId(routes[0]!), /^wild-[0-9a-f]{12}$/);
  assert.equal(helpers.generateRouteId(routes[0]!), helpers.generateRouteId(helpers.cloneRoute(routes[0]!)));
});

test('validators answer with results', () => {
  for (const port of [1, 65_535, [1, 2], { from: 1, to: 2 }, [{ from: 1, to: 2 }, 7], () => 1])
    assert.ok(helpers.isValidPort(port));
  for (const port of [0, 65_536, 1.5, '80', [], [0], { from: 2, to: 1 }, { from: 1 }, null, [() => 1]])
    assert.ok(!helpers.isValidPort(port));
  assert.ok(helpers.isValidDomain('*.a.test') && !helpers.isValidDomain('a..test') && !helpers.isValidDomain(''));
  assert.deepEqual(helpers.validateRouteMatch({ ports: 80 }), { valid: true, errors: [] });
  assert.equal(helpers.validateRouteMatch({ ports: 0 }).valid, false);
  const action = helpers.validateRouteAction({ type: 'forward', targets: [] });
  assert.deepEqual(action, {
    valid: false,
    errors: ['action.targets: is missing; type "forward" needs [{ host, port }]'],
  });
  assert.deepEqual(
    helpers
      .validateRoutes([helpers.createHttpRoute('a', target), { match: {} } as never])
      .errors.map((e) => e.routeIndex),
    [1],
  );
  assert.ok(helpers.hasRequiredPropertiesForAction(helpers.createHttpRoute('a', target), 'forward'));
  assert.ok(!helpers.hasRequiredPropertiesForAction(helpers.createHttpRoute('a', target), 'socket-handler'));
  assert.throws(() => helpers.assertValidRoute({ match: { ports: 80 } } as never), /action: is missing/);
});
