// A socket that is given up within each of its own callbacks, which OpenSSL makes while it is at work.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Stapling } from '../../ts/tls/stapling.ts';
import type { TlsSocket } from '../../ts/tls/tlssocket.ts';
import { patterned } from '../helpers/proxy.ts';
import { begin, secured } from './secured.ts';
import { turn } from './world.ts';

const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const;
/** Every way to give a socket up. */
const WAYS: Record<string, (socket: TlsSocket) => void> = {
  destroy: (socket) => socket.destroy(),
  destroySoon: (socket) => socket.destroySoon(),
  reset: (socket) => socket.resetOrDestroy(),
  all: (socket) => {
    socket.end();
    socket.destroySoon();
    socket.resetOrDestroy();
    socket.destroy();
  },
};

for (const version of VERSIONS) {
  const bounds = { minVersion: version, maxVersion: version };
  for (const [way, giveUp] of Object.entries(WAYS)) {
    test(`${version}: ${way} when the certificate is asked for`, async (t) => {
      const source = (): Buffer => {
        giveUp(held!);
        return Buffer.from('0');
      };
      let held: TlsSocket | null = null;
      const terms = { stapling: new Stapling(source) };
      const { owner, client, listener } = await begin(t, terms, { ...bounds, requestOCSP: true }, ({ socket }) => {
        held = socket;
      });
      client.resume();
      await owner.gone;
      assert.equal(listener.handshakes, 0);
      assert.equal(owner.error, null);
      for (let at = 0; at < 5; at += 1) await turn();
    });

    test(`${version}: ${way} when the handshake is done`, async (t) => {
      const { owner, client, connected } = await begin(t, {}, bounds, ({ socket, listener }) => {
        listener.onDone = () => giveUp(socket);
      });
      client.resume();
      await owner.gone;
      assert.deepEqual(owner.told, ['connected', 'gone']);
      // What was said up to here is sent along.
      if (way === 'destroySoon') await connected;
      // Node's client must not be destroyed while it tells of its handshake.
      await turn();
      if (way === 'destroySoon') assert.equal(client.getProtocol(), version);
    });

    test(`${version}: ${way} when a handshake fails`, async (t) => {
      const { owner, peer } = await begin(t, {}, { ...bounds, over: undefined }, ({ socket, listener, peer: wire }) => {
        listener.onFault = () => giveUp(socket);
        wire.write(Buffer.from([22, 3, 3, 0, 4, 99, 0, 0, 0]));
      });
      peer.resume();
      await owner.gone;
      assert.equal(owner.error, null);
    });

    test(`${version}: ${way} at the first piece of many`, async (t) => {
      const { socket, owner, client } = await secured(t, version);
      let calls = 0;
      owner.onBytes = () => {
        calls += 1;
        giveUp(socket);
      };
      client.write(patterned(200_000, 4));
      await owner.gone;
      const seen = calls;
      for (let at = 0; at < 5; at += 1) await turn();
      assert.equal(calls, seen, 'nothing is told of a socket that is gone');
    });

    test(`${version}: ${way} at close_notify, at drain and at a record that cannot be read`, async (t) => {
      const first = await secured(t, version);
      first.owner.onSocketEnd = () => giveUp(first.socket);
      first.client.end('last');
      await first.owner.gone;

      const second = await secured(t, version);
      second.owner.onSocketDrain = () => giveUp(second.socket);
      second.client.resume();
      second.socket.write(patterned(300_000, 1));
      second.socket.notifyDrain(second.owner);
      await second.owner.gone;

      const third = await secured(t, version);
      third.listener.onFault = () => giveUp(third.socket);
      third.peer.write(Buffer.from([23, 3, 3, 0, 32, ...Array.from({ length: 32 }, () => 7)]));
      third.client.resume();
      await third.owner.gone;
      assert.equal(third.listener.errors.length, 1);
    });

    test(`${version}: ${way} with one write under way and more behind it`, async (t) => {
      const { socket, owner, client } = await secured(t, version);
      client.pause();
      for (let at = 0; at < 5; at += 1) socket.write(patterned(2_000_000, at));
      giveUp(socket);
      if (way === 'destroySoon') client.resume();
      await owner.gone;
      for (let at = 0; at < 5; at += 1) await turn();
    });
  }

  test(`${version}: a write, a pause and an end from within the handshake's end`, async (t) => {
    const { owner, client, listener } = await begin(t, {}, bounds, ({ socket, listener: heard }) => {
      heard.onDone = () => {
        socket.pause();
        socket.write(patterned(100_000, 8));
        socket.write('behind');
        socket.resume();
        socket.end();
      };
    });
    let got = 0;
    client.on('data', (bytes: Buffer) => (got += bytes.length));
    await once(client, 'end');
    assert.equal(got, 100_006);
    client.end('and mine');
    await owner.ended;
    assert.equal(owner.received.toString(), 'and mine');
    assert.equal(listener.handshakes, 1);
  });
}

test('TLSv1.2: given up when another handshake is asked for', async (t) => {
  for (const giveUp of Object.values(WAYS)) {
    const { socket, owner, client, listener } = await secured(t, 'TLSv1.2');
    socket.refuseRenegotiation();
    listener.onFault = () => giveUp(socket);
    client.renegotiate({}, () => {});
    client.resume();
    await owner.gone;
    assert.equal(listener.handshakes, 1);
  }
});
