import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry } from '@dcrouter/metrics';

test('a gauge goes up, down and where it is set', () => {
  const registry = new Registry();
  const plain = registry.gauge({ name: 'a', help: 'A.' });
  plain.set(5);
  plain.inc();
  plain.inc(2);
  plain.dec();
  plain.dec(0.5);
  assert.equal(plain.labels().value, 6.5);
  const labelled = registry.gauge({ name: 'b', help: 'B.', labelNames: ['x'] });
  labelled.set({ x: 1 }, 5);
  labelled.inc({ x: 1 });
  labelled.inc({ x: 1 }, 2);
  labelled.dec({ x: 1 });
  labelled.dec({ x: 1 }, 0.5);
  const child = labelled.labels(1);
  assert.equal(child.value, 6.5);
  child.set(-1);
  child.inc(3);
  child.dec();
  child.inc();
  child.dec(0.5);
  assert.equal(child.value, 1.5);
});

test('the current time is in seconds since the epoch', () => {
  const registry = new Registry();
  const plain = registry.gauge({ name: 'a', help: 'A.' });
  const labelled = registry.gauge({ name: 'b', help: 'B.', labelNames: ['x'] });
  const before = Date.now() / 1_000;
  plain.setToCurrentTime();
  labelled.setToCurrentTime({ x: 1 });
  const after = Date.now() / 1_000;
  for (const { value } of [plain.labels(), labelled.labels(1)]) assert.ok(value >= before && value <= after);
  labelled.labels(2).setToCurrentTime();
  assert.ok(labelled.labels(2).value >= before);
});

test('infinities can be set, NaN and infinite steps are refused', async () => {
  const registry = new Registry({ selfMetrics: false });
  const gauge = registry.gauge({ name: 'a', help: 'A.' });
  gauge.set(-Infinity);
  assert.match(await registry.expose(), /^a -Inf$/m);
  gauge.labels().set(Infinity);
  assert.match(await registry.expose(), /^a \+Inf$/m);
  gauge.set(1);
  for (const value of [NaN, undefined, '3'] as number[]) {
    assert.throws(() => gauge.set(value), { code: 'METRICS_BAD_VALUE' });
    assert.throws(() => gauge.labels().set(value), { code: 'METRICS_BAD_VALUE' });
  }
  for (const by of [NaN, Infinity, -Infinity]) {
    assert.throws(() => gauge.inc(by), { code: 'METRICS_BAD_VALUE' });
    assert.throws(() => gauge.dec(by), { code: 'METRICS_BAD_VALUE' });
    assert.throws(() => gauge.labels().inc(by), { code: 'METRICS_BAD_VALUE' });
    assert.throws(() => gauge.labels().dec(by), { code: 'METRICS_BAD_VALUE' });
  }
  assert.equal(gauge.labels().value, 1);
});

test('a gauge with labels cannot be set without them', () => {
  const gauge = new Registry().gauge({ name: 'a', help: 'A.', labelNames: ['x'] });
  // @ts-expect-error labels are needed
  assert.throws(() => gauge.set(1), { code: 'METRICS_BAD_LABELS' });
  // @ts-expect-error labels are needed
  assert.throws(() => gauge.setToCurrentTime(), { code: 'METRICS_BAD_LABELS' });
});
