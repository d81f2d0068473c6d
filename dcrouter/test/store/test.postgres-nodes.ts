import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { postgresMissing, startPostgres, type IPostgres } from '../../../test/helpers/postgres.ts';
import { StoreConflictError, StoreOpenError, StoreUnavailableError } from '../../ts/store/errors.ts';
import { auditEntriesMax } from '../../ts/store/limits.ts';
import { openStore } from '../../ts/store/open.ts';
import type { IStore } from '../../ts/store/types.ts';
import { open, postgresPlace, quiet } from './places.ts';
import { audit, document, put } from './values.ts';

let server: IPostgres;
before(async () => {
  if (!postgresMissing) server = await startPostgres();
});
after(() => server?.stop());

const opened: IStore[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((store) => store.close()));
});

/** Resolves when the store has told a revision of at least `revision`. */
function heard(store: IStore, revision: number): Promise<void> {
  return new Promise((resolve) => {
    const stop = store.objects.onRevision((told) => {
      if (told < revision) return;
      stop();
      resolve();
    });
  });
}

/** Asks until the answer is the wanted one; each question is itself bounded in time. */
async function until(question: () => Promise<boolean>): Promise<void> {
  while (!(await question()));
}

const reaches = (store: IStore): Promise<boolean> =>
  store.objects.revision().then(
    () => true,
    (error: unknown) => {
      assert.ok(error instanceof StoreUnavailableError, String(error));
      return false;
    },
  );

async function twoNodes(): Promise<{ one: IStore; two: IStore; url: string }> {
  const place = await postgresPlace(server);
  const [one, two] = await Promise.all([open(place, '/', 'one'), open(place, '/', 'two')]);
  opened.push(one, two);
  return { one, two, url: place.url! };
}

describe('two nodes on one PostgreSQL', { skip: postgresMissing }, () => {
  it('start at the same time on an empty database, and hear each other', async () => {
    const { one, two } = await twoNodes();
    const both = Promise.all([heard(one, 2), heard(two, 2)]);
    const first = heard(two, 1);
    await one.objects.change([put('a', 1)], 0, audit());
    await first;
    await two.objects.change([put('a', 2)], 1, audit());
    await both;
    assert.deepEqual((await one.objects.load()).objects[0]?.value, 2);
  });

  it('one of two changes on the same base is a conflict, whoever makes it', async () => {
    const { one, two } = await twoNodes();
    for (let revision = 0; revision < 20; revision += 1) {
      const both = [one, two].map((store) => store.objects.change([put('a', store.node)], revision, audit()));
      const refused = (await Promise.allSettled(both)).filter((result) => result.status === 'rejected');
      assert.equal(refused.length, 1);
      assert.ok(refused[0]?.reason instanceof StoreConflictError);
    }
    assert.equal(await two.objects.revision(), 20);
    assert.equal((await one.audit.list()).items.length, 20);
  });

  it('keep versions and history apart, and objects and the audit log together', async () => {
    const { one, two } = await twoNodes();
    await one.versions.append(document('one'));
    await one.versions.settle(1, 'active');
    assert.equal(await two.versions.active(), undefined);
    assert.equal((await two.versions.append(document('two'))).version, 1);
    await one.history.append([{ atMs: 1, values: { a: 1 } }]);
    assert.deepEqual(await two.history.range(0, 10), []);
    await one.objects.change([put('a', 1)], 0, audit());
    assert.equal((await two.audit.list()).items[0]?.node, 'one');
  });

  it('drop the audit entries beyond the number kept, and count them', async () => {
    const { one, two, url } = await twoNodes();
    for (const store of [one, two]) await store.audit.append(audit());
    await server.query(url, `update counter set value = ${auditEntriesMax} where name = 'audit'`);
    await two.audit.append(audit());
    assert.deepEqual(
      (await one.audit.list()).items.map(({ id }) => id),
      [auditEntriesMax + 1, 2],
    );
    assert.deepEqual([one.stats().dropped.audit, two.stats().dropped.audit], [0, 1]);
  });

  it('a lock is held by one of both, and freed when its connection breaks', async () => {
    const { one, two, url } = await twoNodes();
    const { promise: inside, resolve: entered } = Promise.withResolvers<AbortSignal>();
    const order: string[] = [];
    const first = one.withLock('certificate:app', async (signal) => {
      entered(signal);
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      order.push('lost');
    });
    const signal = await inside;
    const second = two.withLock('certificate:app', async () => order.push('second'));
    await two.withLock('certificate:other', async () => order.push('other'));
    const waiting = "select count(*) from pg_locks where locktype = 'advisory' and not granted";
    await until(async () => (await server.query(url, waiting)) === '1');
    assert.deepEqual(order, ['other']);
    const holder = "select pid from pg_locks where locktype = 'advisory' and granted";
    await server.query(url, `select pg_terminate_backend(pid) from (${holder}) held`);
    await Promise.all([first, second]);
    assert.equal(signal.aborted, true);
    assert.deepEqual(order.toSorted(), ['lost', 'other', 'second']);
  });

  it('hear a change although the listening connection was cut before it', async () => {
    const { one, two, url } = await twoNodes();
    const told = heard(two, 1);
    const listening = "application_name = 'dcrouter/two' and query ilike 'listen%'";
    await until(
      async () => (await server.query(url, `select count(*) from pg_stat_activity where ${listening}`)) === '1',
    );
    await server.query(url, `select pg_terminate_backend(pid) from pg_stat_activity where ${listening}`);
    await one.objects.change([put('a', 1)], 0, audit());
    await told;
  });

  it('hear a change that nobody announced', async () => {
    const { one, two, url } = await twoNodes();
    const told = Promise.all([heard(one, 1), heard(two, 1)]);
    await server.query(url, "update counter set value = 1 where name = 'revision'");
    await told;
  });
});

