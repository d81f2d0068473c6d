// Sockets that become Node's while the ring holds bytes of theirs, either way: nothing is lost, the order is kept.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NetSocket } from '../../ts/connection/netsocket.ts';
import { notifyDrain, toNetSocket } from '../../ts/connection/sockets.ts';
import { patterned, sha256 } from '../helpers/proxy.ts';
import { holdRing, startPair } from '../sockets/owner.ts';
import { nextTurn } from './echo.ts';
import { type IPair, emptied, ending, within } from './turn.ts';
import { ringMissing } from './ring.ts';

const skip = ringMissing();
/** What a socket that was made of another gets to read: first what that one left. */
function unreadOf(made: NetSocket): Buffer {
  return Buffer.concat(made.unread);
}

for (const length of [10, 4_096, 4_097, 10_000, 60_000]) {
  test(`of ${length} bytes that are there, one call tells some, and the next socket the rest`, { skip }, async (t) => {
    const ring = holdRing(t);
    const pair = await startPair(t, 'ring');
    const { owner, peer } = pair;
    const bytes = patterned(length, length);
    let made: NetSocket | null = null;
    await within(
      ring,
      pair,
      () => {
        made = toNetSocket(pair.socket, true);
      },
      bytes,
    );
    await emptied(ring);
    const told = owner.parts.length;
    assert.ok(told > 0);
    peer.end(' and more');
    await owner.ended;
    const parts = [...owner.parts.slice(0, 1), unreadOf(made!), ...owner.parts.slice(1)];
    assert.equal(sha256(Buffer.concat(parts)), sha256(Buffer.concat([bytes, Buffer.from(' and more')])));
    assert.equal(made!.wireBytesIn - owner.warmBytes, length + 9);
  });
}

test('what came for a paused socket goes to the next one, and its FIN', { skip }, async (t) => {
  const ring = holdRing(t);
  const pair = await startPair(t, 'ring');
  const { socket, owner, peer } = pair;
  const bytes = patterned(6_000, 2);
  peer.write(bytes);
  peer.end();
  await new Promise<void>((resolve) => {
    owner.onBytes = () => {
      owner.onBytes = null;
      socket.pause();
      resolve();
    };
  });
  await nextTurn();
  await emptied(ring);
  const made = toNetSocket(socket, true);
  made.resume();
  await owner.ended;
  assert.equal(sha256(Buffer.concat([owner.received, unreadOf(made)])), sha256(bytes));
  assert.equal(made.wireBytesIn - owner.warmBytes, bytes.length);
});

for (const when of ['in its turn', 'while it is paused'] as const) {
  test(
    `a reset that the ring was told of and the socket not yet, ${when}, breaks the next socket`,
    { skip },
    async (t) => {
      const ring = holdRing(t);
      const { socket, owner, peer } = await startPair(t, 'ring');
      peer.write(patterned(6_000, 4));
      peer.resetAndDestroy();
      const paused = new Promise<void>((resolve) => {
        owner.onBytes = () => {
          owner.onBytes = null;
          if (when === 'in its turn') toNetSocket(socket, true);
          else socket.pause();
          resolve();
        };
      });
      await paused;
      await nextTurn();
      if (when !== 'in its turn') toNetSocket(socket, true);
      await owner.gone;
      assert.equal(owner.error?.code, 'ECONNRESET');
      assert.deepEqual(owner.told, ['connected', 'gone']);
      await emptied(ring);
    },
  );
}

test('what was written before the change stands before what is written after it', { skip }, async (t) => {
  const ring = holdRing(t);
  for (const before of [['a'], ['a', 'b'], ['a', 'b', 'c'.repeat(100_000)], []]) {
    const pair = await startPair(t, 'ring');
    const end = ending(pair.peer);
    const made = Promise.withResolvers<NetSocket>();
    await within(ring, pair, () => {
      for (const text of before) pair.socket.write(text, 'latin1');
      const next = toNetSocket(pair.socket, true);
      next.write('z', 'latin1');
      made.resolve(next);
    });
    const next = await made.promise;
    next.end();
    const { bytes } = await end;
    assert.equal(bytes.toString(), `${before.join('')}z`);
    assert.equal(next.wireBytesOut, bytes.length);
    await emptied(ring);
  }
});

test('an owner that writes when it hears of the drain that the change brings is heard', { skip }, async (t) => {
  const ring = holdRing(t);
  const pair = await startPair(t, 'ring');
  const { socket, owner, peer } = pair;
  const end = ending(peer);
  owner.onSocketDrain = () => {
    socket.write('d', 'latin1');
    socket.write('e', 'latin1');
  };
  const made = Promise.withResolvers<NetSocket>();
  await within(ring, pair, () => {
    socket.write('a', 'latin1');
    socket.write('b', 'latin1');
    notifyDrain(socket, owner);
    const next = toNetSocket(socket, true);
    next.write('z', 'latin1');
    made.resolve(next);
  });
  (await made.promise).end();
  assert.equal((await end).bytes.toString(), 'abdez');
  await emptied(ring);
});

test('a socket that was destroyed, or goes within the change, leaves nothing behind', { skip }, async (t) => {
  const ring = holdRing(t);
  const acts: Array<(pair: IPair) => void> = [
    ({ socket }) => {
      socket.write('a', 'latin1');
      socket.destroySoon();
      toNetSocket(socket, true);
    },
    ({ socket }) => {
      socket.destroy();
      toNetSocket(socket, true);
    },
    ({ socket, owner }) => {
      owner.onSocketDrain = () => void socket.destroy();
      socket.write('a', 'latin1');
      socket.write('b', 'latin1');
      notifyDrain(socket, owner);
      toNetSocket(socket, true);
    },
  ];
  for (const act of acts) {
    const pair = await startPair(t, 'ring');
    const end = ending(pair.peer);
    await within(ring, pair, () => act(pair));
    assert.equal((await end).how, 'FIN');
    await pair.owner.gone;
    assert.equal(pair.owner.told.filter((word) => word === 'gone').length, 1);
    await emptied(ring);
  }
});
