// Ends of all kinds, in the same turn of the ring as a write and without one: as the peers of sockets on handles see them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IProxySocket } from '../../ts/connection/socket.ts';
import { pauseStream, resumeStream } from '../../ts/connection/sockets.ts';
import { patterned, sha256 } from '../helpers/proxy.ts';
import { type KeepingOwner, holdRing, startPair } from '../sockets/owner.ts';
import { emptied, ending, within } from './turn.ts';
import { nextTurn } from './echo.ts';
import { ringMissing } from './ring.ts';

const skip = ringMissing();
const SHORT = 'short';
const LONG = patterned(3_000_000, 5);

/** A way to end, by the socket or by its owner. */
const WAYS: Record<string, (socket: IProxySocket) => void> = {
  'destroy': (socket) => void socket.destroy(),
  'destroySoon': (socket) => void socket.destroySoon(),
  'end': (socket) => void socket.end(),
  'resetOrDestroy': (socket) => socket.resetOrDestroy(),
  'end, then destroySoon': (socket) => {
    socket.end();
    socket.destroySoon();
  },
  'end, then resetOrDestroy': (socket) => {
    socket.end();
    socket.resetOrDestroy();
  },
  'pause, then destroy': (socket) => {
    socket.pause();
    socket.destroy();
  },
  'slab, then destroySoon': (socket) => {
    socket.useOwnSlab();
    socket.destroySoon();
  },
};

/** What is written before the end, in parts. */
const WRITES: Record<string, Array<string | Buffer>> = {
  'nothing': [],
  'one short message': [SHORT],
  'three short messages': ['a', Buffer.from('b'), 'c'],
  'a short and a long message': [SHORT, LONG],
  'a long and a short message': [LONG, SHORT],
  'an empty message between two': ['a', '', 'b'],
};

function write(socket: IProxySocket, parts: Array<string | Buffer>): void {
  for (const part of parts) {
    if (typeof part === 'string') socket.write(part, 'latin1');
    else socket.write(part);
  }
}

const length = (parts: Array<string | Buffer>): number => parts.reduce((sum, part) => sum + part.length, 0);

async function gone(owner: KeepingOwner, socket: IProxySocket, how: string): Promise<void> {
  if (how === 'end') {
    await nextTurn();
    socket.destroy();
  }
  await owner.gone;
}

for (const [how, finish] of Object.entries(WAYS)) {
  for (const [what, parts] of Object.entries(WRITES)) {
    test(
      `${how} in the same turn as ${what}: the bytes that are counted are those that arrive`,
      { skip },
      async (t) => {
        const seen: Record<string, unknown[]> = {};
        for (const kind of ['handle', 'ring'] as const) {
          const ring = holdRing(t);
          const pair = await startPair(t, kind);
          const { socket, owner, peer } = pair;
          const end = ending(peer);
          await within(kind === 'ring' ? ring : null, pair, () => {
            write(socket, parts);
            finish(socket);
          });
          const { bytes, how: ended } = await end;
          await gone(owner, socket, how);
          const whole = length(parts);
          const all = Buffer.concat(parts.map((part) => Buffer.from(part)));
          if (ended === 'FIN') assert.equal(bytes.length, owner.wireOut, `${kind}: bytes counted`);
          else assert.ok(bytes.length <= owner.wireOut, `${kind}: bytes counted`);
          assert.equal(sha256(bytes), sha256(all.subarray(0, bytes.length)), `${kind}: bytes in order`);
          if (how.endsWith('destroySoon') || how === 'end') assert.equal(bytes.length, whole, `${kind}: all of it`);
          assert.equal(owner.told.filter((word) => word === 'gone').length, 1);
          assert.equal(owner.error, null);
          await emptied(ring);
          // How much of a long message is taken before a destroy is the kernel's to say.
          seen[kind] = [ended, whole > 100 ? null : owner.wireOut, owner.wireIn, owner.told];
        }
        assert.deepEqual(seen['ring'], seen['handle']);
      },
    );
  }
}

test('a pause within a turn keeps what comes and the FIN behind it, until it is resumed', { skip }, async (t) => {
  const ring = holdRing(t);
  const pair = await startPair(t, 'ring');
  const { socket, owner, peer } = pair;
  await within(ring, pair, () => pauseStream(socket), 'first');
  for (let count = 0; count < 50; count += 1) {
    peer.write(`${count} `);
    if (count % 7 === 0) await nextTurn();
  }
  peer.end('last');
  const other = await startPair(t, 'ring');
  // By the time that a turn for another is over, there was one for what was sent before.
  await within(ring, other, () => {});
  assert.equal(owner.received.toString(), 'first');
  assert.deepEqual(owner.told, ['connected']);
  resumeStream(socket);
  await owner.ended;
  const numbers = Array.from({ length: 50 }, (_, at) => `${at} `).join('');
  assert.equal(owner.received.toString(), `first${numbers}last`);
  assert.equal(socket.wireBytesIn - owner.warmBytes, owner.received.length);
  assert.deepEqual(owner.told, ['connected', 'end']);
});

test('what came in the turn of a pause is told in parts when each of them pauses again', { skip }, async (t) => {
  const ring = holdRing(t);
  const pair = await startPair(t, 'ring');
  const { socket, owner, peer } = pair;
  const other = await startPair(t, 'ring');
  owner.onBytes = () => {
    pauseStream(socket);
    setImmediate(() => resumeStream(socket));
  };
  for (let count = 0; count < 30; count += 1) {
    peer.write(`${count} `);
    await within(ring, other, () => {});
  }
  peer.end();
  await owner.ended;
  assert.equal(owner.received.toString(), Array.from({ length: 30 }, (_, at) => `${at} `).join(''));
  assert.deepEqual(owner.told, ['connected', 'end']);
});

for (const paused of [false, true]) {
  test(`a reset by the peer is told once, as an error${paused ? ', when it is resumed' : ''}`, { skip }, async (t) => {
    const ring = holdRing(t);
    const pair = await startPair(t, 'ring');
    const { socket, owner, peer } = pair;
    if (paused) {
      await within(ring, pair, () => pauseStream(socket), 'x');
      assert.equal(owner.received.toString(), 'x');
    }
    peer.resetAndDestroy();
    if (paused) {
      await nextTurn();
      resumeStream(socket);
    }
    await owner.gone;
    assert.equal(owner.error!.code, 'ECONNRESET');
    assert.deepEqual(owner.told, ['connected', 'gone']);
    await emptied(ring);
  });
}

test('what came before a reset is told before it, however late the socket is resumed', { skip }, async (t) => {
  for (const kind of ['handle', 'ring'] as const) {
    const ring = holdRing(t);
    const pair = await startPair(t, kind);
    const { socket, owner, peer } = pair;
    const bytes = patterned(6_000, 3);
    // More than one buffer of the ring, and the reset, are there before the first of them is told.
    const first = new Promise<void>((resolve) => {
      owner.onBytes = () => {
        pauseStream(socket);
        setImmediate(resolve);
      };
    });
    peer.write(bytes);
    peer.resetAndDestroy();
    await first;
    assert.deepEqual(owner.told, ['connected'], kind);
    owner.onBytes = null;
    resumeStream(socket);
    await owner.gone;
    assert.equal(sha256(owner.received), sha256(bytes), kind);
    assert.equal(owner.error!.code, 'ECONNRESET', kind);
    assert.equal(owner.wireIn, bytes.length, kind);
    await emptied(ring);
  }
});
