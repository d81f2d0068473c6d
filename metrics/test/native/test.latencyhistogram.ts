import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LatencyHistogram } from '@dcrouter/metrics';
import { forSeeds } from '../helpers/random.ts';
import type { Random } from '../helpers/random.ts';

const RELATIVE_ERROR = 0.05;

function exactQuantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length, Math.max(1, Math.ceil(q * sorted.length))) - 1]!;
}

const distributions: Record<string, (random: Random) => number> = {
  'uniform': (random) => random.next(),
  'exponential': (random) => -Math.log(1 - random.next()) * 0.02,
  'long-tailed': (random) => 1e-6 / (random.next() ** 3 + 1e-12),
  'two-peaked': (random) => (random.next() < 0.9 ? 0.001 + random.next() * 1e-4 : 2 + random.next()),
  'constant': () => 0.123,
};

for (const [name, draw] of Object.entries(distributions)) {
  test(`quantiles of ${name} values are within 5 %`, () => {
    forSeeds(10, (random) => {
      const histogram = new LatencyHistogram();
      const values = Array.from({ length: 5_000 }, () => draw(random));
      for (const value of values) histogram.observe(value);
      values.sort((a, b) => a - b);
      for (const q of [0, 0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999, 1]) {
        const exact = exactQuantile(values, q);
        const error = Math.abs(histogram.quantile(q) - exact) / exact;
        assert.ok(error <= RELATIVE_ERROR, `q=${q}: ${histogram.quantile(q)} for ${exact}`);
      }
      assert.equal(histogram.count, values.length);
      assert.equal(histogram.max, values.at(-1));
    });
  });
}

test('an empty histogram reads as zero', () => {
  const histogram = new LatencyHistogram();
  assert.deepEqual([histogram.count, histogram.sum, histogram.max, histogram.quantile(0.5)], [0, 0, 0, 0]);
  assert.deepEqual(histogram.cumulative([1]), [
    { le: 1, count: 0 },
    { le: Infinity, count: 0 },
  ]);
});

test('zero, negative and tiny values count as zero, NaN not at all', () => {
  const histogram = new LatencyHistogram();
  for (const value of [0, -1, 1e-12, NaN]) histogram.observe(value);
  assert.deepEqual([histogram.count, histogram.invalid, histogram.quantile(0.5)], [3, 1, 0]);
  assert.deepEqual(histogram.cumulative([-1, 0, 1]), [
    { le: -1, count: 0 },
    { le: 0, count: 3 },
    { le: 1, count: 3 },
    { le: Infinity, count: 3 },
  ]);
  assert.equal(histogram.sum, 1e-12);
});

test('values beyond the range share the last bucket and stay exact as maximum', () => {
  const histogram = new LatencyHistogram();
  for (const value of [1, 1e30, Infinity]) histogram.observe(value);
  assert.equal(histogram.count, 3);
  assert.equal(histogram.max, Infinity);
  assert.ok(histogram.quantile(0.6) > 1e10);
});

test('cumulative buckets agree with the exact counts near each bound', () => {
  forSeeds(20, (random) => {
    const histogram = new LatencyHistogram();
    const values = Array.from({ length: 2_000 }, () => distributions['exponential']!(random));
    for (const value of values) histogram.observe(value);
    const bounds = [0.001, 0.005, 0.01, 0.05, 0.1];
    const buckets = histogram.cumulative(bounds);
    let last = 0;
    buckets.forEach(({ le, count }, index) => {
      assert.ok(count >= last, 'buckets grow');
      last = count;
      if (index === bounds.length) assert.equal(count, values.length);
      // No value moves by more than the relative error.
      const atLeast = values.filter((value) => value <= le * (1 - RELATIVE_ERROR)).length;
      const atMost = values.filter((value) => value <= le * (1 + RELATIVE_ERROR)).length;
      assert.ok(count >= atLeast && count <= atMost, `le=${le}: ${count} not in ${atLeast}…${atMost}`);
    });
  });
});

test('a bound at or above the maximum holds everything', () => {
  const histogram = new LatencyHistogram();
  histogram.observe(1);
  assert.equal(histogram.cumulative([1])[0]?.count, 1);
});

