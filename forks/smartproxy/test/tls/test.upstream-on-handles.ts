// TLS with targets, on handles and on Node's streams: both agree on whom they talk to, and on why they do not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TlsOptions } from 'node:tls';
import { selfSignedCertificate } from '@dcrouter/acme';
import type { IRouteBackendTls } from '@dcrouter/smartproxy';
import * as targets from './targets.ts';
import { PROTOCOLS, SOCKETS, authority, toInner } from './targets.ts';

const own = selfSignedCertificate(['inner.test']);
const past = { notBefore: new Date(Date.UTC(2001, 1)), notAfter: new Date(Date.UTC(2001, 2)) };
const expired = authority.issue({ names: ['inner.test'], ...past });
const ours = authority.issue({ names: ['proxy-1'], usage: 'client' });
const NO_KEY = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n';
const ASKS = { ca: authority.cert, requestCert: true };

const GOOD: Record<string, [IRouteBackendTls, TlsOptions, (string | undefined)?]> = {
  'a chain to the given authority': [toInner, {}],
  'the second of two authorities': [{ ...toInner, ca: [own.cert, authority.cert] }, {}],
  'a self-signed certificate that is trusted itself': [
    { ...toInner, ca: own.cert },
    { key: own.key, cert: own.cert },
  ],
  'a name that is an address, which is no server name': [{ ...toInner, servername: '127.0.0.1' }, {}, ''],
  'anything where nothing is verified': [{ rejectUnauthorized: false }, expired, 'a.test'],
  'a target that knows only TLS 1.2': [toInner, { maxVersion: 'TLSv1.2' }],
  'a maximum of TLS 1.2 of ours': [{ ...toInner, maxVersion: 'TLSv1.2' }, {}],
  'a target that asks for a certificate and gets ours': [
    { ...toInner, key: ours.key, cert: ours.cert },
    { ...ASKS, rejectUnauthorized: true },
  ],
  'a target that asks for a certificate and does without': [toInner, { ...ASKS, rejectUnauthorized: false }],
  'a target with our protocol': [toInner, { ALPNProtocols: ['h2', 'http/1.1'] }],
};

const BAD: Record<string, [IRouteBackendTls, TlsOptions, string, RegExp]> = {
  'another name': [
    { ...toInner, servername: 'other.test' },
    {},
    'ERR_TLS_CERT_ALTNAME_INVALID',
    /other\.test\. is not in the cert's altnames: DNS:inner\.test/,
  ],
  'the domain of the client where the target is an address': [
    { ca: authority.cert },
    {},
    'ERR_TLS_CERT_ALTNAME_INVALID',
    /a\.test\. is not in/,
  ],
  'another address': [
    { ...toInner, servername: '127.0.0.2' },
    {},
    'ERR_TLS_CERT_ALTNAME_INVALID',
    /IP: 127\.0\.0\.2 is not in/,
  ],
  'a self-signed certificate': [
    toInner,
    { key: own.key, cert: own.cert },
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    /^self-signed certificate/,
  ],
  'an authority that is not ours': [
    { servername: 'inner.test' },
    {},
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    /^unable to verify the first certificate/,
  ],
  'a certificate that expired': [toInner, expired, 'CERT_HAS_EXPIRED', /^certificate has expired/],
  'no version in common': [
    { ...toInner, minVersion: 'TLSv1.3' },
    { maxVersion: 'TLSv1.2' },
    'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
    /protocol version/,
  ],
  'no protocol in common': [
    toInner,
    { ALPNProtocols: ['h2'] },
    'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL',
    /no application protocol/,
  ],
  'TLS 1.2 and no certificate of ours': [
    { ...toInner, maxVersion: 'TLSv1.2' },
    { ...ASKS, rejectUnauthorized: true },
    'ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE',
    /handshake failure/,
  ],
  'a key of ours that is none': [{ ...toInner, key: NO_KEY, cert: ours.cert }, {}, 'ERR_OSSL_UNSUPPORTED', /DECODER/],
};

for (const sockets of SOCKETS) {
  for (const [what, [backend, options, serverName = 'inner.test']] of Object.entries(GOOD)) {
    test(`${sockets}: accepts ${what}`, async (t) => {
      const target = await targets.startTarget(t, options);
      const running = await targets.startRoute(t, target.port, backend, sockets);
      assert.match(await targets.ask(running.port(8080)), /^HTTP\/1\.1 200 .*inside$/s);
      const socket = await target.first;
      assert.equal(socket.servername || '', serverName);
      assert.equal(socket.alpnProtocol, options.ALPNProtocols === undefined ? false : 'http/1.1');
      const versions = [backend.maxVersion, options.maxVersion].includes('TLSv1.2') ? 'TLSv1.2' : 'TLSv1.3';
      assert.equal(socket.getProtocol(), versions);
      if (options.requestCert === true) {
        assert.equal(socket.getPeerCertificate().subject?.CN, backend.key === undefined ? undefined : 'proxy-1');
      }
      assert.equal(running.onStreams(), sockets === 'net' ? 1 : 0);
    });
  }

  for (const protocol of PROTOCOLS) {
    for (const [what, [backend, options, code, message]] of Object.entries(BAD)) {
      test(`${sockets}, ${protocol}: refuses ${what}`, async (t) => {
        const target = await targets.startTarget(t, options);
        const running = await targets.startRoute(t, target.port, backend, sockets, protocol);
        await targets.assertFailed(running, protocol, code, message);
      });
    }

    test(`${sockets}, ${protocol}: a target that ends in the midst of the handshake`, async (t) => {
      const target = await targets.startBare(t, (socket) => socket.end());
      const running = await targets.startRoute(t, target, toInner, sockets, protocol);
      await targets.assertFailed(running, protocol, 'ECONNRESET', /disconnected before secure TLS connection/);
    });

    test(`${sockets}, ${protocol}: a target that resets in the midst of the handshake`, async (t) => {
      const target = await targets.startBare(t, (socket) => socket.resetAndDestroy());
      const running = await targets.startRoute(t, target, toInner, sockets, protocol);
      await targets.assertFailed(running, protocol, 'ECONNRESET', /read ECONNRESET/);
    });

    test(`${sockets}, ${protocol}: a target that speaks no TLS`, async (t) => {
      const target = await targets.startBare(t, (socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
      const running = await targets.startRoute(t, target, toInner, sockets, protocol);
      await targets.assertFailed(running, protocol, 'ERR_SSL_WRONG_VERSION_NUMBER', /wrong version number/);
    });

    test(`${sockets}, ${protocol}: a target that never answers is given up after the time to connect`, async (t) => {
      const target = await targets.startBare(t, () => {});
      const running = await targets.startRoute(t, target, toInner, sockets, protocol, { connectionTimeout: 150 });
      await targets.assertFailed(running, protocol, protocol === 'tcp' ? 'timeout' : 'connect-timeout', /^/, 504);
    });
  }
}
