import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Follower } from '../../ts/control/follower.ts';
import { RETRY_FIRST_MS, RETRY_LONGEST_MS } from '../../ts/control/limits.ts';
import { HandClock } from './hand-clock.ts';

function start(refusing = false) {
  const clock = new HandClock();
  const state = { refusing, calls: 0, gate: Promise.withResolvers<void>() };
  const follower = new Follower(clock, async () => {
    state.calls += 1;
    await state.gate.promise;
    if (state.refusing) throw new Error('not yet');
  });
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  return { clock, state, follower, settle };
}

test('what is told during one reading is followed by one more', async () => {
  const { state, follower, settle } = start();
  for (let told = 0; told < 5; told += 1) follower.tell();
  assert.equal(state.calls, 1, 'one at a time');
  state.gate.resolve();
  await settle();
  assert.equal(state.calls, 2);
});

test('what fails is tried again after a growing and bounded time', async () => {
  const { clock, state, follower, settle } = start(true);
  state.gate.resolve();
  follower.tell();
  await settle();
  for (let waitMs = RETRY_FIRST_MS; waitMs < 4 * RETRY_LONGEST_MS; waitMs *= 2) {
    const { calls } = state;
    clock.advance(Math.min(waitMs, RETRY_LONGEST_MS) - 1);
    await settle();
    assert.equal(state.calls, calls);
    clock.advance(1);
    await settle();
    assert.equal(state.calls, calls + 1);
  }
  state.refusing = false;
  clock.advance(RETRY_LONGEST_MS);
  await settle();
  assert.equal(clock.waiting, 0, 'nothing is left to be tried');
});

test('what is told while a retry waits is not put off by it', async () => {
  const { clock, state, follower, settle } = start(true);
  state.gate.resolve();
  follower.tell();
  await settle();
  state.refusing = false;
  follower.tell();
  await settle();
  assert.deepEqual([state.calls, clock.waiting], [2, 0]);
});

test('after a stop nothing is tried any more', async () => {
  const { clock, state, follower, settle } = start(true);
  follower.tell();
  follower.stop();
  state.gate.resolve();
  await settle();
  clock.advance(RETRY_LONGEST_MS);
  follower.tell();
  assert.deepEqual([state.calls, clock.waiting], [1, 0]);
});
