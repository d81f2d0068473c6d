// What is bounded in the ring, gone beyond: buffers, blocks, submissions, completions, lanes. Nobody is forgotten.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { toNetSocket } from '../../ts/connection/sockets.ts';
import { limits } from '../../ts/limits/limits.ts';
import { moves } from '../../ts/ring/moves.ts';
import { acquireRing, releaseRing } from '../../ts/ring/rings.ts';
import type { Ring } from '../../ts/ring/ring.ts';
import { setBounds } from '../helpers/bounds.ts';
import { patterned, sha256 } from '../helpers/proxy.ts';
import { counters, doorOf, startPair } from '../sockets/owner.ts';
import { all, startCrowd } from './crowd.ts';
import { emptied, type IPair, within } from './turn.ts';
import { ringMissing } from './ring.ts';

const skip = ringMissing();
/** Runs with a ring of its own, of other sizes. */
async function withRing(
  t: TestContext,
  bounds: Parameters<typeof setBounds>[1],
  run: (ring: Ring) => Promise<void>,
): Promise<void> {
  const restore = setBounds(t, bounds);
  const ring = acquireRing();
  assert.notEqual(typeof ring, 'string');
  moves.reads = 1;
  moves.readsAgain = 1;
  try {
    await run(ring as Ring);
    await emptied(ring as Ring);
  } finally {
    releaseRing();
    restore();
  }
}

function leave(pairs: IPair[]): void {
  for (const { socket } of pairs) socket.destroy();
}

/** Each has a queue of its own at the kernel: all of it is there when the ring is asked next. */
function sendAll(pairs: IPair[], message: (at: number) => string | Buffer): void {
  for (const [at, { peer }] of pairs.entries()) peer.write(message(at));
}

test(
  '1,500 sockets get a message at once: all are told, and that buffers were short is counted',
  { skip },
  async (t) => {
    await withRing(t, {}, async (ring) => {
      const pairs = await startCrowd(t, ring, 1_500);
      sendAll(pairs, (at) => `for ${at}`);
      await all(pairs, ({ owner }) => owner.parts.length > 0);
      for (const [at, { owner }] of pairs.entries()) assert.equal(owner.received.toString(), `for ${at}`);
      // Some kernels bring few sockets at a time, but of each of them what fills many buffers.
      const before = counters.bufferless;
      const some = pairs.slice(0, 60);
      const long = some.map((_, at) => patterned(200_000, at + 1));
      sendAll(some, (at) => long[at]!);
      await all(
        some,
        ({ socket, owner }) => socket.wireBytesIn === owner.received.length + 1 && owner.received.length >= 200_000,
      );
      for (const [at, { owner }] of some.entries()) {
        assert.equal(sha256(owner.received), sha256(Buffer.concat([Buffer.from(`for ${at}`), long[at]!])));
      }
      assert.ok(counters.bufferless > before, 'the kernel was short of buffers');
      leave(pairs);
    });
  },
);

