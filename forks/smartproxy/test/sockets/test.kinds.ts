// One battery over all kinds of sockets: on Node's TCP handles, in the ring, and on Node's own streams.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { test } from 'node:test';
import { HandleSocket } from '../../ts/connection/handlesocket.ts';
import { NetSocket } from '../../ts/connection/netsocket.ts';
import { lentSlabs } from '../../ts/connection/slab.ts';
import { connectSocket, notifyDrain, pauseStream, resumeStream, toNetSocket } from '../../ts/connection/sockets.ts';
import { emit } from '../../ts/http/emit.ts';
import { patterned, sha256 } from '../helpers/proxy.ts';
import { ringMissing } from '../ring/ring.ts';
import { KINDS, KeepingOwner, startPair } from './owner.ts';

const MORE_THAN_BUFFERS = 20_000_000;

test('the runtime of the tests shows its handles, so that all kinds are tested', () => {
  assert.equal(KINDS.handle.onHandles, true);
  assert.equal(KINDS.ring.onHandles, true);
  assert.equal(KINDS.net.onHandles, false);
});

const withRing = ringMissing() === false;

for (const kind of ['handle', ...(withRing ? (['ring'] as const) : []), 'net'] as const) {
  test(`${kind}: connects to addresses of both families and to names, as the kind that was asked for`, async (t) => {
    for (const host of ['127.0.0.1', '::1', 'localhost']) {
      const { socket, owner, peer } = await startPair(t, kind, host);
      assert.ok(socket instanceof (kind === 'net' ? NetSocket : HandleSocket), host);
      socket.write('there', 'latin1');
      const [bytes] = (await once(peer, 'data')) as [Buffer];
      assert.equal(bytes.toString(), 'there');
      peer.end('and back');
      await owner.ended;
      assert.equal(owner.received.toString(), 'and back');
      assert.equal(socket.remotePort, peer.localPort);
      socket.destroy();
      await owner.gone;
      assert.deepEqual([owner.wireOut, owner.wireIn, owner.error], [5, 8, null]);
      assert.deepEqual(owner.told, ['connected', 'end', 'gone']);
    }
  });

  test(`${kind}: a refused connection carries its code, once`, async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    const owner = new KeepingOwner();
    connectSocket(owner, '127.0.0.1', port, KINDS[kind]);
    await owner.gone;
    assert.equal(owner.error!.code, 'ECONNREFUSED');
    assert.equal(owner.error!.message, `connect ECONNREFUSED 127.0.0.1:${port}`);
    assert.deepEqual(owner.told, ['gone']);
  });

  test(`${kind}: an address that cannot be connected to is told after the call, not within it`, async () => {
    const owner = new KeepingOwner();
    // A multicast address has no connections.
    const socket = connectSocket(owner, '224.0.0.1', 9, KINDS[kind]);
    assert.deepEqual(owner.told, []);
    await owner.gone;
    assert.ok(owner.error!.code!.startsWith('E'));
    assert.equal(socket.destroyed, true);
  });

  test(`${kind}: a writer is told to wait, told when it may go on, and everything arrives`, async (t) => {
    const { socket, owner, peer } = await startPair(t, kind);
    const bytes = patterned(MORE_THAN_BUFFERS, 7);
    peer.pause();
    assert.equal(socket.write(bytes), false);
    assert.equal(socket.writableNeedDrain, true);
    assert.ok(socket.writableLength > 0);
    const queued = socket.wireBytesOut;
    assert.ok(queued < bytes.length, 'what waits is not counted as sent');
    notifyDrain(socket, owner);
    notifyDrain(socket, owner);
    const parts: Buffer[] = [];
    peer.on('data', (part: Buffer) => parts.push(part));
    peer.resume();
    await owner.drained;
    assert.equal(socket.writableLength, 0);
    assert.equal(socket.writableNeedDrain, false);
    socket.end();
    await once(peer, 'end');
    assert.equal(sha256(Buffer.concat(parts)), sha256(bytes));
    assert.equal(socket.wireBytesOut, bytes.length);
    assert.equal(owner.told.filter((what) => what === 'drain').length, 1);
  });

  test(`${kind}: destroySoon sends what waits, and then closes in order`, async (t) => {
    const { socket, owner, peer } = await startPair(t, kind);
    const bytes = patterned(MORE_THAN_BUFFERS, 9);
    peer.pause();
    socket.write(bytes);
    socket.destroySoon();
    assert.equal(socket.destroyed, false);
    const parts: Buffer[] = [];
    peer.on('data', (part: Buffer) => parts.push(part));
    peer.resume();
    await once(peer, 'end');
    await owner.gone;
    assert.equal(sha256(Buffer.concat(parts)), sha256(bytes));
    assert.equal(owner.wireOut, bytes.length);
  });

  test(`${kind}: destroy while writes are under way is heard once, and what was not sent is not counted`, async (t) => {
    const { socket, owner, peer } = await startPair(t, kind);
    peer.pause();
    socket.write(patterned(MORE_THAN_BUFFERS, 3));
    socket.destroy();
    await owner.gone;
    assert.ok(owner.wireOut < MORE_THAN_BUFFERS);
    assert.equal(socket.write('late', 'latin1'), false);
    let got = 0;
    peer.on('data', (part: Buffer) => (got += part.length));
    peer.resume();
    await once(peer, 'end');
    assert.equal(got, owner.wireOut);
    assert.deepEqual(owner.told, ['connected', 'gone']);
  });

  test(`${kind}: a paused socket keeps what comes for later, its end included`, async (t) => {
    const { socket, owner, peer } = await startPair(t, kind);
    pauseStream(socket);
    peer.end('kept');
    // Two ways through the kernel: by the time our bytes are there, the peer's have come.
    socket.write('x', 'latin1');
    await once(peer, 'data');
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(owner.parts, []);
    resumeStream(socket);
    await owner.ended;
    assert.equal(owner.received.toString(), 'kept');
  });

  test(`${kind}: a reset is heard as ECONNRESET, and sent when asked for`, async (t) => {
    const first = await startPair(t, kind);
    first.peer.resetAndDestroy();
    await first.owner.gone;
    assert.equal(first.owner.error!.code, 'ECONNRESET');

    const second = await startPair(t, kind);
    const failed = once(second.peer, 'error');
    second.peer.resume();
    second.socket.resetOrDestroy();
    const [error] = (await failed) as [NodeJS.ErrnoException];
    assert.equal(error.code, 'ECONNRESET');
    await second.owner.gone;
    assert.equal(second.owner.error, null);
  });

  test(`${kind}: half-open both ways`, async (t) => {
    const { socket, owner, peer } = await startPair(t, kind);
    peer.resume();
    socket.end();
    await once(peer, 'end');
    peer.write('after your end');
    peer.end();
    await owner.ended;
    assert.equal(owner.received.toString(), 'after your end');
    socket.destroy();
    await owner.gone;
    assert.equal(owner.error, null);
  });

  test(`${kind}: big reads passed on to a slow writer keep their bytes, and slabs come back`, async (t) => {
    const before = lentSlabs();
    const from = await startPair(t, kind);
    const to = await startPair(t, kind);
    const bytes = patterned(MORE_THAN_BUFFERS, 11);
    from.owner.onBytes = (source, view, start, end) => {
      if (emit(to.socket, source, '', view, start, end, end, '')) return;
      pauseStream(source);
      notifyDrain(to.socket, to.owner);
    };
    to.owner.onSocketDrain = () => resumeStream(from.socket);
    from.owner.onSocketEnd = () => to.socket.end();
    const parts: Buffer[] = [];
    to.peer.on('data', (part: Buffer) => parts.push(part));
    from.peer.end(bytes);
    await once(to.peer, 'end');
    assert.equal(sha256(Buffer.concat(parts)), sha256(bytes));
    from.socket.destroy();
    to.socket.destroy();
    assert.equal(lentSlabs(), before);
  });

  test(`${kind}: becomes a socket of Node's in the midst of it, with its owner, its queue and its counts`, async (t) => {
    const { socket, owner, peer } = await startPair(t, kind);
    const bytes = patterned(MORE_THAN_BUFFERS, 13);
    peer.write('before');
    await new Promise<void>((resolve) => (owner.onBytes = () => resolve()));
    peer.pause();
    socket.write(bytes);
    const made = toNetSocket(socket, true);
    assert.equal(socket === made, kind === 'net');
    made.write('and behind it');
    const parts: Buffer[] = [];
    peer.on('data', (part: Buffer) => parts.push(part));
    peer.resume();
    made.end();
    await once(peer, 'end');
    assert.equal(sha256(Buffer.concat(parts)), sha256(Buffer.concat([bytes, Buffer.from('and behind it')])));
    peer.end(' and after');
    await owner.gone;
    assert.equal(owner.received.toString(), 'before and after');
    assert.deepEqual([owner.wireIn, owner.wireOut], [16, bytes.length + 13]);
  });
}
