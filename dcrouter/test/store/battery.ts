/**
 * What every store must do, run on each of them.
 *
 * @module
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import * as limits from '../../ts/store/limits.ts';
import type { IStore } from '../../ts/store/types.ts';
import type { IOpened } from './places.ts';
import { audit, document, put, token } from './values.ts';

const code = (name: string) => (error: unknown) => (error as { code?: string }).code === `DCR_STORE_${name}`;

/** Runs the battery; `open` makes a fresh, empty store with the node name `one`. */
export function storeBattery(dialect: string, open: () => Promise<IOpened>, skip: string | false = false): void {
  const test = (name: string, body: (store: IStore) => Promise<void>): void => {
    it(name, { skip }, async () => {
      const opened = await open();
      const { store } = opened;
      try {
        await body(store);
      } finally {
        await opened.end();
      }
    });
  };
  describe(`${dialect}: objects`, () => objectTests(test));
  describe(`${dialect}: versions`, () => versionTests(test));
  describe(`${dialect}: tokens, audit, materials`, () => keptTests(test));
  describe(`${dialect}: history, locks, statistics`, () => otherTests(test));
}

type TTest = (name: string, body: (store: IStore) => Promise<void>) => void;

function objectTests(test: TTest): void {
  test('starts at revision 0 without objects', async (store) => {
    assert.deepEqual(await store.objects.load(), { revision: 0, objects: [] });
    assert.equal(await store.objects.revision(), 0);
  });

  test('keeps what a change puts, with its revision, time and author', async (store) => {
    const value = { match: { ports: 443 }, odd: 'ä\u{1f600}"\\\u0000', deep: [[], {}, null, -1.5e-9] };
    assert.equal(await store.objects.change([put('app', value)], 0, audit()), 1);
    const { revision, objects } = await store.objects.load();
    assert.equal(revision, 1);
    const [object] = objects;
    assert.ok(object && object.updatedAtMs > 1_700_000_000_000);
    assert.deepEqual(
      { ...object, updatedAtMs: 0 },
      { kind: 'route', id: 'app', value, revision: 1, updatedAtMs: 0, updatedBy: 'token:ada' },
    );
  });

  test('replaces and removes, and leaves the revision of what it does not touch', async (store) => {
    await store.objects.change([put('a', 1), put('b', 1), { op: 'put', kind: 'rule', id: 'a', value: 9 }], 0, audit());
    await store.objects.change([put('b', 2), { op: 'remove', kind: 'route', id: 'none' }], 1, audit());
    await store.objects.change([{ op: 'remove', kind: 'route', id: 'a' }], 2, audit());
    const { revision, objects } = await store.objects.load();
    assert.equal(revision, 3);
    assert.deepEqual(
      objects.map((object) => [object.kind, object.id, object.value, object.revision]),
      [
        ['route', 'b', 2, 2],
        ['rule', 'a', 9, 1],
      ],
    );
  });

  test('refuses a change whose base is not the newest revision, and keeps nothing of it', async (store) => {
    await store.objects.change([put('a', 1)], 0, audit());
    await assert.rejects(store.objects.change([put('a', 2), put('b', 2)], 0, audit()), code('CONFLICT'));
    await assert.rejects(store.objects.change([put('a', 2)], 7, audit()), code('CONFLICT'));
    const { revision, objects } = await store.objects.load();
    assert.deepEqual([revision, objects.map(({ id, value }) => [id, value])], [1, [['a', 1]]]);
    assert.equal((await store.audit.list()).items.length, 1);
  });

  test('of many changes on one base exactly one is kept', async (store) => {
    const all = Array.from({ length: 20 }, (_, at) => store.objects.change([put(`r${at}`, at)], 0, audit()));
    const results = await Promise.allSettled(all);
    const refused = results.filter((result) => result.status === 'rejected');
    assert.equal(refused.length, 19);
    assert.ok(refused.every((result) => code('CONFLICT')(result.reason)));
    assert.equal((await store.objects.load()).objects.length, 1);
    assert.equal(await store.objects.revision(), 1);
  });

  test('of several changes of one object in one change the last counts', async (store) => {
    const remove = { op: 'remove', kind: 'route', id: 'a' } as const;
    await store.objects.change([put('a', 1), remove, put('a', 2), put('b', 1), { ...remove, id: 'b' }], 0, audit());
    assert.deepEqual(
      (await store.objects.load()).objects.map(({ id, value }) => [id, value]),
      [['a', 2]],
    );
    const many = Array.from({ length: 450 }, (_, at) => put(`r${at}`, at));
    await store.objects.change(many, 1, audit());
    await store.objects.change([...many.map(({ id }) => ({ ...remove, id })), put('c', 1)], 2, audit());
    assert.deepEqual(
      (await store.objects.load()).objects.map(({ id }) => id),
      ['a', 'c'],
    );
  });

  test('what is written while a change is refused is not refused with it', async (store) => {
    const names = Array.from({ length: 40 }, (_, at) => `m${String(at).padStart(2, '0')}`);
    const refused = names.map((name) =>
      assert.rejects(store.objects.change([put(name, 1)], 5, audit()), code('CONFLICT')),
    );
    // One after another, so that they fall into every step of the changes.
    for (const name of names) await store.materials.put('certificate', name, Buffer.from(name));
    await Promise.all(refused);
    assert.deepEqual(await store.materials.names('certificate'), names);
    assert.deepEqual((await store.objects.load()).objects, []);
  });

  test('tells its listeners each newer revision, also when one of them throws', async (store) => {
    const heard: number[] = [];
    store.objects.onRevision(() => {
      throw new Error('a listener that fails');
    });
    const emitter = new EventTarget();
    const stop = store.objects.onRevision((revision) => {
      heard.push(revision);
      emitter.dispatchEvent(new Event('heard'));
    });
    await store.objects.change([put('a', 1)], 0, audit());
    if (heard.length === 0) await once(emitter, 'heard');
    assert.deepEqual(heard, [1]);
    stop();
    await store.objects.change([put('a', 2)], 1, audit());
    assert.deepEqual(heard, [1]);
  });

  test('refuses empty changes, too many, too large ones and ids that cannot be kept', async (store) => {
    const many = Array.from({ length: limits.changesMax + 1 }, (_, at) => put(`r${at}`, 0));
    const large = put('a', 'x'.repeat(limits.objectBytesMax));
    for (const changes of [[], many, [large], [put('', 1)], [put('a\0b', 1)], [put('x'.repeat(513), 1)]])
      await assert.rejects(store.objects.change(changes, 0, audit()), code('REQUEST'));
    assert.equal(await store.objects.revision(), 0);
    assert.equal(await store.objects.change(many.slice(1), 0, audit()), 1);
    assert.equal((await store.objects.load()).objects.length, limits.changesMax);
  });
}

