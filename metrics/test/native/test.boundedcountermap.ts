import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BoundedCounterMap, limits } from '@dcrouter/metrics';
import { forSeeds } from '../helpers/random.ts';

test('counts per key, and a key at zero gives its place back', () => {
  const map = new BoundedCounterMap({ limit: 2 });
  map.add('a');
  map.add('a', 2);
  map.add('b');
  assert.deepEqual(
    [...map],
    [
      ['a', 3],
      ['b', 1],
    ],
  );
  assert.equal(map.get('a'), 3);
  map.add('b', -1);
  assert.deepEqual([map.size, map.get('b')], [1, 0]);
  map.add('c');
  assert.deepEqual([map.size, map.overflowed], [2, 0]);
});

test('keys past the limit share the overflow entry', () => {
  const map = new BoundedCounterMap({ limit: 1, overflowKey: 'rest' });
  map.add('a');
  map.add('b', 2);
  map.add('c');
  assert.deepEqual(
    [...map],
    [
      ['a', 1],
      ['rest', 3],
    ],
  );
  assert.deepEqual([map.size, map.overflow, map.overflowed], [1, 3, 2]);
  map.add('b', -2);
  map.add('c', -1);
  assert.deepEqual([...map], [['a', 1]]);
});

test('a unit that overflowed is released from the overflow, even if its key has a place by then', () => {
  const map = new BoundedCounterMap({ limit: 1 });
  const first = map.acquire('a');
  const overflowing = map.acquire('b');
  map.release(first);
  const own = map.acquire('b');
  assert.deepEqual(
    [...map],
    [
      ['b', 1],
      ['other', 1],
    ],
  );
  map.release(overflowing);
  assert.deepEqual([...map], [['b', 1]]);
  assert.equal(map.acquire('b'), own);
  map.release(own);
  map.release(own);
  assert.deepEqual([...map], []);
});

test('decrements without a unit to take change nothing and are counted', () => {
  const map = new BoundedCounterMap({ limit: 1 });
  map.add('nobody', -1);
  map.add('a');
  map.add('a', -5);
  map.release(99);
  assert.deepEqual([map.unmatched, map.size, map.overflow], [3, 0, 0]);
  map.add('a', 0);
  assert.equal(map.size, 0);
});

test('delete and clear forget keys', () => {
  const map = new BoundedCounterMap({ limit: 1 });
  map.add('a');
  map.add('b');
  assert.equal(map.delete('a'), true);
  assert.equal(map.delete('a'), false);
  assert.deepEqual([...map], [['other', 1]]);
  const slot = map.acquire('c');
  map.clear();
  assert.deepEqual([...map], []);
  map.release(slot);
  assert.equal(map.unmatched, 1);
});

test('long keys are cut, and cut alike each time', () => {
  const map = new BoundedCounterMap();
  const long = 'x'.repeat(limits.keyCharsMax + 1);
  map.add(long);
  assert.equal(map.get(`${long}z`), 1);
  assert.equal(map.acquire(long), map.acquire(`${long}z`));
  assert.equal(map.delete(long), true);
});

test('a limit that makes no sense is refused', () => {
  for (const limit of [0, -1, 1.5, NaN]) {
    assert.throws(() => new BoundedCounterMap({ limit }), { code: 'METRICS_BAD_OPTION' });
  }
});

test('acquire and release keep every count exact under any order', () => {
  forSeeds(40, (random) => {
    const limit = 1 + random.below(8);
    const map = new BoundedCounterMap({ limit });
    const open: number[] = [];
    for (let step = 0; step < 2_000; step += 1) {
      if (open.length > 0 && random.next() < 0.5) map.release(open.splice(random.below(open.length), 1)[0]!);
      else open.push(map.acquire(`k${random.below(20)}`));
      const sum = [...map].reduce((total, [, count]) => total + count, 0);
      assert.equal(sum, open.length);
      assert.ok(map.size <= limit);
    }
    for (const slot of open) map.release(slot);
    assert.deepEqual([[...map], map.size, map.overflow, map.unmatched], [[], 0, 0, 0]);
  });
});

test('add keeps the sum right under any order', () => {
  forSeeds(40, (random) => {
    const map = new BoundedCounterMap({ limit: 3 });
    const open: string[] = [];
    for (let step = 0; step < 2_000; step += 1) {
      if (open.length > 0 && random.next() < 0.5) map.add(open.splice(random.below(open.length), 1)[0]!, -1);
      else {
        const key = `k${random.below(8)}`;
        open.push(key);
        map.add(key);
      }
    }
    for (const key of open) map.add(key, -1);
    const sum = [...map].reduce((total, [, count]) => total + count, 0);
    assert.deepEqual([sum, map.unmatched], [0, 0]);
  });
});
