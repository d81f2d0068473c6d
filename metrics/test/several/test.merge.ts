import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Registry } from '@dcrouter/metrics';
import type { TAggregation } from '@dcrouter/metrics';
import { FakeClock } from '../helpers/clock.ts';
import { Random } from '../helpers/random.ts';

/** Defines the same metrics as every process would. */
function define(registry: Registry, clock: FakeClock) {
  const labelNames = ['a', 'b'] as const;
  return {
    counter: registry.counter({ name: 'c_total', help: 'C.', labelNames }),
    plain: registry.counter({ name: 'p_total', help: 'P.' }),
    gauge: registry.gauge({ name: 'g', help: 'G.', labelNames }),
    histogram: registry.histogram({ name: 'h', help: 'H.', labelNames, buckets: [1, 2, 5, 10] }),
    summary: registry.summary({ name: 's', help: 'S.', labelNames, nowMs: clock.now }),
  };
}

type TMetrics = ReturnType<typeof define>;

/** One random event, recorded in every given set of metrics. Integers, so that sums are exact. */
function record(random: Random, targets: readonly TMetrics[]): void {
  const labels = { a: random.pick(['x', 'y"', 'z\n']), b: random.below(4) };
  const amount = random.below(12);
  const kind = random.below(5);
  for (const { counter, plain, gauge, histogram, summary } of targets) {
    if (kind === 0) counter.inc(labels, amount);
    if (kind === 1) plain.inc(amount);
    if (kind === 2) gauge.inc(labels, amount - 6);
    if (kind === 3) histogram.observe(labels, amount);
    if (kind === 4) summary.observe(labels, amount);
  }
}

/** Lines in an order that does not depend on which process saw a label set first. */
async function sortedPage(registry: Registry): Promise<string[]> {
  const text = await registry.expose({ format: 'openmetrics', created: false });
  return text.split('\n').sort((one, other) => (one < other ? -1 : 1));
}

test('merging the snapshots of several processes equals one registry that saw everything', async () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    const random = new Random(seed);
    const clock = new FakeClock();
    const whole = new Registry();
    const everything = define(whole, clock);
    const parts = Array.from({ length: 1 + random.below(4) }, () => new Registry());
    const metrics = parts.map((part) => define(part, clock));
    for (let step = 0; step < 400; step += 1) record(random, [everything, random.pick(metrics)]);
    const merged = new Registry();
    for (const part of parts) merged.merge(JSON.parse(JSON.stringify(await part.snapshot())));
    assert.deepEqual(await sortedPage(merged), await sortedPage(whole), `seed ${seed}`);
  }
});

test('gauges follow their aggregation', async () => {
  const results: Record<TAggregation, number[]> = { sum: [], max: [], min: [], last: [] };
  for (const aggregate of ['sum', 'max', 'min', 'last'] as const) {
    const merged = new Registry();
    for (const value of [-5, -2, -9]) {
      const part = new Registry();
      part.gauge({ name: 'g', help: 'G.', aggregate }).set(value);
      part.gauge({ name: 'l', help: 'L.', aggregate, labelNames: ['x'] }).set({ x: 1 }, value * 2);
      merged.merge(await part.snapshot());
    }
    const value = async (name: string) => Number(new RegExp(`^${name} (.*)$`, 'm').exec(await merged.expose())?.[1]);
    results[aggregate] = [await value('g'), await value('l\\{x="1"\\}')];
  }
  assert.deepEqual(results, { sum: [-16, -32], max: [-2, -4], min: [-9, -18], last: [-9, -18] });
});

test('the time of creation is the earliest, and refusals add up', async () => {
  const merged = new Registry();
  for (const wallMs of [9_000, 5_000, 7_000]) {
    const part = new Registry({ wallMs: () => wallMs });
    const counter = part.counter({ name: 'c_total', help: 'C.', labelNames: ['x'], seriesMax: 1 });
    counter.inc({ x: 'a'.repeat(2_000) });
    counter.inc({ x: 'b' });
    merged.merge(await part.snapshot());
  }
  const text = await merged.expose({ format: 'openmetrics' });
  assert.match(text, /^c_created\{x="a+"\} 5$/m);
  assert.match(text, /^c_total\{x="other"\} 3$/m);
  assert.match(text, /^metrics_series_dropped_total\{metric="c_total"\} 3$/m);
  assert.match(text, /^metrics_label_values_truncated_total 3$/m);
});

test('metrics that are defined differently are refused, and nothing is merged', async () => {
  const mine = new Registry();
  const first = mine.counter({ name: 'a_total', help: 'A.' });
  mine.histogram({ name: 'h', help: 'H.', buckets: [1] });
  mine.gauge({ name: 'l', help: 'L.', labelNames: ['x'] });
  mine.summary({ name: 's', help: 'S.', quantiles: [0.5] });
  const others: Array<(registry: Registry) => unknown> = [
    (registry) => registry.histogram({ name: 'h', help: 'H.', buckets: [2] }),
    (registry) => registry.gauge({ name: 'l', help: 'L.', labelNames: ['y'] }),
    (registry) => registry.counter({ name: 'l', help: 'L.', labelNames: ['x'] }),
    (registry) => registry.summary({ name: 's', help: 'S.', quantiles: [0.9] }),
  ];
  for (const define of others) {
    const theirs = new Registry();
    theirs.counter({ name: 'a_total', help: 'A.' }).inc();
    define(theirs);
    const snapshot = await theirs.snapshot();
    assert.throws(() => mine.merge(snapshot), { code: 'METRICS_MERGE_MISMATCH' });
  }
  assert.equal(first.labels().value, 0);
});

test('units come along', async () => {
  const theirs = new Registry();
  theirs.gauge({ name: 'a_bytes', help: 'A.', unit: 'bytes' }).set(1);
  const merged = new Registry();
  merged.merge(await theirs.snapshot());
  assert.match(await merged.expose({ format: 'openmetrics' }), /^# UNIT a_bytes bytes$/m);
});
