import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry } from '@dcrouter/metrics';
import { FakeClock } from '../helpers/clock.ts';

function setUp(seriesMax = 100) {
  const clock = new FakeClock();
  const registry = new Registry({ nowMs: clock.now, selfMetrics: false });
  const gauge = registry.gauge({ name: 'a', help: 'A.', labelNames: ['x'], expireAfterSeconds: 60, seriesMax });
  return { clock, registry, gauge };
}

test('label sets that nobody looks up go after the time', async () => {
  const { clock, registry, gauge } = setUp();
  gauge.set({ x: 'idle' }, 1);
  gauge.set({ x: 'used' }, 1);
  await registry.expose();
  clock.pass(59_000);
  gauge.set({ x: 'used' }, 1);
  await registry.expose();
  assert.equal(gauge.size, 2);
  clock.pass(1_000);
  const text = await registry.expose();
  assert.match(text, /x="used"/, 'setting the same value again is use');
  assert.doesNotMatch(text, /x="idle"/);
  clock.pass(59_000);
  await registry.expose();
  assert.equal(gauge.size, 0);
});

test('a label set with a kept handle stays', async () => {
  const { clock, registry, gauge } = setUp();
  const kept = gauge.labels('kept');
  clock.pass(1e9);
  await registry.expose();
  clock.pass(1e9);
  kept.set(7);
  assert.match(await registry.expose(), /^a\{x="kept"\} 7$/m);
});

test('a full metric looks for idle label sets before it overflows', () => {
  const { clock, gauge } = setUp(2);
  gauge.set({ x: 'a' }, 1);
  gauge.set({ x: 'b' }, 1);
  clock.pass(30_000);
  gauge.set({ x: 'c' }, 1);
  assert.equal(gauge.labels('c'), gauge.labels('other'));
  clock.pass(61_000);
  gauge.set({ x: 'd' }, 4);
  assert.equal(gauge.labels('d').value, 4);
});
