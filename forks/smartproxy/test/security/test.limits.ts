import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConnectionCounter, RateLimiter, RouteSecurity, type IConnectionPlace } from '#proxy/security/index';

test('a fresh key may burst, then waits for tokens, and never gets more than the rate', () => {
  const limiter = new RateLimiter(10, 1, 0);
  for (let i = 0; i < 10; i += 1) assert.equal(limiter.take('a', 0), 0);
  assert.equal(limiter.take('a', 0), 100);
  assert.equal(limiter.take('a', 50), 50);
  assert.equal(limiter.take('a', 100), 0);
  assert.equal(limiter.take('b', 100), 0, 'another key has its own bucket');
  let granted = 0;
  for (let nowMs = 100; nowMs < 20_100; nowMs += 7) if (limiter.take('a', nowMs) === 0) granted += 1;
  assert.ok(granted >= 199 && granted <= 201, `${granted} of 200 in 20 s`);
});

test('a key keeps what it used across the change of generations', () => {
  const limiter = new RateLimiter(2, 10, 0);
  limiter.take('a', 9_999);
  limiter.take('a', 9_999);
  assert.notEqual(limiter.take('a', 10_001), 0);
  assert.equal(limiter.size, 1);
});

test('a clock that stands still or runs back gives nothing away', () => {
  const limiter = new RateLimiter(1, 1, 1_000);
  assert.equal(limiter.take('a', 1_000), 0);
  assert.notEqual(limiter.take('a', 500), 0);
  assert.notEqual(limiter.take('a', 1_000), 0);
});

test('keys are forgotten when idle, bounded when busy, and share a budget past the bound', () => {
  const limiter = new RateLimiter(5, 1, 0, 100);
  for (let i = 0; i < 1_000; i += 1) limiter.take(`key-${i}`, 1);
  assert.equal(limiter.size, 100);
  assert.equal(limiter.overflows, 900);
  assert.notEqual(limiter.take('key-5000', 1), 0, 'the shared budget is used up');
  limiter.take('late', 5_000);
  assert.equal(limiter.size, 1);
  assert.equal(limiter.take('x'.repeat(100_000), 5_000), 0);
});

test('connections per key: a limit, and nothing left behind', () => {
  const counter = new ConnectionCounter(2, 3);
  const first = counter.acquire('a')!;
  const second = counter.acquire('a')!;
  assert.equal(counter.acquire('a'), null);
  counter.release(first);
  assert.ok(counter.acquire('a'));
  for (const key of ['b', 'c', 'd', 'e']) counter.acquire(key);
  assert.equal(counter.acquire('f'), null, 'past the bound keys share one count');
  assert.ok(counter.size <= 4);
  counter.release(second);
  counter.release('unknown');
});

const request = (path = '/', header: (name: string) => string | undefined = () => undefined) => ({
  clientIp: '10.0.0.1',
  domain: 'a.test',
  path,
  header,
});

test('a route admits as many connections as it may, in all and per address, and counts each once', () => {
  const security = RouteSecurity.compile({ maxConnections: 3, maxConnectionsPerIP: 2 }, undefined, 0)!;
  const places: IConnectionPlace[] = [];
  const admit = (ip: string) => {
    const result = security.admit(ip, undefined, true);
    if ('reason' in result) return result.reason;
    places.push(result);
    return 'in';
  };
  assert.deepEqual(['1.1.1.1', '1.1.1.1', '1.1.1.1', '2.2.2.2', '3.3.3.3'].map(admit), [
    'in',
    'in',
    'route-connections-per-ip',
    'in',
    'route-connections',
  ]);
  assert.equal(security.connections, 3);
  for (const place of places) security.leave(place);
  assert.equal(security.connections, 0);
  assert.equal(admit('1.1.1.1'), 'in');
});

test('zero means no limit, and nothing to check means no object', () => {
  assert.equal(RouteSecurity.compile({ maxConnections: 0, maxConnectionsPerIP: 0 }, undefined, 0), null);
  assert.equal(RouteSecurity.compile(undefined, undefined, 0), null);
  assert.equal(RouteSecurity.compile({ rateLimit: { enabled: false, maxRequests: 1, window: 1 } }, {}, 0), null);
});

test('members of the route replace those of the defaults', () => {
  const defaults = { ipBlockList: ['10.0.0.1'], maxConnections: 1 };
  assert.ok('reason' in RouteSecurity.compile({}, defaults, 0)!.admit('10.0.0.1', undefined, true));
  assert.ok('ipToken' in RouteSecurity.compile({ ipBlockList: [] }, defaults, 0)!.admit('10.0.0.1', undefined, true));
});

test('where nothing looks at the domain later, an entry for a domain lets nobody in without one', () => {
  const security = RouteSecurity.compile({ ipAllowList: [{ ip: '*', domains: ['a.test'] }] }, undefined, 0)!;
  assert.ok(security.checksRequests);
  assert.ok('reason' in security.admit('10.0.0.1', undefined, true));
  assert.ok('ipToken' in security.admit('10.0.0.1', 'a.test', true));
  assert.ok('ipToken' in security.admit('10.0.0.1', undefined, false));
  assert.equal(security.checkRate(request(), 0), null);
  assert.equal(security.checkRate({ ...request(), domain: 'b.test' }, 0)?.status, 403);
});

test('rates by address, path and header', () => {
  const rate = (more: object) =>
    RouteSecurity.compile({ rateLimit: { enabled: true, maxRequests: 1, window: 60, ...more } }, undefined, 0)!;
  const byIp = rate({ errorMessage: 'slow down' });
  assert.equal(byIp.checkRate(request(), 0), null);
  const denial = byIp.checkRate(request('/other'), 0)!;
  assert.deepEqual(denial, {
    reason: 'rate-limited',
    status: 429,
    headers: { 'Retry-After': '60' },
    body: 'slow down',
  });
  assert.equal(byIp.checkRate({ ...request(), clientIp: '10.0.0.2' }, 0), null);
  const byPath = rate({ keyBy: 'path' });
  assert.equal(byPath.checkRate(request('/a?1'), 0), null);
  assert.equal(byPath.checkRate(request('/a?2'), 0)?.status, 429);
  assert.equal(byPath.checkRate(request('/b'), 0), null);
  const byHeader = rate({ keyBy: 'header', headerName: 'X-Key' });
  const key = (value: string | undefined) => request('/', (name) => (name === 'x-key' ? value : undefined));
  assert.equal(byHeader.checkRate(key('1'), 0), null);
  assert.equal(byHeader.checkRate(key('1'), 0)?.status, 429);
  assert.equal(byHeader.checkRate(key(undefined), 0), null);
  assert.equal(byHeader.checkRate(key(undefined), 0)?.status, 429, 'requests without the header share one budget');
});
