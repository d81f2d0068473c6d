// Redirects that are data: local answers of the HTTP engine, counted like every exchange, and leading nowhere else.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createHttpToHttpsRedirect, type IRouteConfig, type ISmartProxyOptions } from '@dcrouter/smartproxy';
import { RawClient, startProxy } from '../helpers/proxy.ts';

type TRedirect = NonNullable<IRouteConfig['action']['redirect']>;

function redirectRoute(redirect: TRedirect, own: Partial<IRouteConfig> = {}): IRouteConfig {
  return { name: 'moved', match: { ports: 80 }, action: { type: 'forward', redirect }, ...own };
}

const SAME_PLACE: TRedirect = { to: 'https://{domain}{path}' };

interface IAnswer {
  readonly status: number;
  readonly location: string | undefined;
  readonly head: string;
  readonly body: string;
}

async function ask(port: number, request: string): Promise<IAnswer> {
  const client = await RawClient.open(port);
  client.send(request);
  const text = await client.whole();
  const [head = '', body = ''] = text.split('\r\n\r\n');
  return { status: Number(text.slice(9, 12)), location: /\r\nLocation: (.*)/.exec(head)?.[1], head, body };
}

const get = (target: string, host = 'a.test', more = ''): string =>
  `GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${more}\r\n`;

/** Of one route with this redirect, asked by each of the requests. */
async function locations(t: TestContext, to: string, ...requests: string[]): Promise<Array<string | number>> {
  const { port } = await startProxy(t, [redirectRoute({ to })]);
  const answers = await Promise.all(requests.map((request) => ask(port(80), request)));
  return answers.map(({ status, location }) => location ?? status);
}

test('a redirect is an exchange: counted, announced without an upstream, and the connection goes on', async (t) => {
  const { proxy, ledger, port } = await startProxy(t, [redirectRoute(SAME_PLACE)]);
  const client = await RawClient.open(port(80));
  client.send(
    'GET /1?q=1 HTTP/1.1\r\nHost: a.test\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a.test\r\nContent-Length: 4\r\n\r\nbody',
  );
  client.send('HEAD /3 HTTP/1.1\r\nHost: a.test\r\n\r\n');
  client.send(get('/4'));
  const text = await client.whole();
  assert.deepEqual(
    [...text.matchAll(/Location: (.*)\r/g)].map((found) => found[1]),
    ['https://a.test/1?q=1', 'https://a.test/2', 'https://a.test/3', 'https://a.test/4'],
  );
  assert.equal(text.match(/HTTP\/1\.1 308 Permanent Redirect\r\n/g)?.length, 4);
  // GET, POST and the last GET have the short text behind their heads, HEAD has none.
  assert.equal(text.match(/Content-Length: 19\r\n/g)?.length, 4);
  assert.equal(text.match(/\r\n\r\nPermanent Redirect\n/g)?.length, 3);
  await ledger.settled();
  assert.deepEqual(
    ledger.requests.map(({ method, statusCode, upstream, routeName, error }) => [
      method,
      statusCode,
      upstream,
      routeName,
      error,
    ]),
    ['GET', 'POST', 'HEAD', 'GET'].map((method) => [method, 308, undefined, 'moved', undefined]),
  );
  const [route] = proxy.stats.snapshot().routes.filter(({ routeName }) => routeName === 'moved');
  assert.deepEqual([route!.total, route!.requests, route!.statusClasses['3xx']], [1, 4, 4]);
  assert.equal(proxy.stats.snapshot().totals.rejected, 0);
});

test('a body that is still under way is read off, and the connection ends behind the answer', async (t) => {
  const { port } = await startProxy(t, [redirectRoute(SAME_PLACE)]);
  const { status, head } = await ask(port(80), 'POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 9\r\n\r\nhalf');
  assert.equal(status, 308);
  assert.match(head, /\r\nConnection: close/);
});

test('HTTP/1.0: with a Host, kept alive where asked, and refused where the location needs a host', async (t) => {
  const { proxy, port } = await startProxy(t, [
    redirectRoute(SAME_PLACE),
    redirectRoute({ to: '/new{path}', status: 302 }, { name: 'local', match: { ports: 81 } }),
  ]);
  const client = await RawClient.open(port(80));
  client.send('GET /1 HTTP/1.0\r\nHost: a.test\r\nConnection: keep-alive\r\n\r\n');
  await client.has('Location: https://a.test/1\r\n');
  client.send('GET /2 HTTP/1.0\r\n\r\n');
  assert.match(await client.whole(), /Connection: keep-alive\r\n[^]*HTTP\/1\.1 400 /);
  assert.equal(proxy.stats.getRejectReasons().get('host-missing'), 1);
  const local = await ask(port(81), 'GET /x?y HTTP/1.0\r\n\r\n');
  assert.deepEqual([local.status, local.location], [302, '/new/x?y']);
});

test('the host loses its port, an IPv6 literal keeps its brackets, the port is ours', async (t) => {
  const { port } = await startProxy(t, [redirectRoute({ to: 'https://{domain}:{port}{path}' })]);
  const at = (host: string): string => `https://${host}:80/p`;
  for (const [host, expected] of [
    ['A.Test:8080', at('a.test')],
    ['127.0.0.1:80', at('127.0.0.1')],
    ['[2001:DB8::1]', at('[2001:db8::1]')],
    ['[::1]:8080', at('[::1]')],
  ] as const) {
    assert.equal((await ask(port(80), get('/p', host))).location, expected, host);
  }
});

