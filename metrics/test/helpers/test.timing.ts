import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  createCounter,
  createGauge,
  createHistogram,
  createSummary,
  getRegistry,
  Registry,
  startTimer,
  timed,
} from '@dcrouter/metrics';

function observer() {
  const seen: number[] = [];
  return { seen, observe: (seconds: number) => void seen.push(seconds) };
}

test('a timer gives seconds and observes them', async () => {
  const target = observer();
  const before = performance.now();
  const stop = startTimer(target);
  await new Promise(setImmediate);
  const seconds = stop();
  assert.ok(seconds > 0 && seconds <= (performance.now() - before) / 1_000);
  assert.deepEqual(target.seen, [seconds]);
  assert.ok(startTimer()() >= 0);
});

test('timed observes however the work ends and passes its end through', async () => {
  const one = observer();
  assert.equal(await timed(one, async () => 5), 5);
  assert.equal(await timed(one, () => 6), 6);
  await assert.rejects(
    timed(one, () => Promise.reject(new Error('no'))),
    /no/,
  );
  assert.equal(one.seen.length, 3);
  const two = { success: observer(), error: observer() };
  await timed(two, () => 1);
  await assert.rejects(
    timed(two, () => {
      throw new Error('no');
    }),
  );
  assert.deepEqual([two.success.seen.length, two.error.seen.length], [1, 1]);
});

test('handles of histograms and summaries are observers', async () => {
  const registry = new Registry();
  const histogram = registry.histogram({ name: 'h_seconds', help: 'H.', labelNames: ['x'] });
  await timed(histogram.labels('a'), async () => {});
  assert.equal(histogram.labels('a').count, 1);
});

test('the default registry is one, and creating the same metric again gives the one there is', () => {
  assert.equal(getRegistry(), getRegistry());
  const counter = createCounter('d_total', 'D.', ['x']);
  counter.inc({ x: 1 });
  assert.equal(createCounter('d_total', 'D.', ['x']), counter);
  const gauge = createGauge('d_gauge', 'D.');
  gauge.set(1);
  assert.equal(createGauge('d_gauge', 'D.'), gauge);
  const histogram = createHistogram('d_seconds', 'D.', [1, 2], ['x']);
  assert.equal(createHistogram('d_seconds', 'D.', [1, 2], ['x']), histogram);
  assert.equal(createHistogram('d_seconds', 'D.', undefined, ['x']), histogram);
  const summary = createSummary('d_summary', 'D.', [0.5]);
  assert.equal(createSummary('d_summary', 'D.', [0.5]), summary);
  assert.equal(getRegistry().get('d_total') as unknown, counter);
});

test('creating a different metric under a known name is refused', () => {
  createCounter('e_total', 'E.', ['x']);
  createHistogram('e_seconds', 'E.', [1]);
  assert.throws(() => createCounter('e_total', 'E.'), { code: 'METRICS_DUPLICATE' });
  assert.throws(() => createGauge('e_total', 'E.', ['x']), { code: 'METRICS_DUPLICATE' });
  assert.throws(() => createHistogram('e_seconds', 'E.', [2]), { code: 'METRICS_DUPLICATE' });
});
