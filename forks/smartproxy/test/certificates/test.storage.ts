/** Several managers on one storage, as several nodes are. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { selfSignedCertificate } from '@dcrouter/acme';

import { auto, dayMs, setupManager, SharedStorage } from './support.ts';

void suite('managers on one storage', () => {
  void test('two that start at the same time order once, with one account, and both serve it', async (t) => {
    const { create, ca, events } = await setupManager(t);
    const storage = new SharedStorage();
    const nodes = [create({ storage }), create({ storage })] as const;
    for (const node of nodes) {
      await node.load([auto('web', 'web.example.com')]);
      node.begin();
    }
    await Promise.all(nodes.map((node) => node.provisionCertificate('web')));
    assert.equal(ca.orders.length, 1);
    assert.equal(storage.accounts.size, 1);
    const [one, two] = nodes.map((node) => node.material('web'));
    assert.equal(one?.source, 'acme');
    assert.equal(one.cert, two?.cert);
    assert.deepEqual(
      events.map(({ name }) => name),
      ['certificate-issued', 'certificate-issued'],
    );
  });

  void test('a renewal is ordered by one node; the other takes it over when told, or at its own turn', async (t) => {
    const { create, ca, clock, next, swaps } = await setupManager(t);
    const storage = new SharedStorage();
    // None but the third renews by itself, and that one only begins when the others have.
    const [one, two, three] = [false, false, true].map((autoRenew) => create({ storage, autoRenew }));
    assert.ok(one && two && three);
    for (const node of [one, two]) {
      await node.load([auto('web', 'web.example.com')]);
      node.begin();
      await node.provisionCertificate('web');
    }
    await three.load([auto('web', 'web.example.com')]);
    const first = two.material('web')?.cert;
    assert.equal(await two.reloadCertificate('web'), false);
    clock.nowMs += 70 * dayMs;
    await one.renewCertificate('web');
    const orders = ca.orders.length;
    swaps.length = 0;
    assert.equal(await two.reloadCertificate('web'), true);
    assert.deepEqual(swaps, ['web']);
    assert.notEqual(two.material('web')?.cert, first);
    assert.equal(two.material('web')?.cert, one.material('web')?.cert);
    assert.equal(await two.reloadCertificate('web'), false);
    const renewed = next('certificate-renewed');
    three.begin();
    await renewed;
    assert.equal(three.material('web')?.cert, one.material('web')?.cert);
    assert.equal(ca.orders.length, orders);
  });

  void test('a node that starts later serves what the storage has, and orders nothing', async (t) => {
    const { create, ca } = await setupManager(t);
    const storage = new SharedStorage();
    const one = create({ storage });
    await one.load([auto('web', 'web.example.com')]);
    one.begin();
    await one.provisionCertificate('web');
    const two = create({ storage });
    await two.load([auto('web', 'web.example.com')]);
    assert.equal(two.material('web')?.cert, one.material('web')?.cert);
    two.begin();
    await two.provisionCertificate('web');
    assert.equal(ca.orders.length, 1);
  });

  void test('a storage that is away: a placeholder serves, nothing is ordered, and it is tried again', async (t) => {
    const { create, ca, next } = await setupManager(t);
    const storage = new SharedStorage();
    storage.away = true;
    const node = create({ storage });
    await node.load([auto('web', 'web.example.com')]);
    const failed = next('certificate-failed');
    node.begin();
    assert.match((await failed).error ?? '', /storage gives no answer: the database is away/);
    assert.equal(node.material('web')?.source, 'placeholder');
    assert.equal(ca.orders.length, 0);
    await assert.rejects(node.reloadCertificate('web'), { code: 'ACME_UNREACHABLE' });
    storage.away = false;
    await node.provisionCertificate('web');
    assert.equal(node.material('web')?.source, 'acme');
  });

  void test('what is damaged in the storage is told, and replaced by the next order', async (t) => {
    const { create, log } = await setupManager(t);
    const storage = new SharedStorage();
    const { cert } = selfSignedCertificate(['web.example.com']);
    const { key } = selfSignedCertificate(['web.example.com']);
    for (const damaged of [
      { cert: 'no PEM', key: 'no PEM', source: 'acme' },
      { cert, key, source: 'acme' },
    ] as const) {
      storage.certificates.set('web', damaged);
      storage.certificates.delete([...storage.certificates.keys()].find((name) => name !== 'web') ?? '');
      const node = create({ storage });
      await node.load([auto('web', 'web.example.com')]);
      assert.equal(node.material('web')?.source, 'placeholder');
      node.begin();
      await node.provisionCertificate('web');
      assert.equal(node.material('web')?.source, 'acme');
      assert.notEqual(storage.certificates.get('web')?.key, damaged.key);
    }
    assert.match(log.join('\n'), /route "web" is not used: its key and certificate do not belong together/);
  });

  void test('a manager that stops does not wait for the turn of another node', async (t) => {
    const { create } = await setupManager(t);
    const storage = new SharedStorage();
    const held = Promise.withResolvers<void>();
    const withLock = storage.withLock.bind(storage);
    const asked = Promise.withResolvers<void>();
    storage.withLock = async (name, work) => {
      asked.resolve();
      await held.promise;
      return await withLock(name, work);
    };
    const node = create({ storage });
    await node.load([auto('web', 'web.example.com')]);
    node.begin();
    await asked.promise;
    const order = assert.rejects(node.provisionCertificate('web'), { code: 'ACME_ABORTED' });
    await node.stop();
    await order;
    held.resolve();
  });
});

void suite('domains that dns-01 is no way for', () => {
  for (const covered of [true, false]) {
    void test(`a handler that covers ${covered ? 'a domain publishes for it' : 'none is left out where another challenge does'}`, async (t) => {
      const { create } = await setupManager(t);
      const asked: string[] = [];
      const published: string[] = [];
      const node = create({
        challengeTypes: ['dns-01', 'http-01'],
        dnsChallenge: {
          covers: (domain) => {
            asked.push(domain);
            return covered;
          },
          set: async (name) => void published.push(name),
          remove: async () => undefined,
        },
      });
      await node.load([auto('web', 'web.example.com')]);
      node.begin();
      await node.provisionCertificate('web');
      assert.deepEqual(asked, ['web.example.com']);
      assert.deepEqual(published, covered ? ['_acme-challenge.web.example.com'] : []);
    });
  }
});
