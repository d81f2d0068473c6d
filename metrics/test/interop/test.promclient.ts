import assert from 'node:assert/strict';
import { test } from 'node:test';
import next from '@prometheus-io/client';
import prom from 'prom-client';
import { exposeInPromClient, promClientSource, Registry } from '@dcrouter/metrics';
import { parseExposition, valueOf } from '../helpers/parse.ts';

const clients = { 'prom-client': prom, '@prometheus-io/client': next as unknown as typeof prom };

function theirMetrics(client: typeof prom) {
  const registry = new client.Registry();
  const registers = [registry];
  const counter = new client.Counter({ name: 'their_total', help: 'Their "c".', labelNames: ['x'], registers });
  counter.inc({ x: 'a"\\\n' }, 3);
  new client.Counter({ name: 'plain', help: 'No suffix.', registers }).inc(2);
  new client.Gauge({ name: 'their_gauge', help: 'G.', registers }).set(-1.5);
  const histogram = new client.Histogram({
    name: 'their_seconds',
    help: 'H.',
    labelNames: ['x'],
    buckets: [1, 2],
    registers,
  });
  histogram.observe({ x: 'a' }, 1.5);
  new client.Summary({ name: 'their_summary', help: 'S.', percentiles: [0.5], registers }).observe(7);
  return registry;
}

for (const [name, client] of Object.entries(clients)) {
  test(`metrics of ${name} appear on our page, in both formats`, async () => {
    const registry = new Registry();
    registry.counter({ name: 'our_total', help: 'Ours.' }).inc();
    const stop = registry.addSource(promClientSource(theirMetrics(client)));
    for (const format of ['text', 'openmetrics'] as const) {
      const families = parseExposition(await registry.expose({ format, created: false }), format);
      assert.equal(valueOf(families, 'our_total'), 1);
      assert.equal(valueOf(families, 'their_total', { x: 'a"\\\n' }), 3);
      assert.equal(valueOf(families, format === 'text' ? 'plain' : 'plain_total'), 2);
      assert.equal(valueOf(families, 'their_gauge'), -1.5);
      assert.equal(valueOf(families, 'their_seconds_bucket', { x: 'a', le: '2' }), 1);
      assert.equal(valueOf(families, 'their_seconds_bucket', { x: 'a', le: '+Inf' }), 1);
      assert.equal(valueOf(families, 'their_seconds_count', { x: 'a' }), 1);
      assert.equal(valueOf(families, 'their_summary', { quantile: '0.5' }), 7);
    }
    stop();
    assert.doesNotMatch(await registry.expose(), /their/);
  });

  test(`our metrics appear on the page of ${name}, later ones included`, async () => {
    const ours = new Registry();
    const counter = ours.counter({ name: 'our_total', help: 'Ours.', labelNames: ['x'] });
    counter.inc({ x: 'a"\\\n' }, 3);
    const theirs = theirMetrics(client);
    const stop = exposeInPromClient(ours, theirs);
    ours.gauge({ name: 'our_gauge', help: 'G.', collect: (gauge) => gauge.set(42) });
    ours.histogram({ name: 'our_seconds', help: 'H.', buckets: [1, 2] }).observe(1.5);
    ours.summary({ name: 'our_summary', help: 'S.', labelNames: ['x'], quantiles: [0.5] }).observe({ x: 'b' }, 7);
    const families = parseExposition((await theirs.metrics()).replace(/\n\n/g, '\n'), 'text');
    assert.equal(valueOf(families, 'our_total', { x: 'a"\\\n' }), 3);
    assert.equal(valueOf(families, 'our_gauge'), 42);
    assert.equal(valueOf(families, 'our_seconds_bucket', { le: '2' }), 1);
    assert.equal(valueOf(families, 'our_seconds_sum'), 1.5);
    assert.equal(valueOf(families, 'our_summary', { x: 'b', quantile: '0.5' }), 7);
    assert.equal(valueOf(families, 'our_summary_count', { x: 'b' }), 1);
    assert.equal(valueOf(families, 'their_gauge'), -1.5);
    theirs.resetMetrics();
    assert.equal(counter.labels('a"\\\n').value, 0);
    stop();
    assert.doesNotMatch(await theirs.metrics(), /our_/);
  });

  test(`our metrics appear on an OpenMetrics page of ${name}`, async () => {
    const ours = new Registry();
    ours.counter({ name: 'our_total', help: 'Ours.' }).inc(3);
    const theirs = new client.Registry<typeof client.Registry.OPENMETRICS_CONTENT_TYPE>();
    theirs.setContentType(client.Registry.OPENMETRICS_CONTENT_TYPE);
    exposeInPromClient(ours, theirs as never);
    const families = parseExposition(await theirs.metrics(), 'openmetrics');
    assert.equal(valueOf(families, 'our_total'), 3);
  });
}

test('a family whose name we have too is left out, and a source that fails is counted', async () => {
  const registry = new Registry();
  registry.gauge({ name: 'their_gauge', help: 'Ours.' }).set(1);
  registry.addSource(promClientSource(theirMetrics(prom)));
  registry.addSource(promClientSource(theirMetrics(prom)));
  registry.addSource(promClientSource({ getMetricsAsJSON: () => Promise.reject(new Error('broken')) }));
  registry.addSource({
    families: () => [{ name: 'odd', help: 'O.', type: 'unknown', samples: [{ name: 'odd', labels: {}, value: 1 }] }],
  });
  const text = await registry.expose();
  const families = parseExposition(text, 'text');
  assert.equal(valueOf(families, 'their_gauge'), 1);
  assert.equal(valueOf(families, 'odd'), 1);
  assert.match(text, /^# TYPE odd untyped$/m);
  assert.match(
    await registry.expose(),
    /^metrics_collect_failures_total\{metric="foreign_source",reason="error"\} 2$/m,
  );
});