for (const [what, bounds] of Object.entries({
  'a tenth of the buffers': { ringBuffers: 16 },
  'a block for two': { ringBlocks: 2 },
  'eight submissions': { ringSubmissions: 8, ringCompletions: 64 },
  'a queue of 16 completions': { ringSubmissions: 16, ringCompletions: 16 },
  'one of each': { ringSubmissions: 1, ringCompletions: 2, ringBuffers: 1, ringBlocks: 1 },
  'room for three sockets': { ringLanes: 3 },
  'one turn': { ringTurns: 1, ringSubmissions: 16, ringCompletions: 16 },
})) {
  test(`with ${what}, 300 echoes answer twenty times, each in its order`, { skip }, async (t) => {
    const restore = setBounds(t, {});
    await withRing(t, bounds, async (ring) => {
      const lanes = limits.ringLanes;
      const pairs: IPair[] = [];
      if (lanes < 300) {
        for (let at = 0; at < lanes; at += 1) pairs.push(await startPair(t, 'ring'));
        for (let at = lanes; at < 300; at += 1) pairs.push(await startPair(t, 'handle'));
        for (const { socket } of pairs) socket.mayUseRing(doorOf(ring));
      } else pairs.push(...(await startCrowd(t, ring, 300)));
      const got = pairs.map(() => [] as Buffer[]);
      for (const [at, { socket, owner, peer }] of pairs.entries()) {
        owner.onBytes = (_source, bytes, start, end) => {
          const middle = (start + end) >> 1;
          socket.write(bytes.toString('latin1', start, middle), 'latin1');
          socket.write(Buffer.from(bytes.subarray(middle, end)));
        };
        peer.on('data', (part: Buffer) => got[at]!.push(part));
      }
      const sent = pairs.map(() => [] as Buffer[]);
      for (let round = 0; round < 20; round += 1) {
        sendAll(pairs, (at) => {
          const message = patterned(1 + ((at * 37 + round * 991) % 5_000), at + round + 1);
          sent[at]!.push(message);
          return message;
        });
        const goal = sent.map((parts) => parts.reduce((sum, part) => sum + part.length, 0));
        await all(pairs, (pair) => {
          const at = pairs.indexOf(pair);
          return got[at]!.reduce((sum, part) => sum + part.length, 0) === goal[at];
        });
      }
      for (const [at, { socket, owner }] of pairs.entries()) {
        assert.equal(sha256(Buffer.concat(got[at]!)), sha256(Buffer.concat(sent[at]!)));
        assert.equal(socket.wireBytesIn - owner.warmBytes, socket.wireBytesOut);
      }
      assert.ok(ring.users <= limits.ringLanes);
      leave(pairs);
    });
    restore();
  });
}

for (const completions of [8_192, 2_048]) {
  test(`3,000 sockets leave in one turn, with ${completions} completions to tell it`, { skip }, async (t) => {
    await withRing(t, { ringCompletions: completions }, async (ring) => {
      const pairs = await startCrowd(t, ring, 3_000);
      const [first, ...others] = pairs as [IPair, ...IPair[]];
      await within(ring, first, () => {
        for (const [at, { socket }] of others.entries()) {
          socket.write('bye', 'latin1');
          if (at % 3 === 0) socket.destroy();
          else if (at % 3 === 1) socket.pause();
          else socket.destroySoon();
        }
      });
      await all(others, ({ socket }) => socket.wireBytesOut === 3);
      await all(others, ({ owner, socket }) => owner.wireOut === 3 || !socket.destroyed);
      for (const { socket } of others) {
        if (!socket.destroyed) socket.resume();
      }
      sendAll(
        others.filter(({ socket }) => !socket.destroyed),
        () => 'back',
      );
      await all(others, ({ owner, socket }) => socket.destroyed || owner.received.toString() === 'back');
      leave(pairs);
    });
  });
}

test('sockets become Node’s in turns that completions have no room in', { skip }, async (t) => {
  await withRing(t, { ringSubmissions: 16, ringCompletions: 16 }, async (ring) => {
    const pairs = await startCrowd(t, ring, 200);
    for (const [at, { socket, owner }] of pairs.entries()) {
      owner.onBytes = () => {
        if (at % 2 === 1) return;
        owner.onBytes = null;
        socket.write('a', 'latin1');
        socket.write('b', 'latin1');
        const made = toNetSocket(socket, true);
        made.write('c', 'latin1');
        made.end();
      };
    }
    const answers = pairs.map(() => '');
    for (const [at, { peer }] of pairs.entries()) peer.on('data', (part: Buffer) => (answers[at] += part.toString()));
    sendAll(pairs, () => patterned(6_000, 9));
    await all(pairs, ({ owner }) => owner.parts.length > 0);
    await all(pairs, (pair) => pairs.indexOf(pair) % 2 === 1 || answers[pairs.indexOf(pair)]!.length === 3);
    for (const [at, answer] of answers.entries()) assert.equal(answer, at % 2 === 1 ? '' : 'abc');
    leave(pairs);
    for (const { peer } of pairs) peer.end();
  });
});
