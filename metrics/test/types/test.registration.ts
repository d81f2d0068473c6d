import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits, MetricsError, Registry } from '@dcrouter/metrics';

test('names that Prometheus does not know are refused', () => {
  const registry = new Registry();
  for (const name of ['', '1a', 'a-b', 'a b', 'a.b', 'ä', 5 as unknown as string]) {
    assert.throws(() => registry.counter({ name, help: 'X.' }), { code: 'METRICS_BAD_NAME' });
  }
  registry.counter({ name: 'a:b_9', help: 'X.' });
});

test('label names that Prometheus does not know, keeps for itself or has twice are refused', () => {
  const registry = new Registry();
  for (const labelNames of [['1a'], ['a-b'], ['__a'], [''], ['a', 'a']]) {
    assert.throws(() => registry.counter({ name: 'a', help: 'X.', labelNames }), { code: 'METRICS_BAD_LABEL_NAME' });
  }
  const many = Array.from({ length: limits.labelsPerMetricMax + 1 }, (_, index) => `l${index}`);
  assert.throws(() => registry.gauge({ name: 'a', help: 'X.', labelNames: many }), { code: 'METRICS_BAD_LABEL_NAME' });
  assert.throws(() => registry.histogram({ name: 'a', help: 'X.', labelNames: ['le'] }), /belongs to the histogram/);
  assert.throws(() => registry.summary({ name: 'a', help: 'X.', labelNames: ['quantile'] }), /belongs to the summary/);
  registry.gauge({ name: 'a', help: 'X.', labelNames: ['le', 'quantile', '_x'] });
});

test('help, units and bounds are checked', () => {
  const registry = new Registry();
  const bad = [
    { help: '' },
    { help: '  ' },
    { seriesMax: 0 },
    { seriesMax: 1.5 },
    { expireAfterSeconds: 0 },
    { expireAfterSeconds: NaN },
  ];
  for (const options of bad) {
    assert.throws(() => registry.counter({ name: 'a', help: 'X.', ...options }), { code: 'METRICS_BAD_OPTION' });
  }
  for (const [name, unit] of [
    ['a_total', 'seconds'],
    ['a_seconds', 'bytes'],
    ['seconds', 'seconds'],
    ['a_S', 'S'],
  ] as const) {
    assert.throws(() => registry.counter({ name, help: 'X.', unit }), { code: 'METRICS_BAD_UNIT' });
  }
  registry.counter({ name: 'a_seconds_total', help: 'X.', unit: 'seconds' });
  registry.gauge({ name: 'b_bytes', help: 'X.', unit: 'bytes' });
});

test('a name may mean one thing only, in either format', () => {
  const registry = new Registry();
  registry.histogram({ name: 'h', help: 'H.' });
  registry.counter({ name: 'c_total', help: 'C.' });
  registry.summary({ name: 's', help: 'S.' });
  for (const name of ['h', 'h_bucket', 'h_sum', 'h_count', 'h_created', 'c', 'c_total', 'c_created', 's_sum']) {
    assert.throws(() => registry.gauge({ name, help: 'X.' }), { code: 'METRICS_DUPLICATE' });
  }
  assert.throws(() => registry.counter({ name: 'c', help: 'C.' }), /c and c_total both need 'c'/);
  assert.throws(() => registry.counter({ name: 'c_total', help: 'C.' }), /c_total is registered already/);
  assert.throws(() => registry.counter({ name: 'metrics_series_dropped_total', help: 'C.' }), {
    code: 'METRICS_DUPLICATE',
  });
});

test('an unregistered name is free again, and its metric is no longer exposed', async () => {
  const registry = new Registry({ selfMetrics: false });
  registry.counter({ name: 'c_total', help: 'C.', collect: () => assert.fail('not called any more') });
  assert.equal(registry.unregister('c_total'), true);
  assert.equal(registry.unregister('c_total'), false);
  assert.equal(registry.get('c_total'), undefined);
  registry.gauge({ name: 'c', help: 'C.' });
  assert.equal(await registry.expose(), '# HELP c C.\n# TYPE c gauge\nc 0\n');
});

test('reset of a registry zeroes everything and keeps label sets', () => {
  const registry = new Registry();
  const counter = registry.counter({ name: 'c_total', help: 'C.', labelNames: ['x'] });
  counter.inc({ x: 1 }, 5);
  registry.reset();
  assert.deepEqual([counter.labels(1).value, counter.size], [0, 1]);
});

test('listeners hear of every metric, those there were included, until they stop', () => {
  const registry = new Registry();
  registry.gauge({ name: 'a', help: 'A.' });
  const heard: string[] = [];
  const stop = registry.onMetric(({ name }) => heard.push(name));
  registry.gauge({ name: 'b', help: 'B.' });
  stop();
  registry.gauge({ name: 'c', help: 'C.' });
  assert.deepEqual(heard, ['a', 'b']);
  assert.deepEqual(
    Array.from(registry.metrics(), ({ name }) => name),
    ['a', 'b', 'c'],
  );
});

test('errors are MetricsErrors with a code', () => {
  assert.throws(
    () => new Registry().counter({ name: '', help: '' }),
    (error) => error instanceof MetricsError && error.name === 'MetricsError' && error.code === 'METRICS_BAD_NAME',
  );
});
