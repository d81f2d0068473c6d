import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { postgresMissing, startPostgres, type IPostgres } from '../../../test/helpers/postgres.ts';
import type { TStoreConfig } from '../../ts/config/schema/store.ts';
import { StoreBackupError } from '../../ts/store/errors.ts';
import { MemoryStore } from '../../ts/store/memory.ts';
import { restoreStore } from '../../ts/store/restore.ts';
import type { IStore } from '../../ts/store/types.ts';
import { open, postgresPlace, quiet, temporaryFolder } from './places.ts';
import { audit, document, put, token } from './values.ts';

let server: IPostgres;
before(async () => {
  if (!postgresMissing) server = await startPostgres();
});
after(() => server?.stop());

const everyByte = Buffer.from(Array.from({ length: 256 }, (_, at) => at));

async function fill(store: IStore): Promise<void> {
  const many = Array.from({ length: 450 }, (_, at) => put(`r${at}`, { at, text: 'ä\u{1f600}\u2028\n\u0000' }));
  await store.objects.change(many, 0, audit());
  await store.objects.change([{ op: 'remove', kind: 'route', id: 'r7' }], 1, audit('route.remove'));
  for (let at = 1; at <= 12; at += 1) await store.versions.append(document(`a: ${at}\n`));
  await store.versions.settle(11, 'active');
  await store.versions.settle(12, 'unconfirmed');
  await store.tokens.create({ ...token('a'), expiresAtMs: 1_800_000_000_000 });
  await store.tokens.create(token('b'));
  await store.materials.put('certificate', 'app', everyByte);
  await store.materials.put('acme-account', 'empty', Buffer.alloc(0));
  await store.history.append(Array.from({ length: 401 }, (_, at) => ({ atMs: at * 60_000, values: { a: at / 3 } })));
}

/** Everything that can be read. */
async function contents(store: IStore): Promise<unknown> {
  const { items } = await store.versions.list();
  return {
    objects: await store.objects.load(),
    versions: await Promise.all(items.map(({ version }) => store.versions.get(version))),
    active: await store.versions.active(),
    tokens: (await store.tokens.list()).items,
    secret: await store.tokens.bySecretHash(token('a').secretHash),
    audit: (await store.audit.list()).items,
    certificate: await store.materials.get('certificate', 'app'),
    empty: await store.materials.get('acme-account', 'empty'),
    history: await store.history.range(0, 1e15),
  };
}

async function roundTrip(from: IStore, target: TStoreConfig, folder: string): Promise<void> {
  await fill(from);
  const file = join(folder, 'backup.jsonl');
  await from.backup(file);
  const before = await contents(from);
  await from.close();
  const restored = await restoreStore(file, target, { node: 'one', folder, ...quiet });
  assert.equal(restored.node, 'one');
  const store = await open(target, folder);
  assert.deepEqual(await contents(store), before);
  // The numbers go on where they were.
  assert.equal((await store.versions.append(document('next'))).version, 13);
  assert.equal(await store.objects.change([put('next', 1)], 2, audit()), 3);
  assert.equal((await store.audit.list({ limit: 1 })).items[0]?.id, 3);
  await store.close();
  await assert.rejects(restoreStore(file, target, { node: 'one', folder, ...quiet }), /the store is not empty/);
}

test('a backup of a store in memory becomes a SQLite store', async () => {
  await using place = await temporaryFolder();
  await roundTrip(new MemoryStore({ node: 'one' }), place.sqlite, place.folder);
});

test('a backup of SQLite restores into SQLite', async () => {
  await using place = await temporaryFolder();
  const from = await open({ type: 'sqlite', path: './old.db' }, place.folder);
  await roundTrip(from, place.sqlite, place.folder);
});

test('a backup of SQLite restores into PostgreSQL', { skip: postgresMissing }, async () => {
  await using place = await temporaryFolder();
  await roundTrip(await open(place.sqlite, place.folder), await postgresPlace(server), place.folder);
});

