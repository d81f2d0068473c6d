import assert from 'node:assert/strict';
import { test } from 'node:test';
import { QUEUED_CHANGES_MAX, QUEUE_WAIT_MS } from '../../ts/control/limits.ts';
import { ChangeQueue } from '../../ts/control/queue.ts';
import { HandClock } from './hand-clock.ts';

function gate(): { readonly opened: Promise<void>; open(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}

test('changes run one after another, in the order in which they came', async () => {
  const queue = new ChangeQueue(new HandClock());
  const told: string[] = [];
  const first = gate();
  const work = (name: string, until: Promise<void> = Promise.resolve()) =>
    queue.run(async () => {
      told.push(`${name} begins`);
      await until;
      told.push(`${name} ends`);
      return name;
    });
  const all = [work('a', first.opened), work('b'), work('c')];
  assert.equal(queue.waiting, 2);
  first.open();
  assert.deepEqual(await Promise.all(all), ['a', 'b', 'c']);
  assert.deepEqual(told, ['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  assert.equal(await work('d'), 'd', 'the queue is free again');
});

test('a change that fails lets the next one have its turn', async () => {
  const queue = new ChangeQueue(new HandClock());
  const failing = queue.run(async () => Promise.reject(new Error('broken')));
  const throwing = queue.run(() => {
    throw new Error('broken at once');
  });
  const next = queue.run(async () => 'done');
  await assert.rejects(failing, /broken/);
  await assert.rejects(throwing, /broken at once/);
  assert.equal(await next, 'done');
});

test('more changes than may wait are refused at once, and counted', async () => {
  const queue = new ChangeQueue(new HandClock());
  const first = gate();
  const accepted = Array.from({ length: QUEUED_CHANGES_MAX + 1 }, () => queue.run(() => first.opened));
  await assert.rejects(
    queue.run(async () => {}),
    { code: 'DCR_CONTROL_BUSY', message: /64 changes wait already/ },
  );
  assert.equal(queue.refused, 1);
  first.open();
  await Promise.all(accepted);
});

test('a change that has waited too long is refused, and never runs', async () => {
  const clock = new HandClock();
  const queue = new ChangeQueue(clock);
  const first = gate();
  const running = queue.run(() => first.opened);
  let ran = false;
  const late = queue.run(async () => {
    ran = true;
  });
  clock.advance(QUEUE_WAIT_MS);
  await assert.rejects(late, { code: 'DCR_CONTROL_BUSY', message: /has not ended within 30 s; try again/ });
  first.open();
  await running;
  await queue.run(async () => {});
  assert.equal(ran, false);
  assert.equal(queue.refused, 1);
  assert.equal(clock.waiting, 0, 'no timer is left');
});

test('a stop lets the change under way end and refuses those that wait', async () => {
  const queue = new ChangeQueue(new HandClock());
  const first = gate();
  let ended = false;
  const running = queue.run(async () => {
    await first.opened;
    ended = true;
  });
  const waiting = queue.run(async () => {});
  const stopped = queue.stop();
  await assert.rejects(waiting, { code: 'DCR_CONTROL_STOPPED' });
  assert.equal(ended, false);
  first.open();
  await stopped;
  assert.equal(ended, true);
  await running;
  await assert.rejects(
    queue.run(async () => {}),
    { code: 'DCR_CONTROL_STOPPED' },
  );
});
