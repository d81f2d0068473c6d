import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits, Registry } from '@dcrouter/metrics';

test('a summary shows quantiles, sum and count', async () => {
  const registry = new Registry({ selfMetrics: false });
  const summary = registry.summary({ name: 's_seconds', help: 'S.', labelNames: ['x'], quantiles: [0, 0.5, 1] });
  const child = summary.labels('a');
  for (const value of [0.5, 1, 2]) child.observe(value);
  summary.observe({ x: 'a' }, 4);
  const lines = (await registry.expose()).split('\n').slice(2, -1);
  assert.deepEqual(lines, [
    's_seconds{x="a",quantile="0"} 0.515625',
    's_seconds{x="a",quantile="0.5"} 1.03125',
    's_seconds{x="a",quantile="1"} 4',
    's_seconds_sum{x="a"} 7.5',
    's_seconds_count{x="a"} 4',
  ]);
  summary.reset();
  assert.deepEqual([child.count, child.sum, summary.quantilesOf(0)], [0, 0, [NaN, NaN, NaN]]);
});

test('a removed label set starts anew', () => {
  const summary = new Registry().summary({ name: 's', help: 'S.', labelNames: ['x'] });
  const old = summary.labels('a');
  old.observe(5);
  assert.equal(summary.remove('a'), true);
  old.observe(7);
  assert.equal(summary.labels('a').count, 0);
  assert.deepEqual(summary.quantilesOf(0), [NaN, NaN, NaN]);
});

test('options and values that make no sense are refused', () => {
  const registry = new Registry();
  const quantiles = [
    [-0.1],
    [1.1],
    [0.9, 0.5],
    [0.5, 0.5],
    Array.from({ length: limits.quantilesMax + 1 }, (_, i) => i / 100),
  ];
  for (const bad of quantiles) {
    assert.throws(() => registry.summary({ name: 's', help: 'S.', quantiles: bad }), { code: 'METRICS_BAD_QUANTILES' });
  }
  for (const bad of [{ windowSeconds: 0 }, { windowParts: 0 }, { windowParts: 1.5 }, { windowParts: 61 }]) {
    assert.throws(() => registry.summary({ name: 's', help: 'S.', ...bad }), { code: 'METRICS_BAD_OPTION' });
  }
  const summary = registry.summary({ name: 's', help: 'S.' });
  for (const value of [NaN, Infinity, -Infinity, -0.5]) {
    assert.throws(() => summary.observe(value), { code: 'METRICS_BAD_VALUE' });
    assert.throws(() => summary.labels().observe(value), { code: 'METRICS_BAD_VALUE' });
  }
  const labelled = registry.summary({ name: 'l', help: 'L.', labelNames: ['x'] });
  // @ts-expect-error labels are needed
  assert.throws(() => labelled.observe(3), { code: 'METRICS_BAD_LABELS' });
});
