import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry } from '@dcrouter/metrics';

test('a counter without labels starts at zero and grows', async () => {
  const registry = new Registry({ selfMetrics: false });
  const counter = registry.counter({ name: 'a_total', help: 'A.' });
  assert.match(await registry.expose(), /^a_total 0$/m);
  counter.inc();
  counter.inc(2.5);
  assert.equal(counter.labels().value, 3.5);
  assert.match(await registry.expose(), /^a_total 3\.5$/m);
});

test('labels are given by name, by position or through a handle, and mean the same series', () => {
  const counter = new Registry().counter({ name: 'a_total', help: 'A.', labelNames: ['method', 'code'] });
  counter.inc({ method: 'GET', code: 200 });
  counter.inc({ code: '200', method: 'GET' }, 2);
  counter.labels('GET', 200).inc();
  counter.labels({ code: 200, method: 'GET' }).inc();
  assert.equal(counter.labels('GET', '200').value, 5);
  assert.equal(counter.labels('GET', 200), counter.labels({ method: 'GET', code: '200' }), 'one handle per label set');
  assert.equal(counter.size, 1);
});

test('what is not a finite number of zero or more is refused', () => {
  const registry = new Registry();
  const plain = registry.counter({ name: 'a_total', help: 'A.' });
  const labelled = registry.counter({ name: 'b_total', help: 'B.', labelNames: ['x'] });
  for (const by of [-1, NaN, Infinity, '1x' as unknown as number]) {
    assert.throws(() => plain.inc(by), { code: 'METRICS_BAD_VALUE' });
    assert.throws(() => labelled.inc({ x: 'y' }, by), { code: 'METRICS_BAD_VALUE' });
    assert.throws(() => labelled.labels('y').inc(by), { code: 'METRICS_BAD_VALUE' });
  }
  assert.deepEqual([plain.labels().value, labelled.labels('y').value], [0, 0]);
});

test('wrong labels are refused with their names', () => {
  const registry = new Registry();
  const counter = registry.counter({ name: 'a_total', help: 'A.', labelNames: ['method', 'code'] });
  const loose = counter as unknown as { inc(labels?: object | number): void; labels(...values: unknown[]): unknown };
  assert.throws(() => loose.inc({ method: 'GET' }), { code: 'METRICS_BAD_LABELS', message: /'code' has no value/ });
  assert.throws(() => loose.inc({ method: 'GET', code: 1, path: '/' }), { message: /no label 'path'.*method, code/ });
  assert.throws(() => loose.inc(), { code: 'METRICS_BAD_LABELS' });
  assert.throws(() => loose.inc(3), { code: 'METRICS_BAD_LABELS' });
  assert.throws(() => loose.labels('GET'), { message: /1 label values given for 2 labels/ });
  assert.throws(() => loose.labels(), { code: 'METRICS_BAD_LABELS' });
  const plain = registry.counter({ name: 'b_total', help: 'B.' }) as unknown as typeof loose;
  assert.throws(() => plain.labels('x'), { message: /1 label values given for 0 labels \(none\)/ });
  assert.throws(() => plain.inc({ x: 1 }), { message: /b_total has no label 'x'; it has none/ });
  assert.equal(counter.size, 0);
});

test('label names are part of the type', () => {
  const counter = new Registry().counter({ name: 'a_total', help: 'A.', labelNames: ['method', 'code'] });
  // @ts-expect-error the label is misspelt
  assert.throws(() => counter.inc({ metod: 'GET', code: 200 }));
  // @ts-expect-error a label is missing
  assert.throws(() => counter.labels('GET'));
  // @ts-expect-error labels are needed
  assert.throws(() => counter.inc());
  counter.inc({ method: 'GET', code: 200 });
  assert.equal(counter.size, 1);
});

test('exemplars go with the last increment that had one', async () => {
  const registry = new Registry({ wallMs: () => 5_000 });
  const counter = registry.counter({ name: 'a_total', help: 'A.', labelNames: ['x'] });
  const plain = registry.counter({ name: 'b_total', help: 'B.' });
  counter.labels('1').inc(2, { trace_id: 'first' });
  counter.labels('1').inc(1, { trace_id: 'sec"ond' });
  counter.inc({ x: '1' });
  counter.inc({ x: '2' }, 4, { trace_id: 'third' });
  plain.inc(1, { trace_id: 'fourth' });
  const open = await registry.expose({ format: 'openmetrics', created: false });
  assert.match(open, /^a_total\{x="1"\} 4 # \{trace_id="sec\\"ond"\} 1$/m);
  assert.match(open, /^a_total\{x="2"\} 4 # \{trace_id="third"\} 4$/m);
  assert.match(open, /^b_total 1 # \{trace_id="fourth"\} 1$/m);
  assert.match(await registry.expose(), /^a_total\{x="1"\} 4$/m, 'text 0.0.4 has no exemplars');
  counter.reset();
  plain.reset();
  assert.doesNotMatch(await registry.expose({ format: 'openmetrics' }), / # \{/);
});

test('exemplars that OpenMetrics does not allow are refused and counted', async () => {
  const registry = new Registry();
  const counter = registry.counter({ name: 'a_total', help: 'A.' });
  counter.inc(1, { 'trace-id': 'x' });
  counter.inc(1, { trace_id: 'x'.repeat(121) });
  counter.inc(1, { trace_id: '\u{1f600}'.repeat(121) });
  counter.inc(1, { trace_id: 7 as unknown as string });
  const text = await registry.expose({ format: 'openmetrics' });
  assert.doesNotMatch(text, / # \{/);
  assert.match(text, /^metrics_exemplars_rejected_total 4$/m);
  counter.inc(1, { trace_id: '\u{1f600}'.repeat(120) });
  assert.match(await registry.expose({ format: 'openmetrics' }), / # \{/);
  assert.equal(counter.labels().value, 5, 'the increments themselves count');
});