function versionTests(test: TTest): void {
  test('numbers versions from 1 and keeps each as it was given', async (store) => {
    assert.equal(await store.versions.active(), undefined);
    const first = await store.versions.append(document('a: 1\n# ä\n'));
    assert.deepEqual([first.version, first.node, first.state], [1, 'one', 'pending']);
    assert.equal((await store.versions.append(document('a: 2'))).version, 2);
    assert.deepEqual(await store.versions.get(1), first);
    assert.equal(await store.versions.get(3), undefined);
    assert.equal(await store.versions.active(), undefined);
  });

  test('gives every one of many appends at once its own number', async (store) => {
    const made = await Promise.all(Array.from({ length: 12 }, (_, at) => store.versions.append(document(`a: ${at}`))));
    const numbers = made.map(({ version }) => version).sort((a, b) => a - b);
    assert.deepEqual(
      numbers,
      numbers.map((_, at) => at + 1),
    );
  });

  test('an active version supersedes the one before; an unconfirmed one leaves it until it is confirmed', async (store) => {
    const states = async () => (await store.versions.list()).items.map(({ state }) => state).reverse();
    for (let at = 0; at < 4; at += 1) await store.versions.append(document(`a: ${at}`));
    await store.versions.settle(1, 'active');
    await store.versions.settle(2, 'unconfirmed');
    assert.deepEqual(await states(), ['active', 'unconfirmed', 'pending', 'pending']);
    assert.equal((await store.versions.active())?.version, 1);
    await store.versions.settle(2, 'active');
    assert.deepEqual(await states(), ['superseded', 'active', 'pending', 'pending']);
    await store.versions.settle(3, 'unconfirmed');
    await store.versions.settle(4, 'unconfirmed');
    assert.deepEqual(await states(), ['superseded', 'active', 'superseded', 'unconfirmed']);
    await store.versions.settle(4, 'reverted');
    assert.equal((await store.versions.active())?.text, 'a: 1');
    await store.versions.settle(1, 'active');
    assert.deepEqual(await states(), ['active', 'superseded', 'superseded', 'reverted']);
    await assert.rejects(store.versions.settle(99, 'active'), code('REQUEST'));
    assert.equal((await store.versions.active())?.version, 1);
  });

  test('lists the newest first, in pages, without texts', async (store) => {
    for (let at = 1; at <= 5; at += 1) await store.versions.append(document(`a: ${at}`));
    const first = await store.versions.list({ limit: 2 });
    const second = await store.versions.list({ limit: 2, cursor: first.next! });
    const third = await store.versions.list({ limit: 2, cursor: second.next! });
    const seen = [first, second, third].map(({ items }) => items.map(({ version }) => version));
    assert.deepEqual(seen, [[5, 4], [3, 2], [1]]);
    assert.equal(third.next, undefined);
    assert.equal('text' in first.items[0]!, false);
    for (const page of [{ limit: 0 }, { limit: 1001 }, { limit: 1.5 }, { cursor: 'x; drop' }])
      await assert.rejects(store.versions.list(page), code('REQUEST'));
  });

  test('keeps a bounded number, never drops what serves, counts what goes, and never uses a number again', async (store) => {
    await store.versions.append(document('the one that serves'));
    await store.versions.settle(1, 'active');
    for (let at = 2; at <= limits.versionsMax + 3; at += 1) await store.versions.append(document(`a: ${at}`));
    assert.equal(store.stats().dropped.versions, 3);
    assert.equal((await store.versions.active())?.version, 1);
    assert.equal(await store.versions.get(2), undefined);
    assert.equal(await store.versions.get(4), undefined);
    assert.equal((await store.versions.get(5))?.version, 5);
    assert.equal((await store.versions.append(document('next'))).version, limits.versionsMax + 4);
  });
}