test('merging equals observing everything in one', () => {
  forSeeds(20, (random) => {
    const parts = [new LatencyHistogram(), new LatencyHistogram(), new LatencyHistogram()];
    const whole = new LatencyHistogram();
    for (let step = 0; step < 1_000; step += 1) {
      const value = random.next() < 0.05 ? 0 : distributions['long-tailed']!(random);
      random.pick(parts).observe(value);
      whole.observe(value);
    }
    const merged = new LatencyHistogram();
    merged.merge(parts[0]!);
    merged.merge(parts[1]!);
    merged.mergeData(JSON.parse(JSON.stringify(parts[2]!.toData())));
    assert.deepEqual(merged.cumulative([1e-6, 1e-3, 1]), whole.cumulative([1e-6, 1e-3, 1]));
    for (const q of [0.1, 0.5, 0.99]) assert.equal(merged.quantile(q), whole.quantile(q));
    assert.deepEqual([merged.count, merged.max], [whole.count, whole.max]);
    assert.ok(Math.abs(merged.sum - whole.sum) <= whole.sum * 1e-12);
  });
});

test('reset forgets values and keeps counting', () => {
  const histogram = new LatencyHistogram();
  for (const value of [0, 0.5, NaN]) histogram.observe(value);
  histogram.reset();
  assert.deepEqual(
    [histogram.count, histogram.sum, histogram.max, histogram.invalid, histogram.quantile(0.5)],
    [0, 0, 0, 0, 0],
  );
  histogram.observe(0.5);
  assert.equal(histogram.quantile(0.5), 0.5);
});

/** Reads a native histogram as Prometheus does: spans give indexes, deltas give counts. */
function bucketsOf(native: ReturnType<LatencyHistogram['toNative']>): Map<number, number> {
  const buckets = new Map<number, number>();
  let index = 0;
  let count = 0;
  let at = 0;
  native.positiveSpans.forEach((span, position) => {
    index = position === 0 ? span.offset : index + span.offset;
    for (let step = 0; step < span.length; step += 1) {
      count += native.positiveDeltas[at]!;
      at += 1;
      buckets.set(index, count);
      index += 1;
    }
  });
  assert.equal(at, native.positiveDeltas.length, 'spans and deltas describe the same buckets');
  return buckets;
}

test('native buckets hold every value within the error, at every resolution', () => {
  forSeeds(10, (random) => {
    const histogram = new LatencyHistogram();
    const values = Array.from({ length: 500 }, () => distributions['long-tailed']!(random));
    for (const value of [0, ...values]) histogram.observe(value);
    for (const schema of [-4, -1, 0, 1, 2, 3]) {
      const native = histogram.toNative(schema);
      const buckets = bucketsOf(native);
      const inBuckets = [...buckets.values()].reduce((sum, count) => sum + count, 0);
      assert.equal(inBuckets + native.zeroCount, histogram.count);
      const bound = (index: number): number => 2 ** (index / 2 ** schema);
      let seen = 0;
      for (const [index, count] of [...buckets].sort(([a], [b]) => a - b)) {
        seen += count;
        const atLeast = values.filter((value) => value <= bound(index) * (1 - RELATIVE_ERROR)).length;
        const atMost = values.filter((value) => value <= bound(index) * (1 + RELATIVE_ERROR)).length;
        assert.ok(seen >= atLeast && seen <= atMost, `schema ${schema}, bucket ${index}`);
      }
    }
  });
});

test('a small gap is written as empty buckets, a wide one starts a span', () => {
  const histogram = new LatencyHistogram();
  for (const value of [1.5, 12, 1_500]) histogram.observe(value);
  const native = histogram.toNative(0);
  assert.deepEqual(native.positiveSpans, [
    { offset: 1, length: 4 },
    { offset: 6, length: 1 },
  ]);
  assert.deepEqual(native.positiveDeltas, [1, -1, 0, 1, 0]);
  assert.equal(native.schema, 0);
  assert.equal(histogram.toNative().schema, 3);
});

test('a schema that makes no sense is refused', () => {
  for (const schema of [-5, 4, 0.5]) {
    assert.throws(() => new LatencyHistogram().toNative(schema), { code: 'METRICS_BAD_OPTION' });
  }
});
