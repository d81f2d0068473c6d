// Decisions of a policy: every verdict on requests, on plain and TLS connections and on tunnels, with the laws kept.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { selfSignedCertificate } from '@dcrouter/acme';
import {
  hashPassword,
  PolicyHeaders,
  policyVerdict,
  ProxyError,
  SmartProxy,
  type IPolicyRequest,
} from '@dcrouter/smartproxy';
import { setBounds } from '../helpers/bounds.ts';
import { RawClient, forwardTo, startHttp, startProxy, startTcp } from '../helpers/proxy.ts';

const get = (path: string, more = ''): string => `GET ${path} HTTP/1.1\r\nHost: a.test\r\n${more}\r\n`;

/** A backend that answers with its name and the head that reached it. */
async function named(t: Parameters<typeof startHttp>[0], name: string): Promise<number> {
  const { port } = await startHttp(t, (req, res) => {
    res.writeHead(200, { 'X-From': name, 'X-Powered-By': 'toys' });
    req.resume().on('end', () => res.end(`${name} got ${JSON.stringify(req.headers)}`));
  });
  return port;
}

const reasons = (proxy: SmartProxy): Record<string, number> => Object.fromEntries(proxy.stats.getRejectReasons());

test('a request is let through, denied, answered or sent elsewhere, each counted for what it was', async (t) => {
  const [first, second, third] = [await named(t, 'first'), await named(t, 'second'), await named(t, 'third')];
  const verdicts = {
    '/deny': policyVerdict({ action: 'deny', status: 418, body: 'no tea', headers: { 'X-Why': 'rules' } }),
    '/limit': policyVerdict({
      action: 'deny',
      reason: 'rule-rate-limited',
      status: 429,
      headers: { 'Retry-After': '7' },
    }),
    '/old': policyVerdict({ action: 'answer', status: 301, headers: { Location: '/new' } }),
    '/target': policyVerdict({ action: 'target', host: '127.0.0.1', port: second }),
    '/route': policyVerdict({ action: 'route', routeName: 'other' }),
    '/gone-route': policyVerdict({ action: 'route', routeName: 'not there' }),
  };
  const request = ({ path }: IPolicyRequest) => verdicts[path as keyof typeof verdicts] ?? null;
  const routes = [forwardTo(first), forwardTo(third, { name: 'other' }, { domains: 'other.test' })];
  const { proxy, ledger, port } = await startProxy(t, routes, { policy: { request } });
  const client = await RawClient.open(port(8080));
  const expectations: Array<[string, RegExp]> = [
    ['/', /200 OK.*first got/s],
    ['/deny', /418 I'm a Teapot.*X-Why: rules.*no tea/s],
    ['/limit', /429 Too Many.*Retry-After: 7/s],
    ['/old', /301 Moved.*Location: \/new/s],
    ['/target', /200 OK.*second got/s],
    ['/route', /200 OK.*third got/s],
    ['/gone-route', /200 OK.*first got/s],
  ];
  for (const [path, expected] of expectations) {
    client.received = Buffer.alloc(0);
    client.send(get(path));
    await client.until(({ text }) => expected.test(text));
  }
  client.socket.destroy();
  await ledger.settled();
  assert.deepEqual(reasons(proxy), { 'rule-denied': 1, 'rule-rate-limited': 1 });
  assert.equal(ledger.closes.length, 1, 'all of it on one connection');
  assert.deepEqual(
    ledger.requests.map(({ path, statusCode, routeName }) => `${path} ${statusCode} ${routeName}`),
    [
      '/ 200 web',
      '/deny 418 web',
      '/limit 429 web',
      '/old 301 web',
      '/target 200 web',
      '/route 200 other',
      '/gone-route 200 web',
    ],
  );
});

test('a first request that is denied ends its connection as refused, and one without a route can be answered', async (t) => {
  const request = ({ path, routeName }: IPolicyRequest) =>
    routeName === ''
      ? policyVerdict({ action: 'answer', status: 302, headers: { Location: 'https://a.test/' } })
      : path === '/deny'
        ? policyVerdict({ action: 'deny' })
        : null;
  const { proxy, ledger, port } = await startProxy(t, [forwardTo(await named(t, 'first'))], { policy: { request } });
  const denied = await RawClient.open(port(8080));
  denied.send(get('/deny'));
  assert.match(await denied.whole(), /^HTTP\/1\.1 403 Forbidden/);
  const elsewhere = await RawClient.open(port(8080));
  elsewhere.send('GET / HTTP/1.1\r\nHost: nobody.test\r\n\r\n');
  assert.match(await elsewhere.whole(), /^HTTP\/1\.1 302 Found\r\n.*Location: https:\/\/a\.test\//s);
  await ledger.settled();
  assert.deepEqual(reasons(proxy), { 'no-route': 1, 'rule-denied': 1 });
  assert.deepEqual(ledger.opens, []);
});

test('headers are set, added and taken away on both ways, and never said twice', async (t) => {
  const requestHeaders = new PolicyHeaders([
    { kind: 'remove', name: 'X-Secret' },
    { kind: 'set', name: 'X-Team', value: 'first' },
    { kind: 'set', name: 'x-team', value: 'blue' },
    { kind: 'add', name: 'X-Tag', value: 'two' },
  ]);
  const responseHeaders = new PolicyHeaders([
    { kind: 'remove', name: 'X-Powered-By' },
    { kind: 'set', name: 'X-Route', value: 'policy' },
  ]);
  const verdict = policyVerdict({ action: 'continue', requestHeaders, responseHeaders });
  const backend = await named(t, 'first');
  const edited = forwardTo(
    backend,
    { name: 'edited', headers: { response: { 'X-Route': 'route' } } },
    { path: '/edited' },
  );
  const { port } = await startProxy(t, [edited, forwardTo(backend)], { policy: { request: () => verdict } });
  for (const path of ['/', '/edited']) {
    const client = await RawClient.open(port(8080));
    client.send(get(path, 'X-Secret: 1\r\nX-Tag: one\r\nX-Team: red\r\nConnection: close\r\n'));
    const text = await client.whole();
    assert.match(text, /"x-tag":"one, two"/);
    assert.match(text, /"x-team":"blue"/);
    assert.doesNotMatch(text, /x-secret/);
    assert.doesNotMatch(text, /toys/);
    assert.equal(text.match(/X-Route: /g)?.length, 1, path);
    assert.match(text, /X-Route: policy\r\n/);
  }
});

test('headers that frame or route messages, and values with line breaks, are refused', () => {
  for (const name of ['Host', 'content-length', 'Transfer-Encoding', 'Connection', 'X-Forwarded-For', 'a b', '']) {
    assert.throws(
      () => new PolicyHeaders([{ kind: 'set', name, value: 'x' }]),
      (error: ProxyError) => error.code === 'PROXY_BAD_HEADER',
    );
  }
  assert.throws(() => new PolicyHeaders([{ kind: 'set', name: 'X-A', value: 'a\r\nX-B: b' }]), ProxyError);
});

test('a request with a check that waits is judged once', async (t) => {
  let judged = 0;
  const route = forwardTo(await named(t, 'first'), {
    security: { basicAuth: { enabled: true, users: [{ username: 'a', passwordHash: await hashPassword('b') }] } },
  });
  const request = () => {
    judged += 1;
    return null;
  };
  const { port } = await startProxy(t, [route], { policy: { request } });
  const client = await RawClient.open(port(8080));
  client.send(get('/', 'Authorization: Basic YTpi\r\nConnection: close\r\n'));
  assert.match(await client.whole(), /^HTTP\/1\.1 200/);
  assert.equal(judged, 1);
});

test('a tarpit holds requests and connections, gives way at its bound, and lets go when the client does', async (t) => {
  setBounds(t, { policyHolds: 1, wheelTickMs: 1 });
  const slow = policyVerdict({ action: 'deny', reason: 'rule-tarpit', status: 403, delayMs: 60_000 });
  const short = policyVerdict({ action: 'deny', reason: 'rule-tarpit', status: 403, delayMs: 1 });
  const { promise: heldOne, resolve: holdsOne } = Promise.withResolvers<void>();
  const request = ({ path }: IPolicyRequest) => {
    holdsOne();
    return path === '/slow' ? slow : short;
  };
  const { proxy, ledger, port } = await startProxy(t, [forwardTo(await named(t, 'first'))], { policy: { request } });
  const held = await RawClient.open(port(8080));
  held.send(get('/slow'));
  await heldOne;
  const full = await RawClient.open(port(8080));
  full.send(get('/slow'));
  assert.match(await full.whole(), /^HTTP\/1\.1 403/);
  held.socket.destroy();
  await ledger.settled();
  const released = await RawClient.open(port(8080));
  released.send(get('/short'));
  assert.match(await released.whole(), /^HTTP\/1\.1 403/);
  await ledger.settled();
  assert.deepEqual(reasons(proxy), { 'rule-tarpit': 1, 'rule-tarpit-full': 1 });
});

test('plain connections are denied, held and sent elsewhere', async (t) => {
  const echo = async (name: string): Promise<number> => (await startTcp(t, (socket) => socket.end(name))).port;
  const [first, second] = [await echo('first'), await echo('second')];
  let verdict = policyVerdict({ action: 'deny' });
  const route = { ...forwardTo(first, {}, { domains: undefined }), name: 'raw' };
  const other = { ...forwardTo(second, {}, { domains: undefined, ports: 8081 }), name: 'other' };
  const raw = { ...route, match: { ports: 8080, protocol: 'tcp' as const } };
  const { proxy, ledger, port } = await startProxy(t, [raw, { ...other, match: { ports: 8081, protocol: 'tcp' } }], {
    policy: { connection: () => verdict },
  });
  const ask = async (): Promise<string> => (await RawClient.open(port(8080))).whole();
  assert.equal(await ask(), '');
  verdict = policyVerdict({ action: 'deny', reason: 'rule-tarpit', delayMs: 1 });
  assert.equal(await ask(), '');
  verdict = policyVerdict({ action: 'target', host: '127.0.0.1', port: second });
  assert.equal(await ask(), 'second');
  verdict = policyVerdict({ action: 'route', routeName: 'other' });
  assert.equal(await ask(), 'second');
  verdict = policyVerdict({ action: 'continue' });
  assert.equal(await ask(), 'first');
  proxy.setPolicy(null);
  assert.equal(await ask(), 'first');
  await ledger.settled();
  assert.deepEqual(reasons(proxy), { 'rule-denied': 1, 'rule-tarpit': 1 });
  assert.deepEqual(
    ledger.opens.map(({ routeName }) => routeName),
    ['raw', 'other', 'raw', 'raw'],
  );
});

test('a TLS connection is judged by its SNI and denied with an alert', async (t) => {
  const { key, cert } = selfSignedCertificate(['a.test', 'b.test']);
  const route = forwardTo(await named(t, 'first'), {}, { domains: ['a.test', 'b.test'] });
  route.action.tls = { mode: 'terminate', certificate: { key, cert } };
  const seen: string[] = [];
  const states: unknown[] = [];
  const { proxy, ledger, port } = await startProxy(t, [route], {
    policy: {
      connection: (connection, protocol) => {
        seen.push(`${protocol} ${connection.domain} ${connection.tlsVersion}`);
        connection.policyState = 'kept';
        return connection.domain === 'b.test' ? policyVerdict({ action: 'deny' }) : null;
      },
      request: (asked) => {
        states.push(asked.connection.policyState, asked.headers()['host']);
        return null;
      },
    },
  });
  const options = { port: port(8080), host: '127.0.0.1', rejectUnauthorized: false };
  const denied = connectTls({ ...options, servername: 'b.test' });
  const [error] = (await once(denied, 'error')) as [NodeJS.ErrnoException];
  assert.match(`${error.code} ${error.message}`, /alert access denied|ACCESS_DENIED/i);
  const allowed = connectTls({ ...options, servername: 'a.test' });
  allowed.write(get('/', 'Connection: close\r\n'));
  let text = '';
  for await (const chunk of allowed) text += String(chunk);
  assert.match(text, /first got/);
  await ledger.settled();
  assert.deepEqual(seen, ['tls b.test TLSv1.3', 'tls a.test TLSv1.3']);
  assert.deepEqual(states, ['kept', 'a.test']);
  assert.deepEqual(reasons(proxy), { 'rule-denied': 1 });
});

test('a policy and workers do not go together', () => {
  assert.throws(
    () => new SmartProxy({ routes: [], workers: 2, policy: { request: () => null } }),
    (error: ProxyError) => error.code === 'PROXY_BAD_OPTION' && error.message.includes('workers'),
  );
});
