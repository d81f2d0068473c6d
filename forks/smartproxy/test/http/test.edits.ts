// What routes change about requests and responses, and how they share targets.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { IRouteConfig } from '@dcrouter/smartproxy';
import { RawClient, forwardTo, startHttp, startProxy, startTcp } from '../helpers/proxy.ts';

/** Answers with what arrived. */
const mirror = async (t: TestContext): Promise<{ port: number }> =>
  await startHttp(t, (req, res) => {
    res.setHeader('X-Secret', 'inner');
    res.end(JSON.stringify({ url: req.url, headers: req.headers }));
  });

interface IMirrored {
  readonly status: string;
  readonly head: string;
  readonly url: string;
  readonly headers: Record<string, string | undefined>;
}

async function ask(port: number, head: string): Promise<IMirrored> {
  const client = await RawClient.open(port);
  client.send(`${head}\r\nHost: a.test\r\nConnection: close\r\n\r\n`);
  const text = await client.whole();
  const [responseHead = '', body = ''] = text.split('\r\n\r\n');
  const seen = body.startsWith('{')
    ? (JSON.parse(body) as Omit<IMirrored, 'status' | 'head'>)
    : { url: '', headers: {} };
  return { status: text.slice(9, 12), head: responseHead, ...seen };
}

test('header edits set, replace and remove, with variables', async (t) => {
  const backend = await mirror(t);
  const route: IRouteConfig = {
    ...forwardTo(backend.port),
    headers: {
      request: { 'X-Route': '{routeName} {path} {headers.x-mine}', 'Cookie': '', 'Accept': 'fixed' },
      response: { 'X-Secret': '', 'X-Via': '{method} {domain}' },
    },
  };
  const { port } = await startProxy(t, [route]);
  const seen = await ask(port(8080), 'GET /p?q HTTP/1.1\r\nX-Mine: m\r\nCookie: c\r\nAccept: a');
  assert.equal(seen.headers['x-route'], 'web /p m');
  assert.equal(seen.headers['cookie'], undefined);
  assert.equal(seen.headers['accept'], 'fixed');
  assert.equal(seen.headers['x-forwarded-for'], '127.0.0.1');
  assert.ok(!seen.head.includes('X-Secret'));
  assert.ok(seen.head.includes('\r\nX-Via: GET a.test'));
});

test('paths are rewritten, and Forwarded can stand in for the X- fields', async (t) => {
  const backend = await mirror(t);
  const route: IRouteConfig = { ...forwardTo(backend.port), headers: { forwarded: 'forwarded' } };
  route.action.advanced = { urlRewrite: { pattern: '^/api/(.*)$', target: '/v2/$1' } };
  const { port } = await startProxy(t, [route]);
  const seen = await ask(port(8080), 'GET /api/users?x=1 HTTP/1.1');
  assert.equal(seen.url, '/v2/users?x=1');
  assert.equal(seen.headers['forwarded'], 'for=127.0.0.1;host="a.test";proto=http');
  assert.equal(seen.headers['x-forwarded-for'], undefined);
});

test('CORS: preflights are answered here, responses carry the permission', async (t) => {
  const backend = await mirror(t);
  const { port } = await startProxy(t, [
    { ...forwardTo(backend.port), headers: { cors: { enabled: true, allowOrigin: ['https://app.test'], maxAge: 60 } } },
  ]);
  const preflight = await ask(
    port(8080),
    'OPTIONS / HTTP/1.1\r\nOrigin: https://app.test\r\nAccess-Control-Request-Method: PUT',
  );
  assert.equal(preflight.status, '204');
  assert.match(preflight.head, /Access-Control-Allow-Origin: https:\/\/app\.test/);
  assert.match(preflight.head, /Access-Control-Max-Age: 60/);
  const plain = await ask(port(8080), 'GET / HTTP/1.1\r\nOrigin: https://app.test');
  assert.match(plain.head, /Access-Control-Allow-Origin: https:\/\/app\.test/);
  const foreign = await ask(port(8080), 'GET / HTTP/1.1\r\nOrigin: https://evil.test');
  assert.ok(!foreign.head.includes('Access-Control-Allow-Origin'));
});

