import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { OtlpExporter, Registry, toOtlp } from '@dcrouter/metrics';
import type { IOtlpRequest } from '@dcrouter/metrics';

function sample(): Registry {
  const registry = new Registry({ wallMs: () => 1_700_000_000_123 });
  registry.counter({ name: 'c_bytes_total', help: 'C.', unit: 'bytes', labelNames: ['x'] }).inc({ x: 'é' }, 3.5);
  const gauge = registry.gauge({ name: 'g', help: 'G.', labelNames: ['x'] });
  gauge.set({ x: 'a' }, -1);
  gauge.set({ x: 'b' }, Infinity);
  const histogram = registry.histogram({ name: 'h_seconds', help: 'H.', unit: 'seconds', buckets: [1, 2] });
  for (const value of [0.5, 1.5, 1.5, 9]) histogram.observe(value);
  registry.summary({ name: 's', help: 'S.', quantiles: [0.5, 1] }).observe(4);
  registry.summary({ name: 'empty', help: 'E.', quantiles: [0.5] });
  return registry;
}

const TIME = '1700000000123000000';

test('each type has its OTLP form', async () => {
  const request = toOtlp(await sample().snapshot(), { 'service.name': 'shop' }, { name: 'scope', version: '1' });
  const [resource] = request.resourceMetrics;
  assert.deepEqual(resource?.resource, { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] });
  assert.deepEqual(resource?.scopeMetrics[0]?.scope, { name: 'scope', version: '1' });
  const [counter, gauge, histogram, summary, empty] = resource!.scopeMetrics[0]!.metrics;
  const x = (value: string) => [{ key: 'x', value: { stringValue: value } }];
  assert.deepEqual(counter, {
    name: 'c_bytes',
    description: 'C.',
    unit: 'By',
    sum: {
      aggregationTemporality: 2,
      isMonotonic: true,
      dataPoints: [{ attributes: x('é'), timeUnixNano: TIME, startTimeUnixNano: TIME, asDouble: 3.5 }],
    },
  });
  assert.deepEqual(gauge, {
    name: 'g',
    description: 'G.',
    unit: '',
    gauge: { dataPoints: [{ attributes: x('a'), timeUnixNano: TIME, asDouble: -1 }] },
  });
  assert.deepEqual(histogram, {
    name: 'h_seconds',
    description: 'H.',
    unit: 's',
    histogram: {
      aggregationTemporality: 2,
      dataPoints: [
        {
          attributes: [],
          timeUnixNano: TIME,
          startTimeUnixNano: TIME,
          count: '4',
          sum: 12.5,
          bucketCounts: ['1', '2', '1'],
          explicitBounds: [1, 2],
        },
      ],
    },
  });
  assert.deepEqual(summary?.summary?.dataPoints[0]?.quantileValues, [
    { quantile: 0.5, value: 4 },
    { quantile: 1, value: 4 },
  ]);
  assert.deepEqual([summary?.summary?.dataPoints[0]?.count, summary?.summary?.dataPoints[0]?.sum], ['1', 4]);
  assert.deepEqual(empty?.summary?.dataPoints[0]?.quantileValues, []);
});

interface IReceived {
  headers: IncomingMessage['headers'];
  body: IOtlpRequest;
}

/** A collector that answers with the given statuses, one after the other. */
async function collector(t: TestContext, statuses: number[]) {
  const received: IReceived[] = [];
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const raw = Buffer.concat(chunks);
      const text = request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw;
      received.push({ headers: request.headers, body: JSON.parse(text.toString()) as IOtlpRequest });
      response.writeHead(statuses.shift() ?? 200).end('{}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close().closeAllConnections());
  return { received, server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/metrics` };
}

test('a push reaches the collector, compressed or not', async (t) => {
  const { received, url } = await collector(t, []);
  const resource = { 'service.name': 'shop' };
  const packed = new OtlpExporter(sample(), { url, resource, headers: { authorization: 'Bearer x' } });
  assert.equal(await packed.push(), true);
  const plain = new OtlpExporter(sample(), { url, resource, gzip: false });
  assert.equal(await plain.push(), true);
  assert.deepEqual(received[0]?.body, received[1]?.body);
  assert.equal(received[0]?.headers['content-type'], 'application/json');
  assert.equal(received[0]?.headers['content-encoding'], 'gzip');
  assert.equal(received[0]?.headers.authorization, 'Bearer x');
  assert.equal(received[0]?.body.resourceMetrics[0]?.scopeMetrics[0]?.scope.name, '@dcrouter/metrics');
});

test('failures are counted by kind and never thrown; values are cumulative, so nothing is lost', async (t) => {
  const { received, server, url } = await collector(t, [503, 400, 200]);
  const registry = new Registry();
  const counter = registry.counter({ name: 'a_total', help: 'A.' });
  const exporter = new OtlpExporter(registry, { url, resource: {} });
  const outcomes: boolean[] = [];
  for (let push = 0; push < 3; push += 1) {
    counter.inc();
    outcomes.push(await exporter.push());
  }
  assert.deepEqual(outcomes, [false, false, true]);
  assert.equal(received[2]?.body.resourceMetrics[0]?.scopeMetrics[0]?.metrics[0]?.sum?.dataPoints[0]?.asDouble, 3);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  assert.equal(await exporter.push(), false);
  assert.deepEqual(exporter.results, { ok: 1, refused: 1, failed: 2, skipped: 0 });
  assert.ok(exporter.lastError !== undefined);
});

test('a collector that hangs is given up after the time-out', async () => {
  const hanging: typeof fetch = (_, init) => {
    return new Promise((_resolve, reject) => {
      init!.signal!.addEventListener('abort', () => reject(new Error('timed out')));
    });
  };
  const exporter = new OtlpExporter(new Registry(), { url: 'http://x/', resource: {}, timeoutMs: 5, fetch: hanging });
  // AbortSignal.timeout does not keep the process alive.
  const alive = setInterval(() => {}, 1_000);
  assert.equal(await exporter.push(), false);
  clearInterval(alive);
  assert.equal(exporter.lastError, 'timed out');
});

test('pushes go out at the interval, never two at once, and a last one at the end', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const gates: Array<() => void> = [];
  const slow: typeof fetch = async () => {
    await new Promise<void>((resolve) => gates.push(resolve));
    return new Response(null, { status: 200 });
  };
  const exporter = new OtlpExporter(new Registry(), {
    url: 'http://x/',
    resource: {},
    intervalMs: 1_000,
    gzip: false,
    fetch: slow,
  });
  const sent = async (count: number) => {
    while (gates.length < count) await new Promise(setImmediate);
  };
  exporter.start();
  exporter.start();
  t.mock.timers.tick(1_000);
  await sent(1);
  t.mock.timers.tick(1_000);
  assert.equal(exporter.results.skipped, 1);
  gates[0]!();
  while (exporter.results.ok === 0) await new Promise(setImmediate);
  await new Promise(setImmediate);
  t.mock.timers.tick(1_000);
  await sent(2);
  const stopped = exporter.stop();
  gates[1]!();
  await sent(3);
  gates[2]!();
  await stopped;
  assert.deepEqual(exporter.results, { ok: 3, refused: 0, failed: 0, skipped: 1 });
  t.mock.timers.tick(10_000);
  assert.equal(gates.length, 3);
});

test('a URL that is none is refused', () => {
  for (const url of ['', 'x', 'ftp://x/']) {
    assert.throws(() => new OtlpExporter(new Registry(), { url, resource: {} }), { code: 'METRICS_BAD_OPTION' });
  }
});
