import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry } from '@dcrouter/metrics';
import { FakeClock } from '../helpers/clock.ts';
import { parseExposition, valueOf } from '../helpers/parse.ts';
import { forSeeds } from '../helpers/random.ts';

async function quantile(registry: Registry, share: string): Promise<number> {
  return valueOf(parseExposition(await registry.expose(), 'text'), 's', { quantile: share });
}

test('quantiles forget what left the window; count and sum do not', async () => {
  const clock = new FakeClock();
  const registry = new Registry();
  const summary = registry.summary({ name: 's', help: 'S.', windowSeconds: 50, windowParts: 5, nowMs: clock.now });
  summary.observe(1);
  clock.pass(30_000);
  summary.observe(100);
  assert.equal(await quantile(registry, '0.5'), 1.03125);
  clock.pass(25_000);
  assert.equal(await quantile(registry, '0.5'), 100);
  clock.pass(1e9);
  assert.ok(Number.isNaN(await quantile(registry, '0.5')));
  const child = summary.labels();
  assert.deepEqual([child.count, child.sum], [2, 101]);
});

test('a window that crossed a process boundary is part of the quantiles', async () => {
  const clock = new FakeClock();
  const options = { name: 's', help: 'S.', quantiles: [0, 1], nowMs: clock.now };
  const theirs = new Registry();
  const other = theirs.summary(options);
  for (const value of [4, 4, 8]) other.observe(value);
  const mine = new Registry();
  const summary = mine.summary(options);
  mine.merge(await theirs.snapshot());
  assert.deepEqual(summary.quantilesOf(0), [4.125, 8]);
  mine.merge(await theirs.snapshot());
  summary.observe(0);
  assert.equal(summary.labels().count, 7);
  assert.deepEqual(summary.quantilesOf(0), [0, 8]);
  clock.pass(1e9);
  assert.deepEqual((await theirs.snapshot()).metrics[0]?.series[0]?.window?.count, 0);
});

test('quantiles of values of any size are within 5 %', () => {
  forSeeds(10, (random) => {
    const registry = new Registry();
    const clock = new FakeClock();
    const quantiles = [0.05, 0.3, 0.5, 0.7, 0.99];
    const summary = registry.summary({ name: 's', help: 'S.', quantiles, nowMs: clock.now });
    const values = Array.from({ length: 2_000 }, () => Math.exp((random.next() - 0.3) * 25));
    for (const value of values) summary.observe(value);
    values.sort((a, b) => a - b);
    summary.quantilesOf(0).forEach((found, index) => {
      const exact = values[Math.ceil(summary.quantiles[index]! * values.length) - 1]!;
      assert.ok(Math.abs(found - exact) <= Math.abs(exact) * 0.05, `${found} for ${exact}`);
    });
  });
});
