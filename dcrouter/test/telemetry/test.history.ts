import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quantileBetween } from '../../ts/telemetry/history/combine.ts';
import { HistoryQueryError } from '../../ts/telemetry/history/query.ts';
import { SERIES } from '../../ts/telemetry/history/series.ts';
import { START_MS, sum, world } from './tools.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** A generator with a seed, so that a failure can be repeated. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

test('each second holds what was counted in it', async () => {
  const { clock, counts, history, points } = world();
  counts.requests = 100;
  await history.start();
  for (const [requests, active] of [
    [5, 1],
    [0, 4],
    [7, 2],
  ] as const) {
    counts.requests += requests;
    counts.connectionsActive = active;
    clock.pass(SECOND);
  }
  assert.deepEqual(await points('proxy.requests', START_MS, START_MS + 3 * SECOND), [5, 0, 7]);
  assert.deepEqual(await points('proxy.connections_active', START_MS, START_MS + 3 * SECOND), [1, 4, 2]);
  assert.equal(history.stats().gaps, 0);
});

test('law: the points of every resolution add up to the growth of the counters, whatever the timer does', async () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    const next = random(seed);
    const { clock, counts, history, points } = world({ nowMs: START_MS + Math.floor(next() * 60_000) });
    counts.requests = Math.floor(next() * 1_000);
    counts.bytesIn = 17;
    await history.start();
    const before = { requests: counts.requests, bytesIn: counts.bytesIn };
    for (let turn = 0; turn < 500; turn += 1) {
      counts.requests += Math.floor(next() * 10);
      counts.bytesIn += Math.floor(next() * 10_000);
      // Sometimes the process is held up for seconds.
      clock.pass(next() < 0.05 ? next() * 9_000 : SECOND * next() * 1.5, Math.floor(next() * 400));
    }
    // To the end of a coarse step, with nothing more counted after the last sample.
    clock.pass(10 * SECOND - (clock.nowMs() % (10 * SECOND)) + SECOND);
    const [fromMs, toMs] = [START_MS, clock.nowMs()];
    for (const [name, grown] of [
      ['proxy.requests', counts.requests - before.requests],
      ['proxy.bytes_in', counts.bytesIn - before.bytesIn],
    ] as const) {
      for (const stepMs of [SECOND, 5 * SECOND, 10 * SECOND, 30 * SECOND, MINUTE]) {
        const found = await points(name, fromMs, toMs + stepMs, stepMs);
        // Points that are not over yet are not shown, and so not counted: ask a multiple that ends.
        const shown = Math.floor(toMs / stepMs) * stepMs;
        const rest = stepMs === SECOND ? 0 : sum(await points(name, shown, toMs, SECOND));
        assert.equal(sum(found) + rest, grown, `seed ${seed}: ${name} in steps of ${stepMs} ms`);
      }
    }
  }
});

test('seconds without a sample are unknown and counted; what was counted in them stands in the next', async () => {
  const { clock, counts, history, points } = world();
  await history.start();
  counts.requests = 1;
  clock.pass(SECOND);
  counts.requests = 10;
  clock.pass(4 * SECOND, 3 * SECOND);
  assert.deepEqual(await points('proxy.requests', START_MS, START_MS + 5 * SECOND), [1, null, null, null, 9]);
  assert.equal(history.stats().gaps, 3);
  assert.equal(history.stats().samples, 2);
});

test('longer steps: counts add up, levels are averaged, worst cases kept', async () => {
  const { clock, counts, history, points } = world();
  await history.start();
  for (let second = 0; second < 10; second += 1) {
    counts.requests += second;
    counts.connectionsActive = second;
    counts.lagSeconds = second === 4 ? 0.5 : 0.001;
    clock.pass(SECOND);
  }
  const [from, to] = [START_MS, START_MS + 10 * SECOND];
  assert.deepEqual(await points('proxy.requests', from, to, 5 * SECOND), [10, 35]);
  assert.deepEqual(await points('proxy.connections_active', from, to, 5 * SECOND), [2, 7]);
  assert.deepEqual(await points('process.eventloop_lag_seconds', from, to, 5 * SECOND), [0.5, 0.001]);
  assert.deepEqual(await points('proxy.requests', from, to, 10 * SECOND), [45]);
  assert.deepEqual(await points('proxy.connections_active', from, to, 10 * SECOND), [4.5]);
});

test('quantiles are those of the step, not of the steps within it, and unknown where nothing happened', async () => {
  const { clock, counts, history, points } = world();
  await history.start();
  for (let n = 0; n < 99; n += 1) counts.request('app', 0.001);
  clock.pass(SECOND);
  counts.request('app', 1);
  clock.pass(SECOND);
  clock.pass(8 * SECOND);
  const [from, to] = [START_MS, START_MS + 10 * SECOND];
  const seconds = await points('proxy.latency_p50_seconds', from, from + 3 * SECOND);
  assert.ok(seconds[0]! <= 0.001 && seconds[1]! > 0.5 && seconds[2] === null, String(seconds));
  const [ten] = await points('proxy.latency_p50_seconds', from, to, 10 * SECOND);
  assert.ok(ten! <= 0.001, 'one slow exchange among a hundred does not move the median of the ten seconds');
  const [most] = await points('proxy.latency_p99_seconds', from, to, 10 * SECOND);
  assert.ok(most! <= 0.001, '99 of 100 were that quick');
});

