import assert from 'node:assert/strict';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { StoreInUseError, StoreOpenError } from '../../ts/store/errors.ts';
import { auditEntriesMax, handOverWaitMs } from '../../ts/store/limits.ts';
import { openStore } from '../../ts/store/open.ts';
import { audit, document, put, token } from './values.ts';
import { open, quiet, temporaryFolder } from './places.ts';

test('what a promise said is kept is there after the files were closed and opened again', async () => {
  await using place = await temporaryFolder();
  const first = await open(place.sqlite, place.folder);
  await first.objects.change([put('app', { a: 1 })], 0, audit());
  await first.versions.append(document('a: 1'));
  await first.versions.settle(1, 'active');
  await first.tokens.create(token('a'));
  await first.history.append([{ atMs: 60_000, values: { a: 1 } }]);
  await first.close();
  const second = await open(place.sqlite, place.folder);
  assert.equal((await second.objects.load()).objects[0]?.id, 'app');
  assert.equal((await second.versions.active())?.text, 'a: 1');
  assert.equal((await second.tokens.bySecretHash(token('a').secretHash))?.id, 'a');
  assert.equal((await second.history.range(0, 1e15)).length, 1);
  await second.close();
});

test('both files and their logs are for their owner only, and the history can be thrown away', async () => {
  await using place = await temporaryFolder();
  const file = join(place.folder, 'state.db');
  await writeFile(file, '', { mode: 0o644 });
  const store = await open(place.sqlite, place.folder);
  await store.objects.change([put('app', 1)], 0, audit());
  await store.history.append([{ atMs: 1, values: {} }]);
  for (const end of ['', '-wal', '-history', '-history-wal'])
    assert.equal((await stat(file + end)).mode & 0o777, 0o600, end);
  await store.close();
  await rm(`${file}-history`);
  const again = await open(place.sqlite, place.folder);
  assert.deepEqual(await again.history.range(0, 1e15), []);
  assert.equal(await again.objects.revision(), 1);
  await again.close();
});

test('a second process on the file is refused, a killed one leaves nothing behind', async () => {
  await using place = await temporaryFolder();
  const holder = await holderOf(place.folder);
  await assert.rejects(open(place.sqlite, place.folder), (error) => {
    assert.ok(error instanceof StoreInUseError);
    assert.match(error.message, /state\.db is open in another process: stop that one first/);
    return true;
  });
  const ended = once(holder, 'exit');
  holder.kill('SIGKILL');
  await ended;
  const store = await open(place.sqlite, place.folder);
  await assert.rejects(open(place.sqlite, place.folder), StoreInUseError);
  // The refused opening in this process must not have cost the first one its lock.
  assert.match(await outcomeOf(place.folder), /DCR_STORE_IN_USE/);
  await store.close();
});

test('at a hand-over the new process waits until the old one closes', async () => {
  await using place = await temporaryFolder();
  const holder = await holderOf(place.folder);
  const opening = openStore(place.sqlite, { node: 'one', folder: place.folder, ...quiet, waitMs: handOverWaitMs });
  holder.send('release');
  const store = await opening;
  assert.equal(await store.objects.revision(), 1);
  await store.close();
  holder.disconnect();
});

test('a schema of a newer release is refused and left as it is', async () => {
  await using place = await temporaryFolder();
  await (await open(place.sqlite, place.folder)).close();
  const file = new DatabaseSync(join(place.folder, 'state.db'));
  file.exec('insert into schema_version values (99, 0)');
  file.close();
  await assert.rejects(open(place.sqlite, place.folder), (error) => {
    assert.ok(error instanceof StoreOpenError);
    assert.match(error.message, /has schema 99 and this release knows 1/);
    return true;
  });
});

test('audit entries beyond the number kept go and are counted', async () => {
  await using place = await temporaryFolder();
  const first = await open(place.sqlite, place.folder);
  for (let at = 0; at < 3; at += 1) await first.audit.append(audit());
  await first.close();
  const file = new DatabaseSync(join(place.folder, 'state.db'));
  file.exec(`update counter set value = ${auditEntriesMax + 1} where name = 'audit'`);
  file.close();
  const second = await open(place.sqlite, place.folder);
  await second.audit.append(audit());
  assert.deepEqual(
    (await second.audit.list()).items.map(({ id }) => id),
    [auditEntriesMax + 2, 3],
  );
  assert.equal(second.stats().dropped.audit, 2);
  await second.close();
});

test('what is no database is refused with its name', async () => {
  await using place = await temporaryFolder();
  await writeFile(join(place.folder, 'state.db'), 'x'.repeat(5000));
  await assert.rejects(open(place.sqlite, place.folder), /state\.db: it is not a SQLite database/);
  await assert.rejects(open({ type: 'sqlite', path: './state.db/inside.db' }, place.folder), StoreOpenError);
  await assert.rejects(open({ type: 'sqlite', path: './no/such/state.db' }, place.folder), StoreOpenError);
});

test('the loop turns while the thread works', async () => {
  await using place = await temporaryFolder();
  const store = await open(place.sqlite, place.folder);
  let turns = 0;
  let working = true;
  const turn = (): void => {
    turns += 1;
    if (working) setImmediate(turn);
  };
  turn();
  const value = 'x'.repeat(1000);
  const change = store.objects.change(
    Array.from({ length: 5000 }, (_, at) => put(`r${at}`, value)),
    0,
    audit(),
  );
  await change;
  working = false;
  assert.ok(turns > 10, `${turns} turns`);
  await store.close();
});

/** The child is no part of the test run that it is started from. */
const forkOptions = { execArgv: process.execArgv, env: { ...process.env, NODE_TEST_CONTEXT: undefined } };

/** A process that has the store open, until it is told otherwise. */
async function holderOf(folder: string): Promise<ChildProcess> {
  const child = fork(join(import.meta.dirname, 'holder.ts'), [folder], forkOptions);
  await once(child, 'message');
  return child;
}

/** How an opening in another process ends. */
async function outcomeOf(folder: string): Promise<string> {
  const child = fork(join(import.meta.dirname, 'holder.ts'), [folder], forkOptions);
  const [message] = (await once(child, 'message')) as [string];
  child.disconnect();
  return message;
}