test('no Host and no target leads to a place that the template does not name', async (t) => {
  assert.deepEqual(
    await locations(
      t,
      SAME_PLACE.to,
      get('//evil.test/x'),
      get('http://a.test/abs?q'),
      get('http://a.test?q'),
      get('http://evil.test/'),
      get('/', 'evil.test/@a.test'),
      get('/', 'user@a.test'),
      get('/', '[evil.test/a:b]'),
      get('/', '[fe80::1%25eth0]'),
      get('/', "a'b.test"),
      'OPTIONS * HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n',
    ),
    ['https://a.test//evil.test/x', 'https://a.test/abs?q', 'https://a.test/?q', 400, 400, 400, 400, 400, 400, 400],
  );
  assert.deepEqual(await locations(t, '/{query}', get('/?a/b'), get('/?/evil.test'), get('/?\\evil.test'), get('/')), [
    '/a/b',
    400,
    '/%5Cevil.test',
    '/',
  ]);
});

test('values cannot end the line nor change what a URL means', async (t) => {
  const to = 'https://new.test/{headers.x-mine}/?from={headers.x-mine}&m={method}&n={headers.x-none}#{clientIp}';
  const mine = 'a/b?c#d&e%0d%0a \t"\u00c3\u00bc';
  assert.deepEqual(await locations(t, to, get('/', 'a.test', `X-Mine: ${mine}\r\n`)), [
    to
      .replaceAll('{headers.x-mine}', 'a%2Fb%3Fc%23d%26e%250d%250a%20%09%22%C3%BC')
      .replace('{method}', 'GET')
      .replace('{headers.x-none}', '')
      .replace('{clientIp}', '127.0.0.1'),
  ]);
  assert.deepEqual(await locations(t, SAME_PLACE.to, get('/a"<b>?c|d\\e%0d%0af')), [
    'https://a.test/a%22%3Cb%3E?c%7Cd%5Ce%0d%0af',
  ]);
});

test('path parameters fill in segments, and a location has its bound', async (t) => {
  const { proxy, port } = await startProxy(t, [
    redirectRoute(
      { to: 'https://{domain}/u/{pathParams.user}/{pathParams.none}' },
      { match: { ports: 80, path: '/user/:user' } },
    ),
    redirectRoute(
      { to: `https://a.test${'{path}'.repeat(3)}` },
      { name: 'long', match: { ports: 80, path: '/long*' } },
    ),
  ]);
  assert.equal((await ask(port(80), get('/user/a%2fb"c'))).location, 'https://a.test/u/a%2Fb%22c/');
  assert.equal((await ask(port(80), get(`/long${'x'.repeat(8_000)}`))).status, 414);
  assert.equal(proxy.stats.getRejectReasons().get('target-too-long'), 1);
});

test("the route's checks come first, its header edits and CORS go with the answer", async (t) => {
  const options: Partial<ISmartProxyOptions> = { requestId: { header: 'X-Request-Id' } };
  const { proxy, port } = await startProxy(
    t,
    [
      redirectRoute(SAME_PLACE, {
        security: {
          rateLimit: { enabled: true, maxRequests: 2, window: 60, keyBy: 'ip' },
          basicAuth: { enabled: true, users: [{ username: 'a', password: 'b' }] },
        },
        headers: {
          response: { 'Strict-Transport-Security': 'max-age=1', 'X-Request-Id': 'of the route', 'X-Path': '{path}' },
          cors: { enabled: true, allowOrigin: ['https://app.test'] },
        },
      }),
    ],
    options,
  );
  const credentials = `Authorization: Basic ${Buffer.from('a:b').toString('base64')}\r\n`;
  assert.equal((await ask(port(80), get('/'))).status, 401);
  const { status, head } = await ask(port(80), get('/x', 'a.test', `${credentials}Origin: https://app.test\r\n`));
  assert.equal(status, 308);
  assert.match(head, /\r\nStrict-Transport-Security: max-age=1\r\n/);
  assert.match(head, /\r\nX-Path: \/x\r\n/);
  assert.match(head, /\r\nAccess-Control-Allow-Origin: https:\/\/app\.test\r\n/);
  assert.deepEqual(head.match(/X-Request-Id: .*/gi), ['X-Request-Id: of the route']);
  const limited = await ask(port(80), get('/', 'a.test', credentials));
  assert.deepEqual([limited.status, limited.location], [429, undefined]);
  assert.equal(proxy.stats.snapshot().totals.requests, 3);
});

test('what is no HTTP is refused, and the helper still answers 301 by default', async (t) => {
  const { proxy, port } = await startProxy(t, [createHttpToHttpsRedirect('a.test', 8443)]);
  const { status, location } = await ask(port(80), get('/x?y'));
  assert.deepEqual([status, location], [301, 'https://a.test:8443/x?y']);
  assert.equal((await ask(port(80), get('/', 'b.test'))).status, 404);
  const client = await RawClient.open(port(80));
  client.send('SSH-2.0-x\r\n');
  await client.whole();
  assert.equal(proxy.stats.snapshot().totals.requests, 1);
});
