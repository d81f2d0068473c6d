import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits, Registry } from '@dcrouter/metrics';
import { parseExposition, valueOf } from '../helpers/parse.ts';
import { forSeeds } from '../helpers/random.ts';

test('label sets past the limit are counted under other, and every refusal is counted', async () => {
  const registry = new Registry();
  const counter = registry.counter({ name: 'a_total', help: 'A.', labelNames: ['x', 'y'], seriesMax: 3 });
  for (let index = 0; index < 10; index += 1) counter.inc({ x: index, y: 'same' });
  for (let index = 0; index < 10; index += 1) counter.labels(index, 'same').inc();
  const families = parseExposition(await registry.expose(), 'text');
  assert.equal(families.get('a_total')?.samples.length, 4);
  assert.equal(valueOf(families, 'a_total', { x: '2', y: 'same' }), 2);
  assert.equal(valueOf(families, 'a_total', { x: 'other', y: 'other' }), 14);
  assert.equal(valueOf(families, 'metrics_series_dropped_total', { metric: 'a_total' }), 14);
  assert.equal(counter.labels('new', 'new'), counter.labels('newer', 'new'), 'they share the handle of other');
});

test('the default limit holds, and what was refused takes no memory', () => {
  const gauge = new Registry().gauge({ name: 'a', help: 'A.', labelNames: ['x'] });
  for (let index = 0; index < 5_000; index += 1) gauge.set({ x: `v${index}` }, index);
  assert.equal(gauge.size, limits.seriesPerMetric + 1);
});

test('an own label set that is called other becomes the overflow series', () => {
  const counter = new Registry().counter({ name: 'a_total', help: 'A.', labelNames: ['x'], seriesMax: 2 });
  counter.inc({ x: 'other' });
  for (const x of ['a', 'b', 'c']) counter.inc({ x });
  // From then on it is not one of the two that the limit allows.
  assert.deepEqual([counter.labels('other').value, counter.labels('c').value, counter.size], [2, 1, 3]);
});

test('removing a label set makes room again', () => {
  const counter = new Registry().counter({ name: 'a_total', help: 'A.', labelNames: ['x'], seriesMax: 1 });
  counter.inc({ x: 'a' });
  counter.inc({ x: 'b' });
  assert.equal(counter.remove({ x: 'a' }), true);
  assert.equal(counter.remove('nobody'), false);
  assert.throws(() => counter.remove(...([] as unknown as ['a'])), { code: 'METRICS_BAD_LABELS' });
  counter.inc({ x: 'b' }, 5);
  assert.equal(counter.labels('b').value, 5);
  assert.equal(counter.remove('other'), true);
  counter.inc({ x: 'c' }, 2);
  assert.equal(counter.labels('other').value, 2, 'a new overflow series starts at zero');
});

test('a handle of a removed label set reaches nothing', async () => {
  const registry = new Registry({ selfMetrics: false });
  const counter = registry.counter({ name: 'a_total', help: 'A.', labelNames: ['x'] });
  const old = counter.labels('a');
  old.inc(5, { trace_id: 'x' });
  counter.remove('a');
  old.inc(7, { trace_id: 'y' });
  counter.inc({ x: 'b' });
  const text = await registry.expose({ format: 'openmetrics', created: false });
  assert.match(text, /^a_total\{x="b"\} 1$/m, 'the place of a is used by b');
  assert.doesNotMatch(text, /x="a"/);
  assert.notEqual(counter.labels('a'), old);
  assert.equal(counter.labels('a').value, 0);
});

test('remove without labels sets a plain metric to zero', () => {
  const gauge = new Registry().gauge({ name: 'a', help: 'A.' });
  gauge.set(5);
  assert.equal(gauge.remove(...([] as unknown as [never])), true);
  assert.equal(gauge.labels().value, 0);
});

test('label values are cut to the allowed bytes, never inside a character', async () => {
  const registry = new Registry();
  const counter = registry.counter({ name: 'a_total', help: 'A.', labelNames: ['x'] });
  const cases = [
    'x'.repeat(5_000),
    'é'.repeat(1_000),
    `a${'€'.repeat(600)}`,
    `aaa${'\u{1f600}'.repeat(400)}`,
    'x'.repeat(1_024),
  ];
  for (const x of cases) counter.inc({ x });
  counter.inc({ x: `${cases[0]}tail` });
  const families = parseExposition(await registry.expose(), 'text');
  const values = families.get('a_total')!.samples.map(({ labels }) => labels['x']!);
  for (const value of values) {
    const bytes = Buffer.byteLength(value);
    assert.ok(bytes <= limits.labelValueBytesMax && bytes > limits.labelValueBytesMax - 4, String(bytes));
    assert.ok(
      cases.some((whole) => whole.startsWith(value)),
      'a prefix of what was given',
    );
  }
  assert.equal(values.length, 4, 'two that differ only behind the cut are one');
  assert.ok(valueOf(families, 'metrics_label_values_truncated_total') >= 4);
});

test('lone surrogates become the replacement character', async () => {
  const registry = new Registry();
  const counter = registry.counter({ name: 'a_total', help: 'A.', labelNames: ['x'] });
  counter.inc({ x: 'a\ud800' });
  counter.inc({ x: 'a\ud801' });
  assert.match(await registry.expose(), /^a_total\{x="a\ufffd"\} 2$/mu);
});

test('numbers and their text are one value, also after removal', () => {
  const counter = new Registry().counter({ name: 'a_total', help: 'A.', labelNames: ['x'] });
  for (const x of [1, '1', 1.0, -0, 0, '0', NaN, 'NaN']) counter.inc({ x });
  assert.deepEqual(
    [counter.size, counter.labels(1).value, counter.labels(0).value, counter.labels('NaN').value],
    [3, 3, 3, 2],
  );
  counter.remove(1);
  counter.inc({ x: 2 });
  assert.equal(counter.labels(1).value, 0);
});

test('a table under constant change equals a plain map', () => {
  forSeeds(30, (random) => {
    const labelNames = ['a', 'b', 'c', 'd', 'e', 'f'].slice(0, 1 + random.below(6));
    const counter = new Registry().counter({ name: 'a_total', help: 'A.', labelNames, seriesMax: 10_000 });
    const exact = new Map<string, number>();
    for (let step = 0; step < 3_000; step += 1) {
      const values = labelNames.map((_, position) => `v${random.below(position < 2 ? 12 : 2)}`);
      const key = values.join();
      if (random.next() < 0.4) {
        assert.equal(counter.remove(...(values as [string])), exact.delete(key));
      } else {
        counter.labels(...(values as [string])).inc();
        exact.set(key, (exact.get(key) ?? 0) + 1);
      }
    }
    assert.equal(counter.size, exact.size);
    for (const [key, count] of exact) assert.equal(counter.labels(...(key.split(',') as [string])).value, count);
  });
});
