// TLS on handles by itself: what is written, read, held while paused, ended and broken, with Node's client over it.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { lentSlabs } from '../../ts/connection/slab.ts';
import { limits } from '../../ts/limits/limits.ts';
import { patterned, sha256 } from '../helpers/proxy.ts';
import { drainedOf, endless, secured } from './secured.ts';
import { turn, until } from './world.ts';

const MORE_THAN_BUFFERS = 20_000_000;
const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const;

for (const version of VERSIONS) {
  test(`${version}: a writer is told to wait, told when it may go on, and everything arrives`, async (t) => {
    const { socket, owner, client } = await secured(t, version);
    assert.equal(socket.tlsVersion(), version);
    const bytes = patterned(MORE_THAN_BUFFERS, 7);
    client.pause();
    assert.equal(socket.write(bytes), false);
    assert.equal(socket.writableNeedDrain, true);
    assert.ok(socket.wireBytesOut < bytes.length, 'what waits is not counted as sent');
    socket.notifyDrain(owner);
    socket.notifyDrain(owner);
    const whole = drainedOf(client);
    await owner.drained;
    assert.equal(socket.writableLength, 0);
    assert.equal(socket.writableNeedDrain, false);
    socket.end();
    assert.equal(sha256(await whole), sha256(bytes));
    assert.equal(owner.told.filter((what) => what === 'drain').length, 1);
  });

  test(`${version}: writes of every size in one turn keep their order, and the memory may be used again`, async (t) => {
    const { socket, client } = await secured(t, version);
    const whole = drainedOf(client);
    const expected: Buffer[] = [];
    const scratch = Buffer.alloc(100_000);
    for (let at = 0; at < 60; at += 1) {
      const bytes = patterned((at * 7_919) % 40_000, at);
      expected.push(bytes);
      if (at % 3 === 0) socket.write(bytes.toString('latin1'));
      else {
        bytes.copy(scratch);
        socket.write(scratch.subarray(0, bytes.length));
        scratch.fill(0xff);
      }
    }
    socket.end();
    assert.equal(socket.write('late'), false);
    assert.equal(sha256(await whole), sha256(Buffer.concat(expected)));
  });

  test(`${version}: destroySoon sends what waits, then says that it was all`, async (t) => {
    const { socket, owner, client, peer } = await secured(t, version);
    const bytes = patterned(MORE_THAN_BUFFERS, 9);
    client.pause();
    socket.write(bytes);
    socket.write('last');
    socket.destroySoon();
    assert.equal(socket.destroyed, false);
    assert.equal(sha256(await drainedOf(client)), sha256(Buffer.concat([bytes, Buffer.from('last')])));
    await owner.gone;
    assert.equal(owner.error, null);
    assert.equal(owner.wireOut, peer.bytesRead, 'and counts what the client counts');
    assert.deepEqual([socket.wireBytesOut, socket.wireBytesIn], [owner.wireOut, owner.wireIn], 'also afterwards');
  });

  test(`${version}: half-open both ways`, async (t) => {
    const { socket, owner, client } = await secured(t, version);
    const whole = drainedOf(client);
    socket.write('ours');
    socket.end();
    assert.equal((await whole).toString(), 'ours');
    client.write('after your end');
    client.end();
    await owner.ended;
    assert.equal(owner.received.toString(), 'after your end');
    socket.destroy();
    await owner.gone;
    assert.equal(owner.error, null);
  });

  test(`${version}: the client's close_notify leaves our side open`, async (t) => {
    const { socket, owner, client } = await secured(t, version);
    client.end('mine');
    await owner.ended;
    assert.equal(owner.received.toString(), 'mine');
    const bytes = patterned(300_000, 3);
    const whole = drainedOf(client);
    socket.write(bytes);
    socket.destroySoon();
    assert.equal(sha256(await whole), sha256(bytes));
    assert.equal(owner.told.filter((what) => what === 'end').length, 1, 'one end, however it is told');
  });

  test(`${version}: what follows close_notify is not read`, async (t) => {
    const { owner, socket, client, peer } = await secured(t, version, { over: endless });
    client.end();
    await owner.ended;
    const before = socket.wireBytesIn;
    // Behind TLS's back, and more than the buffers of the kernel hold.
    let took = 0;
    for (let at = 0; at < 20; at += 1) peer.write(Buffer.alloc(1_000_000, 23), () => (took += 1));
    for (let at = 0; at < 500; at += 1) await turn();
    assert.ok(took < 20, 'the client is not read from any more');
    assert.ok(socket.wireBytesIn - before < 1_000_000, `read ${socket.wireBytesIn - before} bytes`);
  });

  test(`${version}: a paused socket keeps what comes in the same read, its end included, and in order`, async (t) => {
    const { socket, owner, client } = await secured(t, version);
    const bytes = patterned(60_000, 5);
    let calls = 0;
    owner.onBytes = () => {
      calls += 1;
      socket.pause();
    };
    // Many records in one read of the wire, each of which is a piece.
    client.setMaxSendFragment(512);
    client.end(bytes);
    await until(() => calls > 0);
    for (let at = 0; at < 20; at += 1) await turn();
    assert.equal(calls, 1, 'nothing is told while it is paused');
    assert.deepEqual(owner.told, ['connected']);
    while (owner.received.length < bytes.length) {
      const had: number = calls;
      socket.resume();
      await until(() => calls > had);
      assert.equal(calls, had + 1);
    }
    socket.resume();
    await owner.ended;
    assert.equal(sha256(owner.received), sha256(bytes));
    assert.deepEqual(owner.told, ['connected', 'end']);
  });

  test(`${version}: a reset is heard with its code, also in the midst of a write, and sent when asked for`, async (t) => {
    const first = await secured(t, version);
    first.peer.resetAndDestroy();
    await first.owner.gone;
    assert.equal(first.owner.error!.code, 'ECONNRESET');

    const second = await secured(t, version);
    second.client.pause();
    second.socket.write(patterned(MORE_THAN_BUFFERS, 1));
    second.socket.write('behind');
    second.peer.resetAndDestroy();
    await second.owner.gone;
    assert.match(second.owner.error!.code!, /ECONNRESET|EPIPE/);

    const third = await secured(t, version);
    const failed = once(third.client, 'error');
    third.client.resume();
    third.socket.resetOrDestroy();
    assert.equal(((await failed) as [NodeJS.ErrnoException])[0].code, 'ECONNRESET');
  });

  test(`${version}: a write that fails at once is heard, as nobody reads`, async (t) => {
    for (const failing of [1, 3]) {
      const { socket, owner, peer } = await secured(t, version);
      socket.pause();
      peer.resetAndDestroy();
      await once(peer, 'close');
      for (let at = 0; at < failing; at += 1) socket.write(`part ${at}`);
      await owner.gone;
      assert.match(owner.error!.code!, /ECONNRESET|EPIPE/);
      assert.deepEqual(owner.told, ['connected', 'gone']);
    }
  });

  test(`${version}: destroy while writes are under way is heard once, and says nothing of an end`, async (t) => {
    const { socket, owner, client } = await secured(t, version);
    client.pause();
    const bytes = patterned(MORE_THAN_BUFFERS, 3);
    socket.write(bytes);
    socket.write('behind');
    socket.destroy();
    await owner.gone;
    assert.equal(socket.write('late'), false);
    let got = 0;
    client.on('data', (part: Buffer) => (got += part.length));
    client.resume();
    await once(client, 'end');
    assert.ok(got < bytes.length);
    assert.deepEqual(owner.told, ['connected', 'gone']);
  });

  test(`${version}: big reads go into a slab of its own and come back whole, and so does the slab`, async (t) => {
    const before = lentSlabs();
    const { socket, owner, client } = await secured(t, version);
    const bytes = patterned(MORE_THAN_BUFFERS, 13);
    owner.onBytes = (_source, view, start, end) => {
      socket.useOwnSlab();
      if (!socket.write(view.subarray(start, end))) {
        socket.pause();
        socket.notifyDrain(owner);
      }
    };
    owner.onSocketDrain = () => socket.resume();
    owner.onSocketEnd = () => socket.end();
    const whole = drainedOf(client);
    client.end(bytes);
    assert.equal(sha256(await whole), sha256(bytes));
    socket.destroy();
    assert.equal(lentSlabs(), before);
  });
}

test('an empty write is nothing', async (t) => {
  const { socket, client } = await secured(t);
  const whole = drainedOf(client);
  assert.equal(socket.write(Buffer.alloc(0)), true);
  assert.equal(socket.write(''), true);
  socket.write('x');
  socket.write(Buffer.alloc(0));
  socket.end();
  assert.equal((await whole).toString(), 'x');
  assert.ok(limits.writeQueueBytes > 1);
});
