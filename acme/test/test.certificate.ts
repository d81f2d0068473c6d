import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { connect, createServer } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';

import {
  AcmeError,
  certificateCovers,
  challengeCertificate,
  createCertificateRequest,
  generateCertificateKey,
  inspectCertificate,
  keyMatchesCertificate,
  nameCovers,
  nameSetKey,
  normalizeName,
  reverseName,
  selfSignedCertificate,
  splitPemChain,
} from '@dcrouter/acme';
import { skipWithout } from './support/tools.ts';

void test('a self-signed certificate serves TLS for a name, a wildcard and an address to a client that trusts it', async (t) => {
  const own = selfSignedCertificate(['example.test', '*.example.test', '127.0.0.1']);
  const server = createServer({ cert: own.cert, key: own.key }, (socket) => socket.end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  for (const servername of ['example.test', 'www.example.test', '']) {
    const socket = connect({ host: '127.0.0.1', port, servername, ca: own.cert });
    await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
    assert.equal(socket.authorized, true);
    socket.resume();
    await new Promise((resolve) => socket.once('close', resolve));
  }
});

void test('what is written into a certificate is read back', () => {
  const now = new Date('2049-06-01T00:00:00.500Z');
  const own = selfSignedCertificate(['A.Example.Test', '10.0.0.1', '2001:DB8::1'], { validDays: 400, now });
  const info = inspectCertificate(own.cert);
  assert.deepEqual(info.names, ['a.example.test', '10.0.0.1', '2001:db8::1']);
  // The life crosses 2050, where RFC 5280 §4.1.2.5 changes the form of a time.
  assert.equal(info.notBefore.toISOString(), '2049-05-31T23:00:00.000Z');
  assert.equal(info.notAfter.toISOString(), '2050-07-06T00:00:00.000Z');
  assert.equal(info.notAfter.getTime(), own.notAfter.getTime());
  assert.equal(info.selfSigned, true);
  assert.equal(info.renewalId, undefined);
  assert.equal(new X509Certificate(own.cert).verify(new X509Certificate(own.cert).publicKey), true);
  assert.equal(keyMatchesCertificate(own.cert, own.key), true);
  assert.equal(keyMatchesCertificate(own.cert, selfSignedCertificate(['b.test']).key), false);
  assert.equal(keyMatchesCertificate('', own.key), false);
  assert.equal(certificateCovers(info, ['a.example.test']), true);
  assert.equal(certificateCovers(info, ['a.example.test', 'b.example.test']), false);
});

void test('a name too long for a common name still gets a valid certificate', () => {
  const name = `${'a'.repeat(60)}.${'b'.repeat(60)}.test`;
  const certificate = new X509Certificate(selfSignedCertificate([name]).cert);
  assert.equal(certificate.subject, undefined);
  assert.equal(certificate.checkHost(name), name);
});

for (const type of ['ecdsa-p256', 'ecdsa-p384', 'rsa-2048'] as const) {
  void test(`openssl accepts a request signed with ${type}`, { skip: skipWithout('openssl') }, async () => {
    const key = await generateCertificateKey(type);
    const names = ['example.test', '*.example.test', '192.0.2.7', '2001:db8::7'];
    const request = createCertificateRequest(names, key);
    const text = execFileSync('openssl', ['req', '-inform', 'DER', '-noout', '-text', '-verify'], {
      input: request,
      stdio: ['pipe', 'pipe', 'pipe'],
    }).toString();
    assert.match(text, /DNS:example\.test, DNS:\*\.example\.test, IP Address:192\.0\.2\.7, IP Address:2001:DB8/);
  });
}

void test('openssl finds nothing to complain about in our certificates', { skip: skipWithout('openssl') }, () => {
  const own = selfSignedCertificate(['example.test'], { validDays: 30 });
  const options = { input: own.cert, stdio: ['pipe', 'pipe', 'pipe'] as ['pipe', 'pipe', 'pipe'] };
  const text = execFileSync('openssl', ['x509', '-noout', '-text'], options).toString();
  assert.match(text, /Version: 3/);
  assert.match(text, /CA:FALSE/);
  assert.match(text, /TLS Web Server Authentication/);
  assert.match(text, /ecdsa-with-SHA256/);
  const challenge = challengeCertificate('example.test', Buffer.alloc(32, 7)).cert;
  const challengeText = execFileSync('openssl', ['x509', '-noout', '-text'], { ...options, input: challenge });
  // RFC 8737 §3: the extension is critical.
  assert.match(challengeText.toString(), /1\.3\.6\.1\.5\.5\.7\.1\.31: critical/);
});

void test('a chain is split into its certificates and text around them is dropped', () => {
  const one = selfSignedCertificate(['a.test']).cert;
  const two = selfSignedCertificate(['b.test']).cert;
  assert.deepEqual(splitPemChain(`junk\n${one}\r\nmore ${two}`), [one, two]);
  assert.deepEqual(splitPemChain(''), []);
});

void test('text that is no certificate is refused with a code', () => {
  const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
  for (const text of ['', 'nonsense', broken]) {
    assert.throws(
      () => inspectCertificate(text),
      (error) => error instanceof AcmeError && error.code === 'ACME_CERTIFICATE',
    );
  }
});

void test('names have one spelling', () => {
  assert.equal(normalizeName('WWW.Example.COM.'), 'www.example.com');
  assert.equal(normalizeName('*.Bücher.example'), '*.xn--bcher-kva.example');
  assert.equal(normalizeName('[2001:DB8:0:0::1]'), '2001:db8::1');
  assert.equal(nameSetKey(['b.test', 'A.test', 'a.TEST']), nameSetKey(['a.test', 'b.test']));
  for (const name of [
    '',
    '*',
    '*.',
    'a..b',
    '-a.test',
    'a b.test',
    'a.*.test',
    '*.*.test',
    '1.2.3',
    'a/b.test',
    'x\u0000y.test',
  ]) {
    assert.throws(
      () => normalizeName(name),
      (error) => error instanceof AcmeError && error.code === 'ACME_NAME',
      name,
    );
  }
});

void test('a wildcard covers exactly one label', () => {
  assert.equal(nameCovers('*.example.com', 'a.example.com'), true);
  assert.equal(nameCovers('*.example.com', 'a.b.example.com'), false);
  assert.equal(nameCovers('*.example.com', 'example.com'), false);
  assert.equal(nameCovers('example.com', 'example.com'), true);
});

void test('an address is validated under its reverse name', () => {
  assert.equal(reverseName('192.0.2.1'), '1.2.0.192.in-addr.arpa');
  assert.equal(reverseName('2001:db8::1'), `1.${'0.'.repeat(23)}8.b.d.0.1.0.0.2.ip6.arpa`);
  assert.equal(
    reverseName('::ffff:192.0.2.1').endsWith('.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa'),
    true,
  );
});
