// Bytes that were found together share one time; elsewhere the clock is read.
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { arrivedAtMs, beginArrivals, endArrivals } from '../../ts/timing/arrival.ts';

afterEach(endArrivals);

/** Lets the clock go on. */
function pass(): void {
  const before = performance.now();
  while (performance.now() === before);
}

test('within a turn all came when it began', () => {
  const before = performance.now();
  pass();
  beginArrivals();
  const first = arrivedAtMs();
  pass();
  assert.equal(arrivedAtMs(), first);
  assert.ok(first > before && first < performance.now());
  beginArrivals();
  assert.ok(arrivedAtMs() > first);
});

test('outside of turns every asking reads the clock', () => {
  beginArrivals();
  const within = arrivedAtMs();
  pass();
  endArrivals();
  const first = arrivedAtMs();
  pass();
  assert.ok(within < first && first < arrivedAtMs());
});
