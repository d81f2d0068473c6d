// What becomes of a message of which the kernel takes a part, in the moment that its socket leaves: told by a ring of ours.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '../../ts/limits/limits.ts';
import { RingCounters, RingDoor } from '../../ts/ring/door.ts';
import { LANE_LEFT, Lane, type ILaneSocket } from '../../ts/ring/lane.ts';
import type { Ring } from '../../ts/ring/ring.ts';

const MESSAGE = 'ten octets';

/** In its turn all the time; the kernel's answer to a message is `takes`. */
function startLane(takes: number | null) {
  const calls: string[] = [];
  const ring = {
    draining: true,
    sendBytes: Buffer.alloc(limits.stringWriteBytes),
    join: () => 0,
    leave: () => calls.push('leave'),
    receive: () => {},
    flush: () => {},
    cancel: () => calls.push('cancel'),
    takeBlock: () => 0,
    giveBlock: () => calls.push('block'),
    send: () => {},
    settle: () => takes,
    withdraw: () => 0,
  };
  const socket: ILaneSocket = {
    laneReceived: () => {},
    laneStopped: (result) => void calls.push(`stopped ${result}`),
    laneSent: (result, rest) => void calls.push(`sent ${result} ${String(rest)}`),
  };
  const lane = Lane.enter(new RingDoor(ring as unknown as Ring, new RingCounters()), 7, socket)!;
  assert.equal(lane.send(''), false, 'nothing is not sent');
  assert.equal(lane.send(MESSAGE), true);
  assert.equal(lane.send(MESSAGE), false, 'one is on its way');
  return { lane, calls };
}

for (const [takes, refused] of [
  [10, 0],
  [4, 6],
  [0, 10],
  [-11, 10],
  [-32, 10],
  [null, null],
] as const) {
  test(`abandoned as the kernel says ${takes} to ten: ${refused} are known not to have gone`, () => {
    const { lane, calls } = startLane(takes);
    assert.equal(lane.abandon(), refused);
    assert.deepEqual(calls, takes === null ? ['cancel'] : ['cancel', 'block']);
    // What the ring tells later is told to nobody.
    if (takes === null) lane.sent(3);
    lane.stopped(-125);
    assert.deepEqual(calls, ['cancel', 'block', 'leave']);
  });
}

for (const [takes, told] of [
  [10, 'sent 0 null'],
  [4, 'sent 0 octets'],
  [-11, `sent 0 ${MESSAGE}`],
  [-32, `sent -32 ${MESSAGE}`],
] as const) {
  test(`withdrawn as the kernel says ${takes} to ten: the rest is given back before`, () => {
    const { lane, calls } = startLane(takes);
    assert.equal(lane.withdraw([]), 0);
    assert.deepEqual(calls, ['block', told, 'leave']);
  });
}

test('withdrawn while nobody knows what the kernel took, it is not given away', () => {
  const { lane } = startLane(null);
  assert.equal(lane.withdraw([]), null);
});

test('short of buffers it goes on; cancelled it was left', () => {
  const { lane, calls } = startLane(10);
  lane.sent(10);
  lane.stopped(-105);
  assert.equal(lane.receiving, true);
  lane.leave();
  lane.stopped(-125);
  assert.deepEqual(calls, ['block', 'sent 0 null', 'cancel', 'leave', `stopped ${LANE_LEFT}`]);
});
