import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits, RateMeter, ThroughputMeter } from '@dcrouter/metrics';
import { FakeClock } from '../helpers/clock.ts';
import { forSeeds } from '../helpers/random.ts';

test('a rate is the mean over full seconds, without the one in progress', () => {
  const clock = new FakeClock(10_250);
  const meter = new RateMeter({ nowMs: clock.now });
  meter.add();
  meter.add(3);
  assert.equal(meter.perSecond(1), 0, 'the second in progress does not count');
  clock.ms = 11_000;
  assert.equal(meter.perSecond(1), 4);
  assert.equal(meter.perSecond(10), 0.4);
  meter.add(6);
  clock.ms = 12_999;
  assert.equal(meter.perSecond(2), 5);
  assert.equal(meter.total, 10);
});

test('seconds without events count as zero and old ones leave the window', () => {
  const clock = new FakeClock();
  const meter = new RateMeter({ seconds: 5, nowMs: clock.now });
  meter.add(10);
  clock.ms = 5_000;
  assert.equal(meter.perSecond(5), 2);
  clock.ms = 6_000;
  assert.equal(meter.perSecond(5), 0);
  clock.ms = 1e9;
  assert.equal(meter.perSecond(5), 0);
  assert.equal(meter.total, 10);
});

test('the window is clamped to what the meter remembers', () => {
  const clock = new FakeClock();
  const meter = new RateMeter({ seconds: 2, nowMs: clock.now });
  meter.add(8);
  clock.ms = 1_500;
  assert.equal(meter.perSecond(100), 4);
  assert.equal(meter.perSecond(0), 8);
  assert.equal(meter.perSecond(1.9), 8);
});

test('a time given by the caller is used, and one that steps back counts as now', () => {
  const clock = new FakeClock(5_000);
  const meter = new RateMeter({ nowMs: clock.now });
  meter.add(1, 7_000);
  meter.add(1, 6_000);
  clock.ms = 8_000;
  assert.equal(meter.perSecond(1), 2);
});

test('meters refuse a memory that makes no sense', () => {
  for (const seconds of [0, -1, 1.5, NaN, limits.rateMeterSecondsMax + 1]) {
    assert.throws(() => new RateMeter({ seconds }), { code: 'METRICS_BAD_OPTION' });
    assert.throws(() => new ThroughputMeter({ seconds }), { code: 'METRICS_BAD_OPTION' });
  }
});

test('meters run on the monotonic clock when none is given', () => {
  const rate = new RateMeter();
  rate.add();
  assert.equal(rate.total, 1);
  assert.ok(rate.perSecond(1) >= 0);
  const throughput = new ThroughputMeter();
  throughput.add(1, 2);
  assert.deepEqual([throughput.totalIn, throughput.totalOut], [1, 2]);
});

test('throughput keeps the two directions apart', () => {
  const clock = new FakeClock();
  const meter = new ThroughputMeter({ seconds: 10, nowMs: clock.now });
  meter.add(100, 1);
  clock.ms = 1_000;
  meter.add(50, 0, 1_000);
  clock.ms = 2_000;
  assert.deepEqual(meter.perSecond(2), { bytesIn: 75, bytesOut: 0.5 });
  assert.deepEqual(meter.perSecond(1), { bytesIn: 50, bytesOut: 0 });
  clock.ms = 60_000;
  assert.deepEqual(meter.perSecond(10), { bytesIn: 0, bytesOut: 0 });
});

test('rates equal those of a list of all events', () => {
  forSeeds(50, (random) => {
    const clock = new FakeClock(random.below(1e6));
    const seconds = 1 + random.below(20);
    const meter = new RateMeter({ seconds, nowMs: clock.now });
    const events: Array<{ second: number; count: number }> = [];
    for (let step = 0; step < 300; step += 1) {
      clock.pass(random.below(random.pick([10, 500, 4_000, 60_000])));
      const count = random.below(5);
      meter.add(count);
      events.push({ second: Math.floor(clock.ms / 1_000), count });
      const window = 1 + random.below(seconds);
      const now = Math.floor(clock.ms / 1_000);
      const inWindow = events.filter(({ second }) => second < now && second >= now - window);
      const expected = inWindow.reduce((sum, event) => sum + event.count, 0) / window;
      assert.equal(meter.perSecond(window), expected);
    }
  });
});
