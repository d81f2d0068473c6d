// Handshakes that answer tls-alpn-01 (RFC 8737): complete with either version of TLS, and over when the validator leaves.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { test, type TestContext } from 'node:test';
import { connect as connectTls, createSecureContext } from 'node:tls';
import { acmeTlsProtocol, selfSignedCertificate } from '@dcrouter/acme';
import { ChallengeBoard } from '../../ts/certificates/challenge-board.ts';
import { clientHello } from '../helpers/hello.ts';
import { forwardTo, startProxy } from '../helpers/proxy.ts';

const challenge = selfSignedCertificate(['challenge.test']);

/** A proxy at which a challenge for `a.test` stands. */
async function standing(t: TestContext, sockets: 'auto' | 'net'): Promise<Awaited<ReturnType<typeof startProxy>>> {
  const context = createSecureContext({ key: challenge.key, cert: challenge.cert });
  t.mock.method(ChallengeBoard.prototype, 'context', (name: string) => (name === 'a.test' ? context : null));
  const { key, cert } = selfSignedCertificate(['a.test']);
  const route = forwardTo(1);
  route.action.tls = { mode: 'terminate', certificate: { key, cert } };
  return await startProxy(t, [route], { sockets });
}

const leaves: Record<string, (socket: Socket) => void> = {
  'ends': (socket) => void socket.end(),
  'resets': (socket) => void socket.resetAndDestroy(),
  'says something else': (socket) => void socket.write('GET / HTTP/1.1\r\n\r\n'),
};

for (const sockets of ['auto', 'net'] as const) {
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    test(`${version}: the handshake is complete before it is closed, sockets: ${sockets}`, async (t) => {
      const { port, proxy, ledger } = await standing(t, sockets);
      const validator = connectTls({
        port: port(8080),
        host: '127.0.0.1',
        servername: 'a.test',
        ALPNProtocols: [acmeTlsProtocol],
        minVersion: version,
        maxVersion: version,
        rejectUnauthorized: false,
      });
      await once(validator, 'secureConnect');
      assert.equal(validator.alpnProtocol, acmeTlsProtocol);
      assert.equal(validator.getPeerX509Certificate()?.subjectAltName, 'DNS:challenge.test');
      validator.resume();
      await once(validator, 'end');
      validator.destroy();
      await ledger.settled();
      assert.deepEqual(Object.fromEntries(proxy.stats.getTerminationReasons()), { completed: 1 });
    });
  }

  for (const [what, leave] of Object.entries(leaves)) {
    // Far below the 30 s that a handshake may take.
    test(`a validator that ${what} in the midst of it, sockets: ${sockets}`, { timeout: 10_000 }, async (t) => {
      const { port, proxy, ledger } = await standing(t, sockets);
      const socket = connect({ port: port(8080), host: '127.0.0.1' }).on('error', () => {});
      socket.write(await clientHello('a.test', [acmeTlsProtocol]));
      await once(socket, 'data');
      leave(socket);
      socket.resume();
      await ledger.settled();
      assert.equal(proxy.stats.getActiveConnections(), 0);
      assert.equal(proxy.stats.getTotalConnections(), 1);
      socket.destroy();
    });
  }
}
