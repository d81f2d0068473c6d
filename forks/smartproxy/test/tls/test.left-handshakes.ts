// Clients that leave in the midst of a TLS handshake are gone at once: waiting for them would hold a place for nothing.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { selfSignedCertificate } from '@dcrouter/acme';
import { clientHello } from '../helpers/hello.ts';
import { forwardTo, startProxy } from '../helpers/proxy.ts';

/** How a client leaves, after its ClientHello was sent. */
const ways: Record<string, (socket: Socket) => Promise<void> | void> = {
  'ends with its first flight': (socket) => void socket.end(),
  'ends after ours': async (socket) => {
    await once(socket, 'data');
    socket.end();
  },
  'closes after ours': async (socket) => {
    await once(socket, 'data');
    socket.destroy();
  },
  'resets after ours': async (socket) => {
    await once(socket, 'data');
    socket.resetAndDestroy();
  },
  'goes on with something else': async (socket) => {
    await once(socket, 'data');
    socket.write('GET / HTTP/1.1\r\n\r\n');
  },
};

for (const sockets of ['auto', 'net'] as const) {
  for (const [what, leave] of Object.entries(ways)) {
    // Far below the 30 s that a handshake may take.
    test(`a client that ${what}, sockets: ${sockets}`, { timeout: 10_000 }, async (t) => {
      const { key, cert } = selfSignedCertificate(['a.test']);
      const route = forwardTo(1);
      route.action.tls = { mode: 'terminate', certificate: { key, cert } };
      const { port, proxy, ledger } = await startProxy(t, [route], { sockets });
      const socket = connect({ port: port(8080), host: '127.0.0.1', allowHalfOpen: true }).on('error', () => {});
      socket.write(await clientHello('a.test'));
      await leave(socket);
      socket.resume();
      while (proxy.stats.getTotalConnections() === 0) await new Promise((resolve) => setImmediate(resolve));
      await ledger.settled();
      socket.destroy();
      assert.deepEqual(Object.fromEntries(proxy.stats.getTerminationReasons()), { 'tls-error': 1 });
      assert.deepEqual(Object.fromEntries(proxy.stats.getRejectReasons()), { 'tls-handshake': 1 });
      assert.equal(ledger.rejections.length, 1);
    });
  }
}
