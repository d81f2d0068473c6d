// What can go wrong on a TLS connection once its handshake is over.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { test, type TestContext } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { selfSignedCertificate } from '@dcrouter/acme';
import { forwardTo, startHttp, startProxy, type IRunningProxy } from '../helpers/proxy.ts';

const { key, cert } = selfSignedCertificate(['a.test']);
const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const;

/** A client that has had one answer. */
async function served(t: TestContext, version: (typeof VERSIONS)[number]): Promise<IRunningProxy & { tls: TLSSocket }> {
  const backend = await startHttp(t, (_req, res) => res.end('ok'));
  const route = forwardTo(backend.port);
  route.action.tls = { mode: 'terminate', certificate: { key, cert } };
  const running = await startProxy(t, [route]);
  const socket = connectTcp(running.port(8080), '127.0.0.1');
  await once(socket, 'connect');
  const client = connect({ socket, servername: 'a.test', rejectUnauthorized: false, maxVersion: version });
  await once(client, 'secureConnect');
  client.write('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n');
  await once(client, 'data');
  client.on('error', () => {});
  t.after(() => socket.destroy());
  return { ...running, tls: client };
}

for (const version of VERSIONS) {
  test(`${version}: a record that cannot be read ends the connection`, async (t) => {
    const { ledger, tls } = await served(t, version);
    // Application data of 32 bytes, sealed by nobody.
    const { _parent: raw } = tls as unknown as { _parent: NodeJS.WritableStream };
    raw.write(Buffer.from([23, 3, 3, 0, 32, ...Array.from({ length: 32 }, () => 7)]));
    await ledger.settled();
    assert.equal(ledger.closes[0]!.reason, 'client-error');
  });
}

test('a client cannot ask for one handshake after another', async (t) => {
  const { ledger, proxy, tls } = await served(t, 'TLSv1.2');
  tls.renegotiate({}, () => {});
  await ledger.settled();
  assert.equal(ledger.closes[0]!.reason, 'client-error');
  assert.equal(proxy.stats.getTlsStats().handshakes, 1);
});

test('TLSv1.3: tickets that come after the handshake are no new one', async (t) => {
  const { ledger, tls } = await served(t, 'TLSv1.3');
  tls.write('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n');
  await once(tls, 'data');
  tls.end();
  await ledger.settled();
  assert.equal(ledger.closes[0]!.reason, 'client-closed');
});