test('a test response needs no target', async (t) => {
  const route = forwardTo(1);
  route.action.advanced = { testResponse: { status: 418, headers: { 'X-Tea': 'pot' }, body: 'short and stout' } };
  const { port } = await startProxy(t, [route]);
  const client = await RawClient.open(port(8080));
  client.send('GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n');
  assert.match(await client.whole(), /^HTTP\/1\.1 418 [^]*X-Tea: pot\r\n[^]*short and stout$/);
});

test('targets share the work: by turn and weight, by load, by address, by match and priority', async (t) => {
  const names = ['a', 'b', 'c'];
  const backends = await Promise.all(names.map((name) => startHttp(t, (_req, res) => res.end(name))));
  const targets = backends.map(({ port }, at) => ({ host: '127.0.0.1', port, weight: at === 0 ? 2 : 1 }));
  const route = (name: string, domains: string, action: Partial<IRouteConfig['action']>): IRouteConfig => ({
    name,
    match: { ports: 8080, domains },
    action: { type: 'forward', targets, ...action },
  });
  const { port } = await startProxy(t, [
    route('turn', 'turn.test', {}),
    route('hash', 'hash.test', { loadBalancing: { algorithm: 'ip-hash' } }),
    route('load', 'load.test', { loadBalancing: { algorithm: 'least-connections' } }),
    route('match', 'match.test', {
      targets: [
        { ...targets[0]!, match: { path: '/api/*' } },
        { ...targets[1]!, match: { method: ['POST'] } },
        { ...targets[2]!, priority: 5 },
        { ...targets[0]!, priority: 1 },
      ],
    }),
  ]);
  const client = await RawClient.open(port(8080));
  const get = async (host: string, start = 'GET /'): Promise<string> => {
    client.received = Buffer.alloc(0);
    client.send(`${start} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 0\r\n\r\n`);
    await client.until(({ text }) => /\r\n\r\n[abc]$/.test(text));
    return client.text.slice(-1);
  };
  const turns: string[] = [];
  for (let at = 0; at < 8; at += 1) turns.push(await get('turn.test'));
  assert.deepEqual(turns.sort(), ['a', 'a', 'a', 'a', 'b', 'b', 'c', 'c']);
  const hashed = new Set<string>();
  for (let at = 0; at < 4; at += 1) hashed.add(await get('hash.test'));
  assert.equal(hashed.size, 1);
  assert.equal(await get('load.test'), 'a');
  assert.equal(await get('match.test', 'GET /api/x'), 'a');
  assert.equal(await get('match.test', 'POST /x'), 'b');
  assert.equal(await get('match.test'), 'c');
  client.socket.destroy();
});

test('a target that is told about clients gets a connection per client', async (t) => {
  const heads: string[] = [];
  const backend = await startTcp(t, (socket) => {
    socket.on('data', (bytes) => {
      heads.push(bytes.toString('latin1'));
      if (bytes.includes('GET')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
    });
  });
  const route = forwardTo(backend.port);
  route.action.sendProxyProtocol = 'v1';
  const { port } = await startProxy(t, [route]);
  for (let at = 0; at < 2; at += 1) {
    const client = await RawClient.open(port(8080));
    for (let request = 1; request <= 2; request += 1) {
      client.send('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n');
      await client.until(({ text }) => text.split('ok').length === request + 1);
    }
    assert.ok(heads.join('').includes(`PROXY TCP4 127.0.0.1 127.0.0.1 ${client.socket.localPort} 8080\r\n`));
    client.socket.destroy();
  }
  assert.equal(heads.join('').split('PROXY ').length, 3);
});
