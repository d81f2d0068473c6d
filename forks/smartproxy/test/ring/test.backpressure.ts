// A peer that does not read: the kernel takes part of a message or nothing, and the rest goes by the handle, in order.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { notifyDrain } from '../../ts/connection/sockets.ts';
import { limits } from '../../ts/limits/limits.ts';
import { patterned, sha256 } from '../helpers/proxy.ts';
import { holdRing, startPair } from '../sockets/owner.ts';
import { nextTurn } from './echo.ts';
import { type IPair, emptied, within } from './turn.ts';
import { ringMissing } from './ring.ts';

const skip = ringMissing();
const ENOUGH = 100_000;
const FILLER = patterned(262_144, 77);

/** Bytes one way, kept at both ends, and a peer that reads only when it is told to. */
class Flow {
  readonly sent: Buffer[] = [];
  readonly got: Buffer[] = [];
  length = 0;
  readonly #pair: IPair;

  constructor(pair: IPair) {
    this.#pair = pair;
    pair.peer.on('data', (part: Buffer) => this.got.push(part));
    pair.peer.pause();
  }

  write(message: Buffer, asText = false): boolean {
    this.sent.push(message);
    this.length += message.length;
    const { socket } = this.#pair;
    return asText ? socket.write(message.toString('latin1'), 'latin1') : socket.write(message);
  }

  /** Brings the kernel to where it takes a little more: these buffers hold tens of megabytes. */
  async fill(): Promise<void> {
    const { socket, peer } = this.#pair;
    while (socket.writableLength === 0) this.write(FILLER);
    peer.resume();
    while (socket.writableLength > 0) await once(peer, 'data');
    peer.pause();
  }

  assertArrived(all: boolean): void {
    const got = Buffer.concat(this.got);
    const sent = Buffer.concat(this.sent);
    assert.equal(sha256(got), sha256(sent.subarray(0, got.length)));
    if (all) assert.equal(got.length, sent.length);
    else assert.ok(got.length < sent.length);
  }
}

for (const size of [1_000, 5_001, limits.stringWriteBytes]) {
  for (const perTurn of [1, 3]) {
    test(
      `${perTurn} messages of ${size} bytes in each turn, thrice beyond what the kernel takes`,
      { skip },
      async (t) => {
        const ring = holdRing(t);
        const pair = await startPair(t, 'ring');
        // Turns are had of another pair: nothing passes a connection that is full, either way.
        const other = await startPair(t, 'ring');
        const { socket, owner, peer } = pair;
        const flow = new Flow(pair);
        let drains = 0;
        let drained = Promise.withResolvers<void>();
        owner.onSocketDrain = () => {
          drains += 1;
          assert.equal(socket.writableLength, 0);
          assert.equal(socket.writableNeedDrain, false);
          drained.resolve();
        };
        for (let round = 1; round <= 3; round += 1) {
          await flow.fill();
          for (let count = 0; count < ENOUGH && !socket.writableNeedDrain; count += 1) {
            await within(ring, other, () => {
              for (let part = 0; part < perTurn; part += 1) {
                const more = flow.write(patterned(size, flow.length + 1), count % 2 === 0);
                assert.equal(more, !socket.writableNeedDrain);
              }
            });
          }
          assert.ok(socket.writableNeedDrain, 'the writer was told to wait');
          assert.ok(socket.writableLength >= limits.writeQueueBytes);
          assert.ok(socket.wireBytesOut < flow.length, 'what waits is not counted as sent');
          notifyDrain(socket, owner);
          notifyDrain(socket, owner);
          peer.resume();
          await drained.promise;
          drained = Promise.withResolvers<void>();
          assert.equal(drains, round);
          assert.equal(socket.wireBytesOut, flow.length);
        }
        socket.end();
        await once(peer, 'end');
        flow.assertArrived(true);
        assert.equal(drains, 3);
        socket.destroy();
        other.socket.destroy();
        await emptied(ring);
      },
    );
  }
}

for (const how of ['destroy', 'destroySoon', 'end'] as const) {
  for (const size of [3_000, 8_000]) {
    test(`${how} as the kernel takes no more of ${size}: what is counted is what arrives`, { skip }, async (t) => {
      const ring = holdRing(t);
      const pair = await startPair(t, 'ring');
      const other = await startPair(t, 'ring');
      const { socket, owner, peer } = pair;
      const flow = new Flow(pair);
      await flow.fill();
      // The first turn of which the kernel does not take all is the last one, and has the end in it.
      for (let count = 0; count < ENOUGH && !socket.destroyed; count += 1) {
        await within(ring, other, () => {
          const full = socket.writableLength > 0;
          for (let part = 0; part < 3; part += 1) flow.write(patterned(size, flow.length));
          if (full) socket[how]();
        });
        if (socket.writableLength === 0) continue;
        if (how === 'destroy') continue;
        await within(ring, other, () => socket[how]());
        break;
      }
      peer.resume();
      await once(peer, 'end');
      if (how === 'end') socket.destroy();
      await owner.gone;
      flow.assertArrived(how !== 'destroy');
      assert.equal(Buffer.concat(flow.got).length, owner.wireOut);
      other.socket.destroy();
      await emptied(ring);
    });
  }
}

test(
  'destroyed in the very turn of which the kernel takes a part, it counts the part that arrives',
  { skip },
  async (t) => {
    const ring = holdRing(t);
    const other = await startPair(t, 'ring');
    let parts = 0;
    for (let round = 0; round < 6; round += 1) {
      const pair = await startPair(t, 'ring');
      const { socket, owner, peer } = pair;
      const flow = new Flow(pair);
      await flow.fill();
      // As full as it gets, by the handle and without a queue; one message more, and away with it.
      while (socket.writableLength === 0) await within(ring, other, () => void flow.write(patterned(8_000, 3)));
      peer.resume();
      while (socket.writableLength > 0) await once(peer, 'data');
      peer.pause();
      await within(ring, other, () => {
        for (let count = 0; count < 1_000; count += 1) flow.write(patterned(8_000, count));
        socket.destroy();
      });
      await owner.gone;
      peer.resume();
      await once(peer, 'end');
      const got = Buffer.concat(flow.got);
      assert.equal(got.length, owner.wireOut);
      if (got.length < flow.length) parts += 1;
      flow.assertArrived(got.length === flow.length);
    }
    assert.ok(parts > 0);
    other.socket.destroy();
    await emptied(ring);
  },
);

test('a reset by the peer while messages wait is told once, and what waited is not counted', { skip }, async (t) => {
  const ring = holdRing(t);
  const pair = await startPair(t, 'ring');
  const other = await startPair(t, 'ring');
  const { socket, owner, peer } = pair;
  const flow = new Flow(pair);
  await flow.fill();
  while (!socket.writableNeedDrain) await within(ring, other, () => void flow.write(patterned(8_000, 1)));
  notifyDrain(socket, owner);
  peer.resetAndDestroy();
  await owner.gone;
  assert.match(owner.error!.code!, /^(ECONNRESET|EPIPE)$/);
  assert.ok(owner.wireOut < flow.length);
  await nextTurn();
  assert.deepEqual(owner.told, ['connected', 'gone'], 'no drain after the end');
  other.socket.destroy();
  await emptied(ring);
});
