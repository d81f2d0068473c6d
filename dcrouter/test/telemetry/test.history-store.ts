// Minutes in the store: written, waited for, given up, and read again after a restart.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryStore } from '../../ts/store/memory.ts';
import { FakeStore, START_MS, sum, world } from './tools.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('a restart continues: minutes of the process before are read from the store, the shared minute adds up', async () => {
  const store = new MemoryStore({ node: 'a' });
  const first = world({ store: store.history });
  await first.history.start();
  for (let second = 0; second < 150; second += 1) {
    first.counts.request('app', 0.001);
    first.clock.pass(SECOND);
  }
  await first.history.stop();

  const second = world({ store: store.history, nowMs: START_MS + 155 * SECOND });
  await second.history.start();
  for (let n = 0; n < 85; n += 1) {
    second.counts.request('app', 0.001);
    second.clock.pass(SECOND);
    await turn();
  }
  const answer = await second.history.range({ fromMs: START_MS, toMs: second.clock.nowMs(), series: ['proxy.*'] });
  assert.equal(answer.stepMs, MINUTE);
  const points = (name: string) => answer.series.find((series) => series.name === name)!.points;
  assert.deepEqual(points('proxy.requests'), [60, 60, 55, 60]);
  assert.deepEqual(points('proxy.route.requests:app'), [60, 60, 55, 60]);
  assert.ok(points('proxy.latency_p99_seconds').every((point) => point! <= 0.001));
  const fine = await second.points('proxy.requests', START_MS + 155 * SECOND, START_MS + 160 * SECOND);
  assert.deepEqual(fine, [1, 1, 1, 1, 1], 'what this process saw is there in seconds');
});

test('a store that is away makes minutes wait; they are written when it is back', async () => {
  const store = new FakeStore();
  const { clock, counts, history } = world({ store });
  await history.start();
  store.away = true;
  for (let n = 0; n < 300; n += 1) {
    counts.requests += 1;
    clock.pass(SECOND);
    await turn();
  }
  assert.equal(history.stats().stored, 0);
  assert.equal(history.stats().storeFailures, 5);
  store.away = false;
  for (let n = 0; n < 60; n += 1) {
    counts.requests += 1;
    clock.pass(SECOND);
    await turn();
  }
  assert.equal(history.stats().stored, 6);
  assert.deepEqual(
    [...store.samples.values()].map(({ values }) => values['proxy.requests']),
    [60, 60, 60, 60, 60, 60],
  );
  await history.stop();
});

test('too many minutes that wait are given up, the oldest first, and counted', async () => {
  const store = new FakeStore();
  const { clock, history } = world({ store });
  await history.start();
  store.away = true;
  for (let n = 0; n < 400; n += 1) {
    clock.pass(MINUTE, 0);
    await turn();
  }
  assert.equal(history.stats().storeDropped, 40);
  store.away = false;
  clock.pass(MINUTE);
  await turn();
  await history.stop();
  assert.equal(store.samples.size, 360);
  assert.equal(Math.min(...store.samples.keys()), START_MS + 41 * MINUTE);
  assert.ok(store.pruned.length >= 1);
});

test('what is older than thirty days is pruned, once an hour', async () => {
  const store = new FakeStore();
  const { clock, history } = world({ store });
  await history.start();
  for (let n = 0; n < 125; n += 1) {
    clock.pass(MINUTE);
    await turn();
  }
  assert.deepEqual(
    store.pruned.map((beforeMs) => START_MS - beforeMs),
    [30 * DAY, 30 * DAY - 60 * MINUTE, 30 * DAY - 120 * MINUTE],
  );
});

test('downsampling what is stored conserves sums', async () => {
  const store = new FakeStore();
  const { clock, counts, history, points } = world({ store });
  await history.start();
  let grown = 0;
  for (let minute = 0; minute < 600; minute += 1) {
    counts.requests += minute;
    grown += minute;
    clock.pass(MINUTE);
    await turn();
  }
  const [from, to] = [START_MS, START_MS + 600 * MINUTE];
  for (const stepMs of [MINUTE, 5 * MINUTE, 60 * MINUTE, 120 * MINUTE]) {
    const found = await points('proxy.requests', from, to, stepMs);
    assert.equal(found.length, (600 * MINUTE) / stepMs);
    assert.equal(sum(found), grown);
  }
});
