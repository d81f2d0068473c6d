import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits, Registry } from '@dcrouter/metrics';
import { parseExposition, valueOf } from '../helpers/parse.ts';

function many(count: number): Registry {
  const registry = new Registry({ selfMetrics: false });
  const counter = registry.counter({ name: 'a_total', help: 'A.', labelNames: ['x'], seriesMax: count });
  for (let index = 0; index < count; index += 1) counter.inc({ x: index }, index);
  return registry;
}

test('a large exposition comes in slices and lets others run in between', async () => {
  const registry = many(20_000);
  let turns = 0;
  let done = false;
  const tick = (): void => {
    turns += 1;
    if (!done) setImmediate(tick);
  };
  setImmediate(tick);
  const sizes: number[] = [];
  for await (const slice of registry.exposeSlices({ holdMs: 0 })) sizes.push(slice.length);
  done = true;
  assert.ok(sizes.length > 5);
  for (const size of sizes) assert.ok(size <= limits.sliceBytes);
  assert.ok(turns >= sizes.length - 1, 'the loop turned after each slice');
});

test('a slice never splits a series, and every series is there once', async () => {
  const registry = many(5_000);
  const whole: string[] = [];
  for await (const slice of registry.exposeSlices()) {
    const text = Buffer.from(slice).toString();
    assert.ok(text.endsWith('\n'));
    whole.push(text);
  }
  const { samples } = parseExposition(whole.join(''), 'text').get('a_total')!;
  assert.equal(samples.length, 5_000);
  for (const { labels, value } of samples) assert.equal(value, Number(labels['x']));
});

test('series that come and go between slices do no harm', async () => {
  const registry = many(6_000);
  const counter = registry.get('a_total') as ReturnType<Registry['counter']> & { remove(x: string): boolean };
  const loose = counter as unknown as { inc(labels: object): void; remove(x: number): boolean };
  const parts: string[] = [];
  let at = 0;
  for await (const slice of registry.exposeSlices()) {
    parts.push(Buffer.from(slice).toString());
    for (let step = 0; step < 500; step += 1) loose.remove((at += 7) % 6_000);
    for (let step = 0; step < 200; step += 1) loose.inc({ x: `new${at}-${step}` });
  }
  parseExposition(parts.join(''), 'text');
});

test('a series larger than a slice is written whole', async () => {
  const registry = new Registry({ selfMetrics: false });
  const buckets = Array.from({ length: limits.bucketsMax }, (_, index) => index);
  const histogram = registry.histogram({ name: 'h', help: 'H.', labelNames: ['x', 'y'], buckets });
  histogram.observe({ x: 'é'.repeat(500), y: '"'.repeat(1_000) }, 5);
  histogram.observe({ x: 'small', y: '' }, 5);
  const { samples } = parseExposition(await registry.expose(), 'text').get('h')!;
  assert.equal(samples.length, 2 * (limits.bucketsMax + 3));
});

test('exemplars of the largest allowed size fit', async () => {
  const registry = new Registry({ selfMetrics: false });
  const histogram = registry.histogram({
    name: 'h',
    help: 'H.',
    labelNames: ['x'],
    buckets: Array.from({ length: 200 }, (_, i) => i),
  });
  const labels = Object.fromEntries(
    Array.from({ length: 26 }, (_, index) => [String.fromCharCode(97 + index), '"""'.slice(0, 3)]),
  );
  for (let x = 0; x < 20; x += 1) for (let value = 0; value < 200; value += 1) histogram.observe({ x }, value, labels);
  const { samples } = parseExposition(await registry.expose({ format: 'openmetrics' }), 'openmetrics').get('h')!;
  assert.equal(samples.filter(({ exemplar }) => exemplar !== undefined).length, 4_000);
});

test('collect callbacks run before each exposition, side by side', async () => {
  const registry = new Registry({ selfMetrics: false });
  let calls = 0;
  registry.gauge({ name: 'a', help: 'A.', collect: (gauge) => gauge.set((calls += 1)) });
  registry.gauge({
    name: 'b',
    help: 'B.',
    collect: async (gauge) => {
      await new Promise(setImmediate);
      gauge.set(calls * 10);
    },
  });
  assert.equal(valueOf(parseExposition(await registry.expose(), 'text'), 'b'), 10);
  assert.equal(valueOf(parseExposition(await registry.expose(), 'text'), 'a'), 2);
});

test('a collect callback that fails or is late costs only its own values, and is counted', async () => {
  const registry = new Registry();
  registry.gauge({ name: 'throws', help: 'T.', collect: () => assert.fail('sync') });
  registry.gauge({ name: 'rejects', help: 'R.', collect: () => Promise.reject(new Error('async')) });
  registry.gauge({ name: 'hangs', help: 'H.', collect: () => new Promise(() => {}) });
  registry.gauge({ name: 'works', help: 'W.', collect: (gauge) => gauge.set(1) });
  const families = parseExposition(await registry.expose({ collectTimeoutMs: 5 }), 'text');
  assert.equal(valueOf(families, 'works'), 1);
  const failures = (metric: string, reason: string): number => {
    return valueOf(families, 'metrics_collect_failures_total', { metric, reason });
  };
  assert.deepEqual(
    [
      failures('throws', 'error'),
      failures('rejects', 'error'),
      failures('hangs', 'timeout'),
      failures('works', 'error'),
    ],
    [1, 1, 1, 0],
  );
});
