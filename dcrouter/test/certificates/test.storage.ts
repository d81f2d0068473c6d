import { selfSignedCertificate } from '@dcrouter/acme';
import { FolderCertificateStorage, type IKeptCertificate } from '@dcrouter/smartproxy';
import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { hearBell } from '../../ts/certificates/bell.ts';
import { sharedLimits } from '../../ts/certificates/limits.ts';
import { StoreCertificateStorage } from '../../ts/certificates/storage.ts';
import { MemoryStore } from '../../ts/store/memory.ts';

const directoryUrl = 'https://ca.test/dir';
const nothing = { getCertificate: async () => undefined, getAccount: async () => undefined };

function made(name: string): IKeptCertificate {
  return { ...selfSignedCertificate([name]), source: 'acme' };
}

function subject(route: string, ...names: string[]) {
  return { route, names, key: `${directoryUrl} ${names.join()}` };
}

function plain({ cert, key, source }: IKeptCertificate): IKeptCertificate {
  return { cert, key, source };
}

async function folderOf(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'dcrouter-kept-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test('certificates of nodes with different names under one route name stand side by side, a few at most', async () => {
  const store = new MemoryStore();
  const storage = new StoreCertificateStorage(() => store, nothing);
  const [one, two] = [made('one.test'), made('two.test')];
  await storage.putCertificate(subject('web', 'one.test'), one);
  await storage.putCertificate(subject('web', 'two.test'), two);
  const got = async (...names: string[]) => (await storage.getCertificate(subject('web', ...names)))?.cert;
  assert.equal(await got('one.test'), one.cert);
  assert.equal(await got('two.test'), two.cert);
  // The newest stands in for names that there is none for yet.
  assert.equal(await got('two.test', 'more.test'), two.cert);
  assert.equal(await storage.getCertificate(subject('other', 'one.test')), undefined);
  for (let count = 0; count < sharedLimits.perRouteMax; count += 1) {
    await storage.putCertificate(subject('web', `further${count}.test`), two);
  }
  assert.notEqual(await got('one.test'), one.cert);
});

test('every certificate that is put rings the bell for the other nodes', async () => {
  const store = new MemoryStore();
  const storage = new StoreCertificateStorage(() => store, nothing);
  const before = await hearBell(store, 'kept');
  await storage.putCertificate(subject('web', 'a.test'), made('a.test'));
  const once = await hearBell(store, 'kept');
  assert.notEqual(once, before);
  await storage.putCertificate(subject('web', 'a.test'), made('a.test'));
  assert.notEqual(await hearBell(store, 'kept'), once);
});

test('what the folder held before there was a store is taken into it; the folder stays as it is', async (t) => {
  const folder = await folderOf(t);
  const before = new FolderCertificateStorage(folder);
  const [kept, own] = [made('a.test'), subject('web', 'a.test')];
  await before.putCertificate(own, kept);
  await before.putAccount(directoryUrl, 'the key');
  const store = new MemoryStore();
  const storage = new StoreCertificateStorage(() => store, before);
  assert.equal((await storage.getCertificate(own))?.cert, kept.cert);
  assert.equal(await storage.getAccount(directoryUrl), 'the key');
  const later = new StoreCertificateStorage(() => store, nothing);
  assert.deepEqual(plain((await later.getCertificate(own))!), plain(kept));
  assert.equal(await later.getAccount(directoryUrl), 'the key');
  assert.deepEqual((await readdir(folder)).sort(), ['.accounts', 'web']);
});

test('a long route name has a certificate of its own', async () => {
  const store = new MemoryStore();
  const storage = new StoreCertificateStorage(() => store, nothing);
  const [one, two] = ['1', '2'].map((end) => subject(`${'ä'.repeat(127)}${end}`, 'a.test'));
  const certificate = made('a.test');
  await storage.putCertificate(one!, certificate);
  assert.equal((await storage.getCertificate(one!))?.cert, certificate.cert);
  assert.equal(await storage.getCertificate(two!), undefined);
});

test('a store that has not been reached is said to be away, and used as soon as it is there', async () => {
  let store: MemoryStore | null = null;
  const storage = new StoreCertificateStorage(() => store, nothing);
  const own = subject('web', 'a.test');
  await assert.rejects(storage.getCertificate(own), { code: 'DCR_STORE_UNAVAILABLE' });
  await assert.rejects(
    storage.withLock('x', async () => undefined),
    { code: 'DCR_STORE_UNAVAILABLE' },
  );
  store = new MemoryStore();
  assert.equal(await storage.getCertificate(own), undefined);
  assert.equal(await storage.withLock('x', async () => 'done'), 'done');
});
