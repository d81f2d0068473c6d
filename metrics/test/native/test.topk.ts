import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits, TopK } from '@dcrouter/metrics';
import { FakeClock } from '../helpers/clock.ts';
import { forSeeds } from '../helpers/random.ts';
import type { Random } from '../helpers/random.ts';

/** Checks the guarantees of the sketch against exact counts. */
function checkBounds(sketch: TopK, exact: Map<string, number>, capacity: number): void {
  let total = 0;
  for (const count of exact.values()) total += count;
  assert.ok(Math.abs(sketch.total - total) <= total * 1e-9);
  const slack = total * 1e-9;
  const entries = sketch.top(Infinity);
  const found = new Set<string>();
  let last = Infinity;
  for (const { key, count, maxError } of entries) {
    assert.ok(!found.has(key), `${key} appears twice`);
    found.add(key);
    const truth = exact.get(key) ?? 0;
    assert.ok(count >= truth - slack, `${key}: ${count} is below the true ${truth}`);
    assert.ok(count - maxError <= truth + slack, `${key}: ${count} - ${maxError} is above the true ${truth}`);
    assert.ok(maxError <= total / capacity + slack, `${key}: error ${maxError} is above N/k`);
    assert.ok(count <= last, 'entries come heaviest first');
    last = count;
  }
  for (const [key, truth] of exact) {
    if (truth > total / capacity + slack) assert.ok(found.has(key), `${key} with ${truth} of ${total} is missing`);
  }
}

const streams: Record<string, (random: Random, step: number) => string> = {
  'zipf': (random) => `z${Math.floor(1 / (random.next() + 1e-4))}`,
  'uniform': (random) => `u${random.below(5_000)}`,
  // Each newcomer pushes the lightest out: the worst order for the sketch.
  'ever new': (random, step) => (random.next() < 0.3 ? `heavy${random.below(3)}` : `n${step}`),
  'round robin': (_, step) => `r${step % 65}`,
  'late heavy': (random, step) => (step > 4_000 ? 'late' : `early${random.below(1_000)}`),
};

for (const [name, next] of Object.entries(streams)) {
  test(`the bounds hold on a stream that is ${name}`, () => {
    forSeeds(12, (random) => {
      const capacity = random.pick([1, 2, 16, 64, 500]);
      const sketch = new TopK({ capacity });
      const exact = new Map<string, number>();
      const weighted = random.next() < 0.5;
      for (let step = 0; step < 8_000; step += 1) {
        const key = next(random, step);
        const count = weighted ? 1 + random.below(9) : 1;
        sketch.add(key, count);
        exact.set(key, (exact.get(key) ?? 0) + count);
      }
      assert.ok(sketch.size <= capacity);
      checkBounds(sketch, exact, capacity);
    });
  });
}

test('counts are exact while the keys fit', () => {
  forSeeds(20, (random) => {
    const sketch = new TopK({ capacity: 50 });
    const exact = new Map<string, number>();
    for (let step = 0; step < 3_000; step += 1) {
      const key = `k${random.below(50)}`;
      const count = random.pick([1, 1, 1, 2, 0.5]);
      sketch.add(key, count);
      exact.set(key, (exact.get(key) ?? 0) + count);
    }
    for (const { key, count, maxError } of sketch.top(50)) assert.deepEqual([count, maxError], [exact.get(key), 0]);
    assert.equal(sketch.size, exact.size);
  });
});

test('the bounds hold for the decayed stream', () => {
  forSeeds(10, (random) => {
    const sketch = new TopK({ capacity: 32 });
    const exact = new Map<string, number>();
    for (let step = 0; step < 5_000; step += 1) {
      const key = streams['zipf']!(random, step);
      sketch.add(key);
      exact.set(key, (exact.get(key) ?? 0) + 1);
      if (step % 500 !== 499) continue;
      const factor = random.pick([0.5, 0.9, 1, 0.3]);
      sketch.decay(factor);
      for (const [known, count] of exact) exact.set(known, count * factor);
    }
    checkBounds(sketch, exact, 32);
  });
});

test('top gives the heaviest first and at most as many as asked for', () => {
  const sketch = new TopK({ capacity: 10 });
  for (const [key, count] of [
    ['a', 5],
    ['b', 9],
    ['c', 1],
  ] as const)
    sketch.add(key, count);
  assert.deepEqual(sketch.top(2), [
    { key: 'b', count: 9, maxError: 0 },
    { key: 'a', count: 5, maxError: 0 },
  ]);
  assert.deepEqual(sketch.top(0), []);
});

test('counts that are not above zero are ignored', () => {
  const sketch = new TopK({ capacity: 2 });
  for (const count of [0, -1, NaN]) sketch.add('a', count);
  assert.deepEqual([sketch.size, sketch.total], [0, 0]);
});

test('old traffic fades when a half-life is given', () => {
  const clock = new FakeClock();
  const sketch = new TopK({ capacity: 4, halfLifeMs: 1_000, nowMs: clock.now });
  sketch.add('old', 8);
  clock.pass(999);
  assert.equal(sketch.top(1)[0]?.count, 8);
  clock.pass(1);
  assert.equal(sketch.top(1)[0]?.count, 4);
  clock.pass(2_500);
  sketch.add('new', 2);
  assert.deepEqual(
    sketch.top(2).map(({ key, count }) => [key, count]),
    [
      ['new', 2],
      ['old', 1],
    ],
  );
  clock.pass(1e12);
  assert.ok(sketch.top(1)[0]!.count < 1e-15);
});

test('long keys are cut, and cut alike each time', () => {
  const sketch = new TopK({ capacity: 2 });
  const long = 'x'.repeat(limits.keyCharsMax + 10);
  sketch.add(long);
  sketch.add(`${long}y`);
  assert.deepEqual(sketch.top(1), [{ key: 'x'.repeat(limits.keyCharsMax), count: 2, maxError: 0 }]);
});

test('clear forgets everything', () => {
  const sketch = new TopK({ capacity: 2 });
  for (const key of ['a', 'b', 'c', 'c']) sketch.add(key);
  sketch.clear();
  assert.deepEqual([sketch.size, sketch.total, sketch.top(5).length], [0, 0, 0]);
  sketch.add('d');
  assert.deepEqual(sketch.top(5), [{ key: 'd', count: 1, maxError: 0 }]);
});

test('options that make no sense are refused', () => {
  assert.equal(new TopK().size, 0);
  for (const capacity of [0, -1, 1.5, NaN, limits.topKCapacityMax + 1]) {
    assert.throws(() => new TopK({ capacity }), { code: 'METRICS_BAD_OPTION' });
  }
  for (const halfLifeMs of [0, -1, NaN]) assert.throws(() => new TopK({ halfLifeMs }), { code: 'METRICS_BAD_OPTION' });
  for (const factor of [0, 1.1, NaN]) assert.throws(() => new TopK().decay(factor), { code: 'METRICS_BAD_OPTION' });
  const halved = new TopK();
  halved.add('a', 4);
  halved.decay();
  assert.equal(halved.total, 2);
});
