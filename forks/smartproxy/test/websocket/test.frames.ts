import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FrameFollower } from '#proxy/websocket/frames';
import { seededRandom } from '../helpers/random.ts';
import { frame } from './frame.ts';

const seed = Number(process.env.SEED ?? 5);

test(`boundaries are found however the bytes are cut (seed ${seed})`, () => {
  const random = seededRandom(seed);
  for (let round = 0; round < 200; round += 1) {
    const lengths = Array.from(
      { length: 1 + Math.floor(random() * 6) },
      () => [0, 1, 125, 126, 127, 300, 65_535, 65_536][Math.floor(random() * 8)]!,
    );
    const frames = lengths.map((length) => frame(0x2, Buffer.alloc(length, 0x81), random() < 0.5));
    const bytes = Buffer.concat(frames);
    const ends = new Set([0]);
    let end = 0;
    for (const { length } of frames) ends.add((end += length));
    const follower = new FrameFollower(Infinity);
    for (let at = 0; at < bytes.length;) {
      const next = Math.min(bytes.length, at + 1 + Math.floor(random() * 40_000));
      assert.equal(follower.follow(bytes, at, next), null);
      assert.equal(follower.isBetween, ends.has(next), `after ${next} of ${lengths.join()}`);
      at = next;
    }
  }
});

test('frames over the limit and lengths that cannot be are named', () => {
  const follow = (bytes: Buffer, max = 100) => new FrameFollower(max).follow(bytes, 0, bytes.length);
  assert.equal(follow(frame(0x1, Buffer.alloc(100))), null);
  assert.equal(follow(frame(0x1, Buffer.alloc(101))), 'too-big');
  assert.equal(follow(frame(0x1, Buffer.alloc(70_000)).subarray(0, 10)), 'too-big', 'before its payload came');
  assert.equal(
    follow(Buffer.from([0x89, 126, 0, 126]), Infinity),
    'malformed',
    'a control frame of more than 125 bytes',
  );
  assert.equal(follow(Buffer.from([0x82, 127, 0xff, 0, 0, 0, 0, 0, 0, 0]), Infinity), 'malformed');
  assert.equal(follow(Buffer.from([0x82, 127, 0, 0x20, 0, 0, 0, 0, 0, 0]), Infinity), 'malformed');
});
