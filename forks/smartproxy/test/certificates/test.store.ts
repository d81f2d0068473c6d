import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import { CertificateAuthority, inspectCertificate, selfSignedCertificate } from '@dcrouter/acme';
import type { ICertificateData } from '@dcrouter/smartproxy';
import { CertificateStore } from '@dcrouter/smartproxy';

const authority = new CertificateAuthority('Store test root');

function sample(name: string): ICertificateData {
  const { cert, key } = authority.issue({ names: [name] });
  const { notBefore: issueDate, notAfter: expiryDate } = inspectCertificate(cert);
  return { cert, key, ca: authority.cert, issueDate, expiryDate, source: 'acme' };
}

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'store-'));
  t.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

void test('a certificate is kept in the layout that upstream keeps it in, for the owner only', async (t) => {
  const path = join(await folder(t), 'certs');
  const store = new CertificateStore(path);
  await store.initialize();
  const data = sample('a.test');
  await store.saveCertificate('my-route', data);
  assert.deepEqual((await readdir(join(path, 'my-route'))).sort(), ['ca.pem', 'cert.pem', 'key.pem', 'meta.json']);
  assert.equal((await stat(path)).mode & 0o777, 0o700);
  for (const name of await readdir(join(path, 'my-route'))) {
    assert.equal((await stat(join(path, 'my-route', name))).mode & 0o777, 0o600, name);
  }
  const meta = JSON.parse(await readFile(join(path, 'my-route', 'meta.json'), 'utf8')) as Record<string, unknown>;
  assert.equal(meta['expiryDate'], data.expiryDate.toISOString());
  assert.equal(meta['issueDate'], data.issueDate.toISOString());
  assert.deepEqual(await store.getCertificate('my-route'), data);
  assert.deepEqual(await store.routeNames(), ['my-route']);
  await store.deleteCertificate('my-route');
  assert.equal(await store.getCertificate('my-route'), undefined);
});

void test('a folder that upstream has written is read', async (t) => {
  const path = await folder(t);
  const own = selfSignedCertificate(['old.test']);
  await mkdir(join(path, 'web_example_com'));
  await writeFile(join(path, 'web_example_com', 'cert.pem'), own.cert);
  await writeFile(join(path, 'web_example_com', 'key.pem'), own.key);
  const dates = { issueDate: own.notBefore.toISOString(), expiryDate: own.notAfter.toISOString() };
  await writeFile(join(path, 'web_example_com', 'meta.json'), JSON.stringify(dates));
  const stored = await new CertificateStore(path).getCertificate('web.example.com');
  assert.equal(stored?.cert, own.cert);
  assert.equal(stored?.expiryDate.getTime(), own.notAfter.getTime());
});

void test('route names that look alike on disk do not get each other’s certificates, and none leaves the folder', async (t) => {
  const path = await folder(t);
  const store = new CertificateStore(join(path, 'certs'));
  const names = [
    'a.b',
    'a_b',
    'a b',
    '..',
    '../../etc',
    '.',
    '',
    'a/b',
    `x${'y'.repeat(300)}`,
    'HTTPS (terminate): a.test',
  ];
  for (const [index, name] of names.entries()) await store.saveCertificate(name, sample(`n${index}.test`));
  for (const [index, name] of names.entries()) {
    const stored = await store.getCertificate(name);
    assert.deepEqual(inspectCertificate(stored?.cert ?? '').names, [`n${index}.test`], name);
  }
  assert.deepEqual(await readdir(path), ['certs']);
  assert.equal(await store.getCertificate('a-b.'), undefined);
  await store.deleteCertificate('a.b');
  assert.equal(await store.getCertificate('a.b'), undefined, 'a_b is another route');
  await store.saveCertificate('a.b', sample('n0.test'));
  assert.equal((await readdir(join(path, 'certs'))).length, names.length);
});

const damages: [string, (path: string) => Promise<void>][] = [
  ['the key is cut off', (path) => writeFile(join(path, 'key.pem'), '-----BEGIN PRIVATE KEY-----\nMIG')],
  ['the certificate is empty', (path) => writeFile(join(path, 'cert.pem'), '')],
  ['the key is gone', (path) => rm(join(path, 'key.pem'))],
  ['the certificate is gone', (path) => rm(join(path, 'cert.pem'))],
  ['the key is another one', (path) => writeFile(join(path, 'key.pem'), sample('other.test').key)],
  ['the meta file is not JSON', (path) => writeFile(join(path, 'meta.json'), '{')],
  ['a file is far too large', (path) => writeFile(join(path, 'cert.pem'), 'x'.repeat(300_000))],
];
for (const [what, damage] of damages) {
  void test(`an entry counts as absent and is reported when ${what}`, async (t) => {
    const path = await folder(t);
    const log: string[] = [];
    const store = new CertificateStore(path, (_level, message) => log.push(message));
    await store.saveCertificate('route', sample('a.test'));
    await damage(join(path, 'route'));
    assert.equal(await store.getCertificate('route'), undefined);
    assert.equal(log.length, 1);
    assert.match(log[0] ?? '', /route "route"/);
    assert.doesNotMatch(log[0] ?? '', /PRIVATE/);
  });
}

void test('a save that a crash cut off between key and certificate is completed at the next start', async (t) => {
  const path = await folder(t);
  const store = new CertificateStore(path);
  await store.saveCertificate('route', sample('a.test'));
  const old = await readFile(join(path, 'route', 'cert.pem'));
  const next = sample('b.test');
  await store.saveCertificate('route', next);
  // What the disk holds when power fails after the key was renamed and before the certificate was.
  await rename(join(path, 'route', 'cert.pem'), join(path, 'route', 'cert.next.pem'));
  await writeFile(join(path, 'route', 'cert.pem'), old);
  assert.equal((await new CertificateStore(path).getCertificate('route'))?.cert, next.cert);
  assert.equal(await readFile(join(path, 'route', 'cert.pem'), 'utf8'), next.cert);
});

void test('saves of one route follow each other', async (t) => {
  const store = new CertificateStore(await folder(t));
  const items = Array.from({ length: 8 }, (_, index) => sample(`n${index}.test`));
  await Promise.all(items.map((item) => store.saveCertificate('route', item)));
  assert.equal((await store.getCertificate('route'))?.cert, items.at(-1)?.cert);
});
