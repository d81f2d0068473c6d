import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  defaultBuckets,
  exponentialBuckets,
  LatencyHistogram,
  linearBuckets,
  limits,
  Registry,
} from '@dcrouter/metrics';
import { parseExposition } from '../helpers/parse.ts';
import { forSeeds } from '../helpers/random.ts';

test('values fall into the first bucket whose bound is not below them', async () => {
  const registry = new Registry({ selfMetrics: false });
  const histogram = registry.histogram({ name: 'h', help: 'H.', buckets: [1, 2, 5] });
  for (const value of [0, 1, 1.5, 2, 5, 6, -3]) histogram.observe(value);
  const lines = (await registry.expose()).split('\n').slice(2, -1);
  assert.deepEqual(lines, [
    'h_bucket{le="1"} 3',
    'h_bucket{le="2"} 5',
    'h_bucket{le="5"} 6',
    'h_bucket{le="+Inf"} 7',
    'h_sum 12.5',
    'h_count 7',
  ]);
  assert.deepEqual([histogram.labels().count, histogram.labels().sum], [7, 12.5]);
});

test('every way to observe counts alike', () => {
  forSeeds(20, (random) => {
    const buckets = Array.from({ length: 1 + random.below(30) }, (_, index) => index * 2 + random.next());
    const registry = new Registry();
    const histogram = registry.histogram({ name: 'h', help: 'H.', labelNames: ['x'], buckets });
    const kept = histogram.labels('kept');
    const exact = new Map<number, number>();
    for (let step = 0; step < 500; step += 1) {
      const value = random.pick([random.next() * 70, random.pick(buckets)]);
      kept.observe(value);
      histogram.observe({ x: 'given' }, value);
      const bucket = buckets.findIndex((bound) => value <= bound);
      exact.set(bucket, (exact.get(bucket) ?? 0) + 1);
    }
    for (const child of [kept, histogram.labels('given')]) {
      const counts = child.values.subarray(child.at, child.at + buckets.length + 1);
      buckets.forEach((_, bucket) => assert.equal(counts[bucket], exact.get(bucket) ?? 0));
      assert.equal(counts[buckets.length], exact.get(-1) ?? 0);
      assert.equal(child.count, 500);
    }
  });
});

test('values that are not numbers are refused', () => {
  const registry = new Registry();
  const plain = registry.histogram({ name: 'a', help: 'A.' });
  const labelled = registry.histogram({ name: 'b', help: 'B.', labelNames: ['x'] });
  for (const value of [NaN, undefined, '3'] as number[]) {
    assert.throws(() => plain.observe(value), { code: 'METRICS_BAD_VALUE' });
    assert.throws(() => plain.labels().observe(value), { code: 'METRICS_BAD_VALUE' });
    assert.throws(() => labelled.observe({ x: 1 }, value), { code: 'METRICS_BAD_VALUE' });
  }
  // @ts-expect-error labels are needed
  assert.throws(() => labelled.observe(3), { code: 'METRICS_BAD_LABELS' });
});

test('bucket helpers make the bounds that they say', () => {
  assert.deepEqual(exponentialBuckets(1, 2, 4), [1, 2, 4, 8]);
  assert.deepEqual(linearBuckets(0, 5, 3), [0, 5, 10]);
  assert.equal(defaultBuckets.length, 11);
  const bad = [
    () => exponentialBuckets(0, 2, 3),
    () => exponentialBuckets(1, 1, 3),
    () => exponentialBuckets(1, 2, 0),
    () => linearBuckets(0, 0, 3),
    () => linearBuckets(0, 1, limits.bucketsMax + 1),
  ];
  for (const make of bad) assert.throws(make, { code: 'METRICS_BAD_BUCKETS' });
});

