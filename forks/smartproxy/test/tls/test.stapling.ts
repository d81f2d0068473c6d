// OCSP stapling: who asks gets the response that was supplied, and no handshake fails for want of one.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { selfSignedCertificate } from '@dcrouter/acme';
import type { ICertificateConfig } from '@dcrouter/smartproxy';
import { forwardTo, startHttp, startProxy } from '../helpers/proxy.ts';

const { key, cert } = selfSignedCertificate(['a.test']);
const RESPONSE = Buffer.from([0x30, 0x03, 0x0a, 0x01, 0x00]);

test('a response given as bytes or by a function is stapled for clients that ask, with TLS 1.2 and 1.3', async (t) => {
  const backend = await startHttp(t, (_req, res) => res.end('ok'));
  let asked = 0;
  const cases: Array<[source: ICertificateConfig['ocsp'], expected: Buffer | null]> = [
    [RESPONSE, RESPONSE],
    [() => RESPONSE, RESPONSE],
    [
      async () => {
        asked += 1;
        return await Promise.resolve(RESPONSE);
      },
      RESPONSE,
    ],
    [() => null, null],
    [() => Promise.reject(new Error('no authority')), null],
    [undefined, null],
  ];
  for (const [ocsp, expected] of cases) {
    const route = forwardTo(backend.port);
    const certificate = { key, cert, ...(ocsp === undefined ? {} : { ocsp }) };
    const { port, proxy } = await startProxy(t, [
      { ...route, action: { ...route.action, tls: { mode: 'terminate', certificate } } },
    ]);
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      for (const requestOCSP of [true, false]) {
        const socket = connect({
          port: port(8080),
          host: '127.0.0.1',
          servername: 'a.test',
          rejectUnauthorized: false,
          requestOCSP,
          maxVersion,
        });
        let stapled: Buffer | null = null;
        socket.on('OCSPResponse', (response: Buffer | null) => (stapled = response));
        await once(socket, 'secureConnect');
        assert.deepEqual(stapled, requestOCSP ? expected : null, maxVersion);
        socket.write('GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n');
        const [bytes] = (await once(socket, 'data')) as [Buffer];
        assert.match(bytes.toString('latin1'), /^HTTP\/1\.1 200 /);
        socket.destroy();
      }
    }
    assert.equal(proxy.stats.getTlsStats().handshakes, 4);
  }
  assert.equal(asked, 2, 'the function is asked only where a client asks');
});

test('what is no response is refused with the name of the field', async (t) => {
  const route = forwardTo(1);
  const certificate = { key, cert, ocsp: 'response.der' as unknown as Buffer };
  await assert.rejects(
    startProxy(t, [{ ...route, action: { ...route.action, tls: { mode: 'terminate', certificate } } }]),
    /route "web", action\.tls\.certificate\.ocsp: /,
  );
});