describe('PostgreSQL that is away', { skip: postgresMissing }, () => {
  for (const how of ['fast', 'immediate'] as const) {
    it(`refuses at once after a ${how} end, and recovers by itself`, async () => {
      const { one, two } = await twoNodes();
      await one.objects.change([put('a', 1)], 0, audit());
      await server.halt(how);
      await assert.rejects(one.objects.change([put('a', 2)], 1, audit()), StoreUnavailableError);
      await assert.rejects(
        one.withLock('a', async () => 1),
        StoreUnavailableError,
      );
      assert.equal(one.stats().reachable, false);
      await server.resume();
      await until(() => reaches(one));
      const told = heard(two, 2);
      assert.equal(await one.objects.change([put('a', 2)], 1, audit()), 2);
      await told;
      assert.equal(one.stats().reachable, true);
      assert.equal(await one.withLock('a', async () => 1), 1);
    });
  }

  it('the statistics notice it although nobody asks, and notice the return', async () => {
    const { one } = await twoNodes();
    await server.halt('fast');
    const noticed = (wanted: boolean) =>
      until(async () => {
        await new Promise((resolve) => setImmediate(resolve));
        return one.stats().reachable === wanted;
      });
    await noticed(false);
    await server.resume();
    await noticed(true);
  });

  it('that answers nothing is refused in bounded time, and used again after it', async () => {
    const { one, two } = await twoNodes();
    await one.objects.change([put('a', 1)], 0, audit());
    await server.freeze(true);
    try {
      const asked = [one.objects.change([put('a', 2)], 1, audit()), one.objects.load(), two.versions.active()];
      for (const result of await Promise.allSettled(asked)) {
        assert.equal(result.status, 'rejected');
        assert.ok(result.reason instanceof StoreUnavailableError, String(result.reason));
      }
      assert.equal(one.stats().reachable, false);
    } finally {
      await server.freeze(false);
    }
    await until(() => reaches(one));
  });

  it('at the start is refused, or waited for when that is asked', async () => {
    const place = await postgresPlace(server);
    await server.halt('fast');
    await assert.rejects(open(place, '/'), StoreUnavailableError);
    const store = await openStore(place, { node: 'one', folder: '/', ...quiet, startUnreachable: true });
    assert.equal(store.stats().reachable, false);
    await assert.rejects(store.objects.load(), StoreUnavailableError);
    await server.resume();
    await until(() => reaches(store));
    assert.equal(await store.objects.change([put('a', 1)], 0, audit()), 1);
    await store.close();
  });

  it('and errors that waiting does not mend are told as such', async () => {
    const { url } = await postgresPlace(server);
    const missing = { type: 'postgres', url: url!.replace('test_', 'none_'), poolSize: 2 } as const;
    await assert.rejects(open(missing, '/'), (error) => {
      assert.ok(error instanceof StoreOpenError);
      assert.match(error.message, /create the database first/);
      return true;
    });
    await (await open({ ...missing, url: url! }, '/')).close();
    await server.query(url!, 'insert into schema_version values (99, 0)');
    await assert.rejects(open({ ...missing, url: url! }, '/'), /has schema 99 and this release knows 1/);
  });
});
