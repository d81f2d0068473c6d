// Whatever a socket in the ring does, in whatever order: the stream at the other end is the one that was sent.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sha256 } from '../helpers/proxy.ts';
import { setBounds } from '../helpers/bounds.ts';
import { holdRing, startPair } from '../sockets/owner.ts';
import { converse } from './echo.ts';
import { type IPair, emptied } from './turn.ts';
import { ringMissing } from './ring.ts';

const skip = ringMissing();
const SEEDS = Number(process.env['RING_SEEDS'] ?? 4);
const PAIRS = 6;

/** Sizes of rings: as they are, and so small that all of it is short at times. */
const SIZES = {
  usual: {},
  small: { ringSubmissions: 8, ringCompletions: 16, ringBuffers: 4, ringBlocks: 3 },
};

for (const [size, bounds] of Object.entries(SIZES)) {
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    test(
      `${size} ring, seed ${seed}: random messages both ways arrive in order, and are counted`,
      { skip },
      async (t) => {
        setBounds(t, bounds);
        const ring = holdRing(t);
        const pairs: IPair[] = [];
        for (let at = 0; at < PAIRS; at += 1) pairs.push(await startPair(t, 'ring'));
        const said = await Promise.all(pairs.map((pair, at) => converse(ring, seed * PAIRS + at, pair)));
        for (const [at, { sent, got }] of said.entries()) {
          const { socket, owner } = pairs[at]!;
          const of = `pair ${at} of seed ${seed}`;
          assert.equal(got.length, sent.length, of);
          assert.equal(sha256(got), sha256(sent), of);
          assert.equal(sha256(owner.received), sha256(sent), of);
          assert.equal(socket.wireBytesIn - owner.warmBytes, sent.length, of);
          assert.equal(socket.wireBytesOut, sent.length, of);
          socket.destroy();
          await owner.gone;
          assert.equal(owner.wireOut, sent.length, of);
        }
        const inTurn = said.reduce((sum, each) => sum + each.inTurn, 0);
        assert.ok(inTurn > PAIRS * 20, `most of it went through the ring: ${inTurn}`);
        await emptied(ring);
      },
    );
  }
}
