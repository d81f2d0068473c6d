import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { gunzipSync } from 'node:zlib';
import Fastify from 'fastify';
import { limits, metricsHandler, metricsPlugin, Registry } from '@dcrouter/metrics';
import type { IExposable, IMetricsHandler } from '@dcrouter/metrics';
import { parseExposition } from '../helpers/parse.ts';

async function serve(t: TestContext, handler: IMetricsHandler): Promise<string> {
  const server = createServer(handler as RequestListener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
}

function someMetrics(): Registry {
  const registry = new Registry();
  const counter = registry.counter({ name: 'a_total', help: 'A.', labelNames: ['x'], seriesMax: 20_000 });
  for (let index = 0; index < 5_000; index += 1) counter.inc({ x: index }, index);
  return registry;
}

test('serves the format that is asked for, compressed if allowed', async (t) => {
  const handler = metricsHandler(someMetrics());
  const url = await serve(t, handler);
  const plain = await fetch(url, { headers: { 'accept-encoding': 'identity' } });
  assert.equal(plain.status, 200);
  assert.equal(plain.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
  assert.equal(plain.headers.get('content-encoding'), null);
  assert.equal(plain.headers.get('cache-control'), 'no-store');
  const text = await plain.text();
  parseExposition(text, 'text');

  const open = await fetch(url, { headers: { 'accept': 'application/openmetrics-text', 'accept-encoding': 'gzip' } });
  assert.equal(open.headers.get('content-type'), 'application/openmetrics-text; version=1.0.0; charset=utf-8');
  assert.equal(open.headers.get('content-encoding'), 'gzip');
  parseExposition(await open.text(), 'openmetrics');
  assert.equal(handler.results.ok, 2);
});

test('what is sent compressed is what is sent plain', async (t) => {
  const url = new URL(await serve(t, metricsHandler(someMetrics())));
  const raw = async (encoding: string): Promise<Buffer> => {
    const socket = connect(Number(url.port), '127.0.0.1');
    socket.write(`GET / HTTP/1.0\r\naccept-encoding: ${encoding}\r\n\r\n`);
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    await once(socket, 'close');
    const whole = Buffer.concat(chunks);
    return whole.subarray(whole.indexOf('\r\n\r\n') + 4);
  };
  const plain = await raw('identity');
  const packed = await raw('gzip');
  assert.ok(packed.length < plain.length / 3);
  assert.deepEqual(gunzipSync(packed), plain);
});

test('compression can be switched off', async (t) => {
  const url = await serve(t, metricsHandler(someMetrics(), { gzip: false, created: false }));
  const answer = await fetch(url, { headers: { accept: 'application/openmetrics-text' } });
  assert.equal(answer.headers.get('content-encoding'), null);
  assert.doesNotMatch(await answer.text(), /_created/);
});

test('HEAD has the head alone, other methods are refused', async (t) => {
  const handler = metricsHandler(someMetrics());
  const url = await serve(t, handler);
  const head = await fetch(url, { method: 'HEAD' });
  assert.equal(head.status, 200);
  assert.equal(await head.text(), '');
  const post = await fetch(url, { method: 'POST', body: 'x' });
  assert.deepEqual([post.status, post.headers.get('allow')], [405, 'GET, HEAD']);
  await post.text();
  assert.deepEqual([handler.results.ok, handler.results.bad_method], [1, 1]);
});

test('refusals have their status and are counted by reason', async (t) => {
  const token = metricsHandler(someMetrics(), { bearerToken: 'x', requestsPerMinute: 2, nowMs: () => 0 });
  const url = await serve(t, token);
  const missing = await fetch(url);
  assert.deepEqual([missing.status, missing.headers.get('www-authenticate')], [401, 'Bearer']);
  const right = await fetch(url, { headers: { authorization: 'Bearer x' } });
  assert.equal(right.status, 200);
  await right.text();
  const many = await fetch(url, { headers: { authorization: 'Bearer x' } });
  assert.deepEqual([many.status, many.headers.get('retry-after')], [429, '1']);
  assert.deepEqual([token.results.unauthorized, token.results.ok, token.results.rate_limited], [1, 1, 1]);

  const elsewhere = metricsHandler(someMetrics(), { allow: ['192.0.2.1'] });
  const refused = await fetch(await serve(t, elsewhere), { headers: { 'x-forwarded-for': '192.0.2.1' } });
  assert.equal(refused.status, 403);
  assert.equal(elsewhere.results.forbidden, 1);
});

test('only so many expositions run at once', async (t) => {
  const gate = Promise.withResolvers<void>();
  const source: IExposable = {
    async *exposeSlices() {
      await gate.promise;
      yield Buffer.from('a 1\n');
    },
  };
  const handler = metricsHandler(source);
  const url = await serve(t, handler);
  const first = Array.from({ length: limits.expositionsAtOnce + 2 }, async () => {
    const answer = await fetch(url);
    // Once the surplus is refused the others may finish.
    if (answer.status === 503 && handler.results.busy === 2) gate.resolve();
    await answer.text();
    return answer.status;
  });
  const statuses = (await Promise.all(first)).sort((one, other) => one - other);
  assert.deepEqual(statuses, [200, 200, 200, 200, 503, 503]);
  assert.deepEqual([handler.results.busy, handler.results.ok], [2, limits.expositionsAtOnce]);
});

test('an exposition that fails half-way is cut, so that no scraper takes it for whole', async (t) => {
  const source: IExposable = {
    async *exposeSlices() {
      yield Buffer.from('a 1\n');
      await new Promise(setImmediate);
      throw new Error('broken');
    },
  };
  const handler = metricsHandler(source);
  const url = await serve(t, handler);
  await assert.rejects(async () => (await fetch(url)).text());
  assert.equal(handler.results.failed, 1);
});

test('a client that goes away or does not read ends the exposition', async (t) => {
  let ended = 0;
  const source: IExposable = {
    async *exposeSlices() {
      try {
        for (;;) yield Buffer.alloc(65_536, 'x');
      } finally {
        ended += 1;
      }
    },
  };
  for (const encoding of ['identity', 'gzip']) {
    const handler = metricsHandler(source, { responseTimeoutMs: 50 });
    const url = new URL(await serve(t, handler));
    const socket = connect(Number(url.port), '127.0.0.1');
    socket.on('error', () => {});
    socket.write(`GET / HTTP/1.1\r\nhost: x\r\naccept-encoding: ${encoding}\r\n\r\n`);
    socket.pause();
    while (handler.results.aborted === 0) await new Promise(setImmediate);
    socket.destroy();
  }
  assert.equal(ended, 2);
});

test("the scraper's own time-out limits slow collectors", async (t) => {
  let given: number | undefined;
  const source: IExposable = {
    async *exposeSlices(options) {
      given = options?.collectTimeoutMs;
      yield Buffer.from('a 1\n');
    },
  };
  const url = await serve(t, metricsHandler(source));
  for (const [field, expected] of [
    ['0.5', 400],
    ['10', limits.collectTimeoutMs],
    ['x', undefined],
    ['-1', undefined],
  ] as const) {
    await (await fetch(url, { headers: { 'x-prometheus-scrape-timeout-seconds': field } })).text();
    assert.equal(given, expected, field);
  }
});

test('fastify serves the same, at the path it is given', async (t) => {
  const app = Fastify();
  t.after(() => app.close());
  await app.register(metricsPlugin(someMetrics(), { path: '/api/metrics' }));
  await app.register(metricsPlugin(someMetrics()));
  await app.listen({ host: '127.0.0.1', port: 0 });
  const base = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  for (const path of ['/api/metrics', '/metrics']) {
    const answer = await fetch(base + path);
    assert.equal(answer.status, 200);
    assert.ok(parseExposition(await answer.text(), 'text').has('a_total'));
  }
});
