import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { metricsHandler, Registry } from '@dcrouter/metrics';
import { missing, Prometheus, until } from './tools.ts';

const skip = missing('prometheus');

const BUCKETS = [0.1, 0.5, 1, 2.5];
/** Durations observed at every scrape; the same each time, so that quantiles do not depend on when Prometheus looks. */
const DURATIONS = [0.05, 0.07, 0.2, 0.3, 0.4, 0.7, 0.8, 0.9, 1.5, 2];
const ODD_VALUE = 'quote " back \\ slash \n newline é \u{1f600} {a="b"}';
/** Per second, from a monotonic clock at each scrape. */
const RATE = 250;

function application(): Registry {
  const registry = new Registry();
  const startedMs = performance.now();
  registry.counter({
    name: 'app_events_total',
    help: 'Events at a steady rate.',
    collect: (counter) => {
      const child = counter.labels();
      child.inc(((performance.now() - startedMs) / 1_000) * RATE - child.value, { trace_id: 'event' });
    },
  });
  registry.histogram({
    name: 'app_request_seconds',
    help: 'Durations.',
    unit: 'seconds',
    labelNames: ['path'],
    buckets: BUCKETS,
    collect: (histogram) => {
      for (const value of DURATIONS) histogram.observe({ path: ODD_VALUE }, value, { trace_id: `t${value}` });
    },
  });
  registry.summary({ name: 'app_sizes', help: 'Sizes.', quantiles: [0.5] }).observe(10);
  registry.gauge({ name: 'app_limit', help: 'A value that never was.' }).set(Infinity);
  return registry;
}

/** Serves `registry`; with `plain` as if the scraper had not asked for OpenMetrics. Gives host:port. */
async function serve(t: TestContext, registry: Registry, plain: boolean): Promise<string> {
  const handle = metricsHandler(registry, { requestsPerMinute: 10_000 });
  const server = createServer((request, response) => {
    if (plain) delete request.headers.accept;
    void handle(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close().closeAllConnections());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** What histogram_quantile must give: linear inside the bucket that holds the rank. */
function quantileOf(share: number): number {
  const rank = share * DURATIONS.length;
  let below = 0;
  let low = 0;
  for (const high of BUCKETS) {
    const upTo = DURATIONS.filter((value) => value <= high).length;
    if (upTo >= rank) return low + ((high - low) * (rank - below)) / (upTo - below);
    below = upTo;
    low = high;
  }
  return low;
}

function near(found: number, expected: number, relative: number, what: string): void {
  assert.ok(Math.abs(found - expected) <= Math.abs(expected) * relative, `${what}: ${found} for ${expected}`);
}

test('Prometheus scrapes both formats, and PromQL gives what was counted', { skip }, async (t) => {
  const prometheus = await Prometheus.start(t, {
    text: await serve(t, application(), true),
    openmetrics: await serve(t, application(), false),
  });
  for (const job of ['text', 'openmetrics']) {
    const by = `job="${job}"`;
    await until(`a dozen scrapes of ${job}`, async () => {
      const { activeTargets } = await prometheus.api<{ activeTargets: Array<{ lastError: string }> }>('targets');
      for (const { lastError } of activeTargets) assert.equal(lastError, '');
      return (await prometheus.value(`count_over_time(app_events_total{${by}}[1m])`)) >= 12 ? true : undefined;
    });

    // The slope of a straight line, from the raw samples and from rate(): three ways to one number.
    const [raw] = await prometheus.query(`app_events_total{${by}}[1m]`);
    const [[firstTime, firstValue], [lastTime, lastValue]] = [raw!.values!.at(0)!, raw!.values!.at(-1)!];
    near((Number(lastValue) - Number(firstValue)) / (lastTime - firstTime), RATE, 0.05, 'slope of the samples');
    near(await prometheus.value(`rate(app_events_total{${by}}[2s])`), RATE, 0.1, 'rate');

    for (const share of [0.1, 0.5, 0.75, 0.9, 0.99]) {
      const query = `histogram_quantile(${share}, rate(app_request_seconds_bucket{${by}}[2s]))`;
      near(await prometheus.value(query), quantileOf(share), 1e-9, query);
    }
    const mean = DURATIONS.reduce((sum, value) => sum + value, 0) / DURATIONS.length;
    const ratio = `rate(app_request_seconds_sum{${by}}[2s]) / rate(app_request_seconds_count{${by}}[2s])`;
    near(await prometheus.value(ratio), mean, 1e-9, 'mean duration');

    assert.equal(await prometheus.value(`app_sizes{${by}}`), 10);
    assert.equal(await prometheus.value(`app_limit{${by}}`), Infinity);
    const [series] = await prometheus.query(`app_request_seconds_count{${by}}`);
    assert.equal(series?.metric['path'], ODD_VALUE, 'any label value survives');
  }

  const created = await prometheus.value('app_events_created{job="openmetrics"}');
  assert.ok(Math.abs(created - Date.now() / 1_000) < 120);
  assert.deepEqual(await prometheus.query('app_events_created{job="text"}'), []);

  const exemplars = await prometheus.api<
    Array<{ exemplars: Array<{ labels: Record<string, string>; value: string }> }>
  >('query_exemplars', {
    query: 'app_request_seconds_bucket',
    start: String(Date.now() / 1_000 - 120),
    end: String(Date.now() / 1_000),
  });
  const traces = new Set(exemplars.flatMap(({ exemplars }) => exemplars.map(({ labels }) => labels['trace_id'])));
  // The last value of each bucket that holds one.
  for (const value of [0.07, 0.4, 0.9, 2]) assert.ok(traces.has(`t${value}`), `no exemplar t${value}`);

  const metadata =
    await prometheus.api<Record<string, Array<{ type: string; help: string; unit: string }>>>('metadata');
  assert.deepEqual(new Set(metadata['app_request_seconds']?.map(({ type }) => type)), new Set(['histogram']));
  assert.ok(metadata['app_request_seconds']?.some(({ unit }) => unit === 'seconds'));
});
