// Clients that leave in the midst of a handshake, in order: nobody waits for them.
import assert from 'node:assert/strict';
import { Duplex } from 'node:stream';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { selfSignedCertificate } from '@dcrouter/acme';
import { RawClient, forwardTo, startProxy } from '../helpers/proxy.ts';

const { key, cert } = selfSignedCertificate(['a.test']);

for (const protocol of ['http', 'tcp'] as const) {
  test(`a FIN behind the ClientHello of a route for ${protocol} ends the connection`, async (t) => {
    const route = forwardTo(1, {}, { protocol });
    route.action.tls = { mode: 'terminate', certificate: { key, cert } };
    const { port, ledger, proxy } = await startProxy(t, [route]);
    const client = await RawClient.open(port(8080));
    // Its hello goes out, and no answer comes in.
    const said = Promise.withResolvers<void>();
    const oneWay = new Duplex({
      read: () => {},
      write: (bytes, _encoding, done) => {
        client.socket.write(bytes, done);
        said.resolve();
      },
    });
    const tls = connect({ socket: oneWay, servername: 'a.test' });
    tls.on('error', () => {});
    t.after(() => tls.destroy());
    await said.promise;
    await client.until(({ received }) => received.length > 0);
    client.socket.end();
    await ledger.settled();
    assert.equal(proxy.stats.getTlsStats().failures['client-closed'], 1);
    assert.equal(proxy.stats.getTerminationReasons().get('tls-error'), 1);
    assert.equal(proxy.stats.getRejectReasons().get('tls-handshake'), 1);
  });
}