function keptTests(test: TTest): void {
  test('finds tokens by the hash of their secret, and never lists the hash', async (store) => {
    await store.tokens.create({ ...token('b'), expiresAtMs: 1_800_000_000_000 });
    await store.tokens.create(token('a'));
    assert.deepEqual(await store.tokens.bySecretHash(token('a').secretHash), token('a'));
    assert.equal(await store.tokens.bySecretHash('00'), undefined);
    const first = await store.tokens.list({ limit: 1 });
    const second = await store.tokens.list({ limit: 1, cursor: first.next! });
    const { secretHash: _, ...head } = { ...token('b'), expiresAtMs: 1_800_000_000_000 };
    assert.deepEqual([first.items.map(({ id }) => id), second.items, second.next], [['a'], [head], undefined]);
    await assert.rejects(store.tokens.create(token('a')), code('CONFLICT'));
    await assert.rejects(store.tokens.create({ ...token('a'), id: 'c' }), code('CONFLICT'));
    assert.equal(await store.tokens.remove('a'), true);
    assert.equal(await store.tokens.remove('a'), false);
    assert.equal(await store.tokens.bySecretHash(token('a').secretHash), undefined);
  });

  test('notes the use of a token at most once a minute', async (store) => {
    await store.tokens.create(token('a'));
    const used = async () => (await store.tokens.list()).items[0]?.lastUsedAtMs;
    await store.tokens.touch('a', 1_000_000);
    await store.tokens.touch('a', 1_000_000 + limits.tokenTouchMs - 1);
    assert.equal(await used(), 1_000_000);
    await store.tokens.touch('a', 1_000_000 + limits.tokenTouchMs);
    assert.equal(await used(), 1_000_000 + limits.tokenTouchMs);
    await store.tokens.touch('none', 1);
  });

  test('lists audit entries newest first, by action and actor, in pages', async (store) => {
    await store.objects.change([put('a', 1)], 0, audit('route.put'));
    await store.audit.append({ ...audit('config.apply'), actor: 'file', outcome: 'failed' });
    await store.audit.append({ ...audit('route.put'), actor: 'cli' });
    const { items } = await store.audit.list();
    assert.deepEqual(
      items.map(({ id, action, actor, node }) => [id, action, actor, node]),
      [
        [3, 'route.put', 'cli', 'one'],
        [2, 'config.apply', 'file', 'one'],
        [1, 'route.put', 'token:ada', 'one'],
      ],
    );
    assert.deepEqual(items[2]?.detail, audit().detail);
    const filtered = await store.audit.list({ action: 'route.put', limit: 1 });
    const rest = await store.audit.list({ action: 'route.put', limit: 1, cursor: filtered.next! });
    assert.deepEqual([filtered.items[0]?.id, rest.items[0]?.id, rest.next], [3, 1, undefined]);
    assert.deepEqual(
      (await store.audit.list({ actor: 'file' })).items.map(({ id }) => id),
      [2],
    );
  });

  test('keeps secret material byte by byte, by purpose and name', async (store) => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, at) => at));
    await store.materials.put('certificate', 'b', bytes);
    await store.materials.put('certificate', 'a', Buffer.alloc(0));
    await store.materials.put('dnssec-key', 'b', Buffer.from('other'));
    await store.materials.put('certificate', 'b', bytes.reverse());
    const kept = await store.materials.get('certificate', 'b');
    assert.ok(Buffer.isBuffer(kept) && kept.equals(bytes));
    assert.equal((await store.materials.get('certificate', 'a'))?.length, 0);
    assert.equal(await store.materials.get('acme-account', 'b'), undefined);
    assert.deepEqual(await store.materials.names('certificate'), ['a', 'b']);
    assert.equal(await store.materials.remove('certificate', 'b'), true);
    assert.equal(await store.materials.remove('certificate', 'b'), false);
    assert.deepEqual(await store.materials.names('certificate'), ['a']);
    const large = Buffer.alloc(limits.materialBytesMax + 1);
    await assert.rejects(store.materials.put('certificate', 'c', large), code('REQUEST'));
  });
}

