/** Keys at rest: one file per zone, private, whole, and never silently replaced. */
import { after, test } from 'node:test';
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileKeyStorage, ZoneSigner, signingAlgorithms } from '../../ts_server/dnssec/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'dcrouter-keys-'));
after(() => rmSync(folder, { recursive: true }));

for (const algorithm of signingAlgorithms) {
  test(`${algorithm} keys survive a restart`, async () => {
    const storage = new FileKeyStorage(join(folder, 'survive'));
    const origin = `${algorithm.toLowerCase()}.test`;
    const first = await ZoneSigner.open({ origin, storage, algorithm, scheme: 'ksk-zsk' });
    const again = await ZoneSigner.open({ origin: origin.toUpperCase(), storage });
    assert.deepEqual(again.keyInfo(), first.keyInfo());
    assert.deepEqual(again.ds(), first.ds());
  });
}

test('key files are readable by their owner alone, and drafts do not stay', async () => {
  const place = join(folder, 'private');
  const storage = new FileKeyStorage(place);
  for (const origin of ['a.test', '.', '\\.\\./y.test', '*.test', 'a\\.b.test'])
    await ZoneSigner.open({ origin, storage });
  const files = readdirSync(place);
  assert.equal(files.length, 5);
  for (const file of files) {
    assert.match(file, /^[\w%.-]+\.keys\.json$/);
    assert.equal(statSync(join(place, file)).mode & 0o777, 0o600);
  }
  assert.equal(statSync(place).mode & 0o777, 0o700);
});

test('a broken key file is an error and stays as it is', async () => {
  const place = join(folder, 'broken');
  const storage = new FileKeyStorage(place);
  await ZoneSigner.open({ origin: 'ok.test', storage });
  const broken = ['', '{', 'null', '{"version":2}', '{"version":1,"zone":"other.test","keys":[]}'];
  broken.push('{"version":1,"zone":"bad.test","keys":[{"role":"king"}]}');
  for (const text of broken) {
    writeFileSync(join(place, 'bad.test.keys.json'), text);
    await assert.rejects(ZoneSigner.open({ origin: 'bad.test', storage }), /is no key file/);
  }
});

test('keys that cannot be stored are an error at the start and are told later', async () => {
  const place = join(folder, 'failing');
  const failures: unknown[] = [];
  const storage = new FileKeyStorage(place);
  const signer = await ZoneSigner.open({ origin: 'late.test', storage, onFailure: (error) => failures.push(error) });
  rmSync(place, { recursive: true });
  writeFileSync(place, 'a file where the folder should be');
  await assert.rejects(signer.roll('csk'));
  assert.equal(failures.length, 1);
  await assert.rejects(ZoneSigner.open({ origin: 'new.test', storage }));
  chmodSync(place, 0o600);
});

test('what cannot work is refused when a signer is made', async () => {
  await assert.rejects(ZoneSigner.open({ origin: 'a.test', denial: 'nsec' }), /needs a zone/);
  await assert.rejects(ZoneSigner.open({ origin: 'a.test', algorithm: 'DSA' as 'ED25519' }), /unknown/);
  await assert.rejects(ZoneSigner.open({ origin: 'a.test', signatures: { validitySeconds: 60 } }), /replaced as soon/);
});