test('a quantile as histogram_quantile gives it', () => {
  assert.equal(quantileBetween(0.5, [1, 2, 4], [], [1, 3, 4, 4]), 1.5);
  assert.equal(quantileBetween(0.5, [1, 2, 4], [1, 3, 4, 4], [1, 3, 8, 8]), 3);
  assert.equal(quantileBetween(1, [1, 2], [], [0, 0, 5]), 2, 'above the last bound only that is known');
  assert.ok(Number.isNaN(quantileBetween(0.5, [1], [3, 3], [3, 3])));
});

test('each route has its series while there is room; routes that are gone give theirs away last', async () => {
  const { clock, counts, history, points } = world({ routesMax: 2 });
  counts.request('a', 0);
  await history.start();
  counts.request('a', 0);
  counts.request('b', 0);
  counts.request('c', 0);
  clock.pass(SECOND);
  const [from, to] = [START_MS, START_MS + SECOND];
  assert.deepEqual(await points('proxy.route.requests:a', from, to), [1]);
  assert.deepEqual(await points('proxy.route.requests:b', from, to), [1]);
  await assert.rejects(points('proxy.route.requests:c', from, to), HistoryQueryError);
  assert.equal(history.stats().routesLeftOut, 1);
  counts.routes.delete('b');
  counts.request('c', 0);
  clock.pass(SECOND);
  assert.equal(history.stats().routesLeftOut, 0);
  assert.deepEqual(await points('proxy.route.requests:a', from, to + SECOND), [1, 0]);
  assert.deepEqual(await points('proxy.route.requests:c', from, to + SECOND), [null, 2], 'nothing of b shows as c');
  assert.equal(history.list().length, SERIES.length + 2);
});

test('memory is bounded: ten minutes of seconds, six hours of ten seconds', async () => {
  const { clock, counts, history, points } = world();
  await history.start();
  const bytes = history.stats().bytes;
  for (let second = 0; second < 7 * 3_600; second += 1) {
    counts.requests += 1;
    clock.pass(SECOND);
  }
  assert.equal(history.stats().bytes, bytes);
  const nowMs = clock.nowMs();
  assert.equal(sum(await points('proxy.requests', nowMs - 10 * MINUTE, nowMs)), 600);
  const { stepMs } = await history.range({ fromMs: nowMs - 10 * MINUTE, toMs: nowMs });
  assert.equal(stepMs, SECOND);
  const hours = await history.range({ series: ['proxy.requests'], fromMs: nowMs - 6 * HOUR, toMs: nowMs });
  assert.equal(hours.stepMs, 10 * SECOND);
  assert.ok(hours.series[0]!.points.every((point) => point === 10));
  const older = await points('proxy.requests', nowMs - 7 * HOUR, nowMs);
  assert.equal(
    older.filter((point) => point === null).length,
    360,
    'the first hour is not kept, and there is no store',
  );
});

test('a clock set back begins anew instead of showing the future as the past', async () => {
  const { clock, counts, history, points } = world();
  await history.start();
  counts.requests = 5;
  clock.pass(100 * SECOND);
  clock.set(START_MS + 50 * SECOND);
  counts.requests = 8;
  clock.fire();
  assert.deepEqual(await points('proxy.requests', START_MS + 48 * SECOND, START_MS + 50 * SECOND), [null, 3]);
  assert.deepEqual(await points('proxy.requests', START_MS, START_MS + SECOND), [null]);
});

test('a part that is not there has no points; one that comes begins at zero', async () => {
  const { clock, counts, history, points } = world();
  counts.hasDns = false;
  await history.start();
  clock.pass(SECOND);
  counts.hasDns = true;
  counts.queries = 4;
  clock.pass(SECOND);
  assert.deepEqual(await points('dns.queries', START_MS, START_MS + 2 * SECOND), [null, 4]);
});

test('one timer, and none after stop', async () => {
  const { clock, history } = world();
  await history.start();
  clock.pass(5 * SECOND);
  await history.stop();
  assert.ok(clock.idle);
});

test('questions that cannot be answered say what would be right', async () => {
  const { clock, history } = world();
  await history.start();
  clock.pass(SECOND);
  const refuse = async (query: object, message: RegExp): Promise<void> => {
    const asked = { fromMs: START_MS, toMs: START_MS + SECOND, ...query };
    await assert.rejects(history.range(asked), (error: HistoryQueryError) => {
      assert.equal(error.code, 'DCR_HISTORY_QUERY');
      assert.match(error.message, message);
      return true;
    });
  };
  await refuse({ toMs: START_MS }, /the earlier first/);
  await refuse({ fromMs: Number.NaN }, /two Unix times/);
  await refuse({ stepMs: 0 }, /above 0/);
  await refuse({ series: ['proxy.request'] }, /GET the list/);
  await refuse({ series: Array.from({ length: 201 }, () => 'a') }, /at most 200/);
  clock.pass(HOUR);
  await refuse({ fromMs: 0, toMs: clock.nowMs() }, /a longer step/);
});