function otherTests(test: TTest): void {
  test('keeps history by time, replaces a sample of the same time, and prunes', async (store) => {
    await store.history.append([60, 120, 180].map((atMs) => ({ atMs, values: { 'a': atMs, 'b{c="d"}': 0.5 } })));
    await store.history.append([{ atMs: 120, values: { a: 7 } }]);
    const range = await store.history.range(61, 180);
    assert.deepEqual(range, [
      { atMs: 120, values: { a: 7 } },
      { atMs: 180, values: { 'a': 180, 'b{c="d"}': 0.5 } },
    ]);
    assert.equal(await store.history.prune(180), 2);
    assert.deepEqual(
      (await store.history.range(0, 1e15)).map(({ atMs }) => atMs),
      [180],
    );
    await store.history.append([]);
  });

  test('keeps a bounded number of samples and counts those that go', async (store) => {
    const batches = Math.ceil(limits.historySamplesMax / limits.historyAppendMax) + 1;
    for (let batch = 0; batch < batches; batch += 1) {
      const from = batch * limits.historyAppendMax;
      await store.history.append(
        Array.from({ length: limits.historyAppendMax }, (_, at) => ({ atMs: from + at, values: {} })),
      );
    }
    const excess = batches * limits.historyAppendMax - limits.historySamplesMax;
    assert.equal(store.stats().dropped.history, excess);
    const kept = await store.history.range(0, 1e15);
    assert.deepEqual([kept.length, kept[0]?.atMs], [limits.historySamplesMax, excess]);
  });

  test('runs one holder of a lock at a time, in order, and frees it when the work throws', async (store) => {
    const order: string[] = [];
    const { promise: gate, resolve: openGate } = Promise.withResolvers<void>();
    const { promise: inside, resolve: entered } = Promise.withResolvers<void>();
    const first = store.withLock('certificate:app', async () => {
      entered();
      await gate;
      order.push('first');
      throw new Error('the order failed');
    });
    await inside;
    const second = store.withLock('certificate:app', async (signal) => {
      order.push('second');
      return signal.aborted;
    });
    await store.withLock('certificate:other', async () => order.push('other'));
    openGate();
    await assert.rejects(first, /the order failed/);
    assert.equal(await second, false);
    assert.deepEqual(order, ['other', 'first', 'second']);
  });

  test('counts and times every operation, from zero on', async (store) => {
    assert.equal(store.stats().operations['objects.change']?.done, 0);
    await store.objects.change([put('a', 1)], 0, audit());
    await assert.rejects(store.objects.change([put('a', 1)], 0, audit()));
    const { operations, reachable, schemaVersion } = store.stats();
    const change = operations['objects.change']!;
    assert.deepEqual([change.done, change.failed, change.buckets.at(-1)], [1, 1, { le: Infinity, count: 2 }]);
    assert.ok(change.sumSeconds > 0);
    assert.deepEqual([reachable, schemaVersion], [true, 1]);
  });

  test('refuses everything after close', async (store) => {
    await store.close();
    await assert.rejects(store.objects.load(), code('UNAVAILABLE'));
    await assert.rejects(
      store.withLock('a', async () => 1),
      code('UNAVAILABLE'),
    );
    await store.close();
  });
}
