/**
 * Mutated packets: never a throw, never an endless loop, and whatever is understood survives encoding and text.
 * The long mode is `bench/dns/fuzz-wire.ts`.
 */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { QuestionReader } from '#wire';
import { Growth } from '../growth.ts';
import { checkPacket, makeCorpus, makeTally, mutate } from './support/fuzz.ts';
import { Random } from './support/random.ts';

for (const seed of [1, 20_260_101, 0xdecafbad]) {
  test(`40,000 mutated packets keep the codec's laws (seed ${seed})`, () => {
    const random = new Random(seed);
    const corpus = makeCorpus(random, 300);
    const target = Buffer.alloc(8_192);
    const reader = new QuestionReader();
    const tally = makeTally();
    for (let index = 0; index < 40_000; index++) {
      const length = mutate(random, corpus, target);
      const packet = Buffer.from(target.subarray(0, length));
      try {
        checkPacket(packet, reader, tally, index % 8 === 0);
      } catch (error) {
        throw new Error(`seed ${seed}, packet ${index}: ${packet.toString('hex')}`, { cause: error });
      }
    }
    // The mutations must reach every kind of refusal, or they test nothing.
    const reasons = ['truncated', 'label-type', 'pointer', 'bad-rdata', 'short-header', 'bad-opt', 'too-many'];
    for (const reason of reasons) assert.ok(tally.refused.has(reason), reason);
    assert.ok(tally.decoded > 1_000, String(tally.decoded));
  });
}

test('reading and writing the same mutated packets again and again leaves nothing behind', () => {
  const growth = new Growth();
  const target = Buffer.alloc(8_192);
  const reader = new QuestionReader();
  const packets = 20_000;
  // The first two rounds compile; after that whatever stays is a leak.
  for (let repeat = 0; repeat < 6; repeat++) {
    const random = new Random(7);
    const corpus = makeCorpus(random, 100);
    const tally = makeTally();
    for (let index = 0; index < packets; index++) {
      const length = mutate(random, corpus, target);
      checkPacket(Buffer.from(target.subarray(0, length)), reader, tally, index % 32 === 0);
    }
    if (repeat >= 2) growth.sample(repeat * packets);
  }
  // Less than the smallest object and its place in a list: compiled code comes and goes.
  assert.ok(growth.slope() < 12, `${growth.slope()} bytes for each packet: ${growth.toString()}`);
});
