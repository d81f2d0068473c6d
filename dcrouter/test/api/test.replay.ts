// What is kept for clients that come back, and what is honestly said to be missing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReplayRing } from '../../ts/api/streams/replay.ts';
import { EventBus } from '../../ts/events/bus.ts';

const LINGER_MS = 1_000;

test('kinds that nobody read for a while have a gap, even if others were read on', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const bus = new EventBus();
  const ring = new ReplayRing(bus, LINGER_MS);
  const leaveRules = ring.hold(['rule.*']);
  ring.hold(['store.*']);
  bus.publish('rule.hit', { n: 1 });
  assert.deepEqual(ring.after(1, ['rule.*']), { events: [], complete: true });
  leaveRules();
  bus.publish('rule.hit', { n: 2 });
  assert.deepEqual(
    ring.after(1, ['rule.*']).events.map(({ id }) => id),
    [2],
    'it is kept a little longer',
  );
  t.mock.timers.tick(LINGER_MS);
  assert.equal(ring.watched, 1);
  bus.publish('rule.hit', { n: 3 });
  bus.publish('store.away', { n: 4 });
  assert.equal(ring.after(2, ['rule.*']).complete, false, 'event 3 was heard by nobody');
  ring.hold(['rule.*']);
  bus.publish('rule.hit', { n: 5 });
  const { events, complete } = ring.after(2, ['rule.*']);
  assert.equal(complete, false);
  assert.equal(events.length, 1);
  const both = ring.after(events[0]!.id, ['rule.*', 'store.*']);
  assert.deepEqual(both, { events: [], complete: true });
  ring.stop();
  assert.equal(ring.watched, 0);
});

test('an event that several patterns name is kept once; the last reader to go frees all', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const bus = new EventBus();
  let attached = 0;
  bus.addSource('rule.hit', () => {
    attached += 1;
    return () => {
      attached -= 1;
    };
  });
  const ring = new ReplayRing(bus, LINGER_MS);
  const leave = [ring.hold(['rule.*', '*']), ring.hold(['rule.hit', 'rule.*'])];
  bus.publish('rule.hit', { n: 1 });
  bus.publish('rule.hit', { n: 2 });
  assert.deepEqual(
    ring.after(1, ['*']).events.map(({ id }) => id),
    [2],
  );
  for (const go of leave) go();
  assert.equal(attached, 1);
  t.mock.timers.tick(LINGER_MS);
  assert.equal(attached, 0, 'nobody pays for events any more');
  assert.deepEqual(ring.after(1, ['*']), { events: [], complete: false });
});

test('what is kept is bounded; the oldest go first', () => {
  const bus = new EventBus();
  const ring = new ReplayRing(bus);
  ring.hold(['rule.*']);
  for (let n = 1; n <= 1_500; n += 1) bus.publish('rule.hit', { n });
  const kept = ring.after(0, ['rule.*']).events;
  assert.deepEqual([kept.length, kept[0]!.id, kept.at(-1)!.id], [1_000, 501, 1_500]);
  for (let n = 0; n < 100; n += 1) bus.publish('rule.hit', { text: 'x'.repeat(100_000) });
  assert.ok(ring.after(0, ['rule.*']).events.length <= 21);
  ring.stop();
});