test('a backup of PostgreSQL restores into SQLite', { skip: postgresMissing }, async () => {
  await using place = await temporaryFolder();
  await roundTrip(await open(await postgresPlace(server), place.folder), place.sqlite, place.folder);
});

test('a backup of PostgreSQL restores into PostgreSQL', { skip: postgresMissing }, async () => {
  await using place = await temporaryFolder();
  await roundTrip(await open(await postgresPlace(server), place.folder), await postgresPlace(server), place.folder);
});

async function changesMeanwhile(store: IStore, folder: string, target: TStoreConfig): Promise<void> {
  const rows = (value: number) => Array.from({ length: 300 }, (_, at) => put(`r${at}`, value));
  await store.objects.change(rows(0), 0, audit());
  const files = [join(folder, 'one.jsonl'), join(folder, 'two.jsonl')];
  const over = new AbortController();
  const backups = Promise.all(files.map((file) => store.backup(file))).finally(() => over.abort());
  let revision = 1;
  while (!over.signal.aborted) revision = await store.objects.change(rows(revision), revision, audit());
  await backups;
  await store.close();
  await restoreStore(files[0]!, target, { node: 'one', folder, ...quiet });
  const restored = await open(target, folder);
  const loaded = await restored.objects.load();
  // One moment: every row is of the same change, and the revision is its.
  assert.deepEqual(new Set(loaded.objects.map(({ value }) => value)), new Set([loaded.revision - 1]));
  await restored.close();
}

test('a backup of SQLite is of one moment, while changes go on', async () => {
  await using place = await temporaryFolder();
  const store = await open({ type: 'sqlite', path: './old.db' }, place.folder);
  await changesMeanwhile(store, place.folder, place.sqlite);
});

test('a backup of PostgreSQL is of one moment, while changes go on', { skip: postgresMissing }, async () => {
  await using place = await temporaryFolder();
  await changesMeanwhile(await open(await postgresPlace(server), '/'), place.folder, place.sqlite);
});

test('a backup is for its owner only and never replaces a file', async () => {
  await using place = await temporaryFolder();
  const file = join(place.folder, 'backup.jsonl');
  const store = new MemoryStore();
  await store.backup(file);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  await assert.rejects(store.backup(file), (error) => {
    assert.ok(error instanceof StoreBackupError);
    assert.match(error.message, /it exists already/);
    return true;
  });
  await assert.rejects(store.backup(join(place.folder, 'none', 'b')), StoreBackupError);
});

test('a backup that is cut, changed, foreign or of a newer release is refused, and nothing of it is restored', async () => {
  await using place = await temporaryFolder();
  const whole = join(place.folder, 'whole.jsonl');
  const store = new MemoryStore();
  await fill(store);
  await store.backup(whole);
  const text = await readFile(whole, 'utf8');
  const lines = text.trimEnd().split('\n');
  const damaged: ReadonlyArray<readonly [string, RegExp]> = [
    ['', /is empty/],
    [text.slice(0, -40), /is not JSON/],
    [lines.slice(0, -1).join('\n'), /it was cut/],
    [[...lines.slice(0, 5), ...lines.slice(6)].join('\n'), /does not match its checksum/],
    [text.replace('"r11"', '"r1x"'), /does not match its checksum/],
    [text.replace('"schemaVersion":1', '"schemaVersion":2'), /of a newer release/],
    ['{"a":1}\n', /is not a backup/],
  ];
  for (const [content, message] of damaged) {
    const file = join(place.folder, 'damaged.jsonl');
    await writeFile(file, content);
    await assert.rejects(restoreStore(file, place.sqlite, { node: 'one', folder: place.folder, ...quiet }), (error) => {
      assert.ok(error instanceof StoreBackupError);
      assert.match(error.message, message);
      return true;
    });
  }
  const untouched = await open(place.sqlite, place.folder);
  assert.deepEqual(await untouched.objects.load(), { revision: 0, objects: [] });
  await untouched.close();
});