test('buckets that make no sense are refused, a last +Inf is accepted', () => {
  const registry = new Registry();
  for (const buckets of [[], [2, 1], [1, 1], [1, NaN], [Infinity], [-Infinity, 1]]) {
    assert.throws(() => registry.histogram({ name: 'h', help: 'H.', buckets }), { code: 'METRICS_BAD_BUCKETS' });
  }
  assert.equal(registry.histogram({ name: 'h', help: 'H.', buckets: [1, Infinity] }).bounds.length, 1);
});

test('a negative sum is left out of OpenMetrics too', async () => {
  const registry = new Registry({ selfMetrics: false });
  registry.histogram({ name: 'h', help: 'H.', buckets: [1] }).observe(-3);
  assert.match(await registry.expose(), /^h_sum -3$/m);
  assert.doesNotMatch(await registry.expose({ format: 'openmetrics' }), /h_sum|h_count/);
});

test('with bounds below zero OpenMetrics has neither sum nor count', async () => {
  const registry = new Registry({ selfMetrics: false });
  registry.histogram({ name: 'h', help: 'H.', buckets: [-1, 1] }).observe(-3);
  const names = (text: string) => [...text.matchAll(/^h\w*/gm)].map(([name]) => name);
  assert.deepEqual(names(await registry.expose()), ['h_bucket', 'h_bucket', 'h_bucket', 'h_sum', 'h_count']);
  assert.deepEqual(names(await registry.expose({ format: 'openmetrics', created: false })), [
    'h_bucket',
    'h_bucket',
    'h_bucket',
  ]);
});

test('a latency histogram is loaded at scrape time', async () => {
  const registry = new Registry({ selfMetrics: false });
  const native = new LatencyHistogram();
  for (const seconds of [0.001, 0.02, 0.3, 4]) native.observe(seconds);
  const bounds = [0.01, 0.1, 1];
  registry.histogram({
    name: 'h_seconds',
    help: 'H.',
    buckets: bounds,
    collect: (histogram) => histogram.labels().load(native.cumulative(bounds), native.sum),
  });
  const lines = (await registry.expose()).split('\n').slice(2, -1);
  assert.deepEqual(lines, [
    'h_seconds_bucket{le="0.01"} 1',
    'h_seconds_bucket{le="0.1"} 2',
    'h_seconds_bucket{le="1"} 3',
    'h_seconds_bucket{le="+Inf"} 4',
    'h_seconds_sum 4.321',
    'h_seconds_count 4',
  ]);
  const child = registry.histogram({ name: 'i', help: 'I.', buckets: bounds }).labels();
  assert.throws(() => child.load(native.cumulative([0.01, 0.1]), 1), { code: 'METRICS_BAD_BUCKETS' });
  assert.throws(() => child.load(native.cumulative([0.01, 0.1, 2]), 1), { code: 'METRICS_BAD_BUCKETS' });
});

test('an exemplar stays with the bucket of its value', async () => {
  const registry = new Registry({ selfMetrics: false });
  const histogram = registry.histogram({ name: 'h', help: 'H.', labelNames: ['x'], buckets: [1, 2] });
  histogram.observe({ x: 'a' }, 1.5, { trace_id: 'one' });
  histogram.labels('a').observe(9, { trace_id: 'two' });
  const plain = registry.histogram({ name: 'p', help: 'P.', buckets: [1] });
  plain.observe(0.5, { trace_id: 'three' });
  const families = parseExposition(await registry.expose({ format: 'openmetrics' }), 'openmetrics');
  const found = [...families.values()].flatMap(({ samples }) =>
    samples.filter(({ exemplar }) => exemplar !== undefined),
  );
  assert.deepEqual(
    found.map(({ name, labels, exemplar }) => [name, labels['le'], exemplar?.labels['trace_id'], exemplar?.value]),
    [
      ['h_bucket', '2.0', 'one', 1.5],
      ['h_bucket', '+Inf', 'two', 9],
      ['p_bucket', '1.0', 'three', 0.5],
    ],
  );
  histogram.remove('a');
  histogram.observe({ x: 'a' }, 1.5);
  plain.reset();
  assert.doesNotMatch(await registry.expose({ format: 'openmetrics' }), / # \{/);
});
