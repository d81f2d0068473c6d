// The manager of certificates: what is ordered and served, and when nothing is.
import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';

import { AcmeError } from '@dcrouter/acme';
import { ChallengeBoard } from '@dcrouter/smartproxy';

import { auto, setupManager, SharedStorage } from './support.ts';

void suite('issuing', () => {
  void test('a placeholder is served until the first certificate is there, then that, also after a restart', async (t) => {
    const { ca, create, events, next, swaps } = await setupManager(t);
    const manager = create();
    await manager.load([auto('web', 'a.test', 'www.a.test')]);
    const placeholder = manager.material('web');
    assert.equal(placeholder?.source, 'placeholder');
    assert.deepEqual(placeholder?.info.names, ['a.test', 'www.a.test']);
    assert.equal(manager.material('web'), placeholder, 'one placeholder, not one per handshake');
    assert.equal(manager.getCertificateStatus('web')?.status, 'pending');
    assert.equal(ca.requests.length, 0, 'nothing is sent before the ports are open');
    const issued = next('certificate-issued');
    manager.begin();
    const event = await issued;
    assert.equal(Object.isFrozen(event), true);
    assert.deepEqual([event.domain, event.source, event.error], ['a.test', 'acme', undefined]);
    const material = manager.material('web');
    assert.equal(material?.source, 'acme');
    assert.deepEqual(material?.info.names, ['a.test', 'www.a.test']);
    assert.equal(event.expiry?.getTime(), material?.info.notAfter.getTime());
    assert.deepEqual(swaps, ['web']);
    assert.deepEqual(ca.contacts, [['mailto:admin@example.test']]);
    const status = manager.getCertificateStatus('web');
    assert.equal(status?.status, 'valid');
    assert.equal(status?.expiryDate?.getTime(), material?.info.notAfter.getTime());
    await manager.stop();

    const second = create();
    await second.load([auto('web', 'a.test', 'www.a.test')]);
    second.begin();
    await second.provisionCertificate('web');
    assert.equal(second.material('web')?.cert, material?.cert);
    assert.equal(ca.orders.length, 1);
    assert.equal(ca.contacts.length, 1, 'the account key is kept too');
    assert.deepEqual(
      events.map((item) => item.name),
      ['certificate-issued'],
    );
  });

  void test('routes with the same names share one order, whatever their order and spelling', async (t) => {
    const { ca, create } = await setupManager(t);
    const manager = create();
    await manager.load([auto('one', 'a.test', 'b.test'), auto('two', 'B.test', 'A.test.'), auto('three', 'a.test')]);
    manager.begin();
    await Promise.all(['one', 'two', 'three', 'one'].map((name) => manager.provisionCertificate(name)));
    assert.equal(ca.orders.length, 2);
    assert.equal(manager.material('one')?.cert, manager.material('two')?.cert);
  });

  void test('no more than four orders run at a time, and each name set only once', async (t) => {
    const { ca, create } = await setupManager(t);
    let running = 0;
    let most = 0;
    const manager = create({
      // Reading files would spread the orders over time.
      storage: new SharedStorage(),
      certProvisionFunction: async () => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setImmediate(resolve));
        running--;
        return 'http01';
      },
    });
    const names = Array.from({ length: 20 }, (_, index) => `n${index}.test`);
    await manager.load(names.map((name) => auto(name, name)));
    manager.begin();
    await Promise.all(names.map((name) => manager.provisionCertificate(name)));
    assert.equal(ca.orders.length, 20);
    assert.equal(most, 4);
  });

  void test('names that cannot be ordered are left out and said so', async (t) => {
    const { ca, create } = await setupManager(t);
    const manager = create();
    await manager.load([
      auto('mixed', 'a.test', '*.a.test', 'x.*'),
      auto('wild', '*.b.test'),
      auto('all', '*'),
      auto('none'),
    ]);
    manager.begin();
    await manager.provisionCertificate('mixed');
    assert.deepEqual(ca.orders[0]?.names, ['a.test']);
    const mixed = manager.getCertificateStatus('mixed');
    assert.equal(mixed?.status, 'valid');
    assert.match(mixed?.error ?? '', /\*\.a\.test needs dns-01, "x\.\*" is a pattern/);
    for (const name of ['wild', 'all', 'none']) {
      assert.equal(manager.getCertificateStatus(name)?.status, 'error', name);
      assert.equal(manager.material(name)?.source, 'placeholder');
      await assert.rejects(manager.provisionCertificate(name), AcmeError);
    }
    assert.equal(manager.material('unknown'), undefined);
    assert.equal(manager.getCertificateStatus('unknown'), undefined);
    await assert.rejects(manager.renewCertificate('unknown'), AcmeError);
    assert.equal(ca.orders.length, 1);
  });

  void test('a wildcard is ordered when TXT records can be set, and they are taken away again', async (t) => {
    const { ca, create } = await setupManager(t);
    const standing = new Map<string, string>();
    let most = 0;
    const manager = create({
      dnsChallenge: {
        set: async (name, value) => void (standing.set(value, name), (most = Math.max(most, standing.size))),
        remove: async (_name, value) => void standing.delete(value),
      },
      challengeTypes: ['dns-01'],
    });
    await manager.load([auto('wild', 'a.test', '*.a.test')]);
    manager.begin();
    await manager.provisionCertificate('wild');
    assert.deepEqual(ca.orders[0]?.names, ['a.test', '*.a.test']);
    assert.equal(most, 2);
    assert.equal(standing.size, 0);
  });

  void test('a name that is added to a route is ordered while the old certificate serves on', async (t) => {
    const { create, next } = await setupManager(t);
    const manager = create();
    await manager.load([auto('web', 'a.test')]);
    manager.begin();
    await manager.provisionCertificate('web');
    const old = manager.material('web');
    const renewed = next('certificate-renewed');
    await manager.load([auto('web', 'a.test', 'b.test')]);
    assert.equal(manager.material('web')?.cert, old?.cert);
    await renewed;
    assert.deepEqual(manager.material('web')?.info.names, ['a.test', 'b.test']);
  });

  void test('a route that goes while its order runs gets no swap and no event', async (t) => {
    const { create, events, swaps } = await setupManager(t);
    const manager = create();
    await manager.load([auto('web', 'a.test')]);
    manager.begin();
    const order = manager.provisionCertificate('web');
    await manager.load([]);
    await order;
    assert.deepEqual([events, swaps], [[], []]);
    assert.equal(manager.material('web'), undefined);
  });

  void test('a store that cannot be written does not keep the certificate from being served', async (t) => {
    const { certDir, create, log } = await setupManager(t);
    await writeFile(join(certDir, 'web'), 'a file where the folder should be');
    const manager = create();
    await manager.load([auto('web', 'a.test')]);
    manager.begin();
    await manager.provisionCertificate('web');
    assert.equal(manager.material('web')?.source, 'acme');
    assert.match(log.join('\n'), /error: certificate of route "web" cannot be stored/);
  });

  void test('a damaged account key is an error that is told, not a new account', async (t) => {
    const { ca, certDir, create } = await setupManager(t);
    const first = create();
    await first.load([auto('web', 'a.test')]);
    first.begin();
    await first.provisionCertificate('web');
    const [file = ''] = await readdir(join(certDir, '.accounts'));
    await writeFile(join(certDir, '.accounts', file), 'damaged');
    const second = create();
    await second.load([auto('other', 'b.test')]);
    second.begin();
    await assert.rejects(second.provisionCertificate('other'), (error) => (error as AcmeError).code === 'ACME_KEY');
    assert.equal(ca.contacts.length, 1);
  });

  void test('stop ends an order under way', async (t) => {
    const { create } = await setupManager(t);
    const manager = create({
      dnsChallenge: {
        // A provider that never answers.
        set: () => Promise.withResolvers<void>().promise,
        remove: async () => undefined,
      },
      challengeTypes: ['dns-01'],
    });
    await manager.load([auto('web', 'a.test')]);
    manager.begin();
    const order = assert.rejects(manager.provisionCertificate('web'));
    await new Promise((resolve) => setImmediate(resolve));
    await manager.stop();
    await order;
  });
});

void suite('without ACME', () => {
  void test('a self-signed certificate is made, valid, and never ordered', async (t) => {
    const { ca, create } = await setupManager(t);
    const manager = create();
    await manager.load([{ name: 'own', domains: ['a.test', '*.b.test'], certificate: 'self-signed' }]);
    manager.begin();
    manager.check();
    const { info } = manager.material('own')!;
    assert.deepEqual(info.names, ['a.test', '*.b.test']);
    const { status, error, expiryDate } = manager.getCertificateStatus('own')!;
    assert.deepEqual([status, error, expiryDate], ['valid', undefined, info.notAfter]);
    await assert.rejects(manager.renewCertificate('own'), AcmeError);
    assert.equal(ca.requests.length, 0);
  });

  void test('nothing is asked of a CA when ACME is switched off', async (t) => {
    const { ca, create } = await setupManager(t);
    const manager = create({ acmeEnabled: false });
    await manager.load([auto('web', 'a.test')]);
    manager.begin();
    await assert.rejects(manager.provisionCertificate('web'), /switched off/);
    assert.equal(ca.requests.length, 0);
    assert.match(manager.getCertificateStatus('web')?.error ?? '', /switched off/);
  });

  void test('a route names the one challenge type it wants', async (t) => {
    const { ca, create } = await setupManager(t);
    const tried: string[] = [];
    ca.validate = (_name, type) => void tried.push(type) as undefined;
    const manager = create();
    await manager.load([{ ...auto('web', 'a.test'), challengeTypes: ['tls-alpn-01'] }]);
    manager.begin();
    await manager.provisionCertificate('web');
    assert.deepEqual(tried, ['tls-alpn-01']);
  });
});

void suite('several processes', () => {
  void test('one orders, the others answer its challenges and serve its certificates', async (t) => {
    const { ca, create } = await setupManager(t);
    const follower = create({ onEvent: undefined, onMaterial: undefined });
    const leader = create({
      onEvent: undefined,
      onMaterial: (name, { cert, key, source }) => {
        if (source !== 'placeholder') follower.adopt(name, { cert, key, source });
      },
    });
    leader.challenges.onChange = (change) => follower.challenges.apply(structuredClone(change));
    const seen: string[] = [];
    ca.validate = (name, type) => {
      const standing = follower.challenges.standing()[0];
      if (type === 'http-01') {
        seen.push(follower.challengeResponse(`/.well-known/acme-challenge/${standing?.token}`) ?? 'nothing');
        return 'the next one, please';
      }
      seen.push(follower.alpnContext(name.toUpperCase()) === null ? 'nothing' : 'context');
      return undefined;
    };
    for (const manager of [leader, follower]) await manager.load([auto('web', 'a.test')]);
    leader.begin();
    await assert.rejects(leader.provisionCertificate('web'));
    await leader.provisionCertificate('web');
    assert.match(seen[0] ?? '', /^token-0\../);
    assert.equal(seen[1], 'context');
    assert.equal(follower.material('web')?.cert, leader.material('web')?.cert);
    assert.equal(follower.challenges.size, 0);
    await assert.rejects(follower.renewCertificate('web'), /not running/);
    assert.equal(ca.contacts.length, 1);
  });

  void test('the end of an earlier order does not take the answer of a later one away', () => {
    const board = new ChallengeBoard();
    const change = (token: string, action: 'add' | 'remove') =>
      board.apply({ action, type: 'tls-alpn-01', name: 'a.test', token, keyAuthorization: `${token}.x` });
    change('one', 'add');
    change('two', 'add');
    change('one', 'remove');
    assert.notEqual(board.context('a.test'), null);
    change('two', 'remove');
    assert.equal(board.context('a.test'), null);
    assert.equal(board.size, 0);
  });
});

void test('a store folder that cannot be made does not keep the manager from starting', async (t) => {
  const { certDir, create } = await setupManager(t);
  await mkdir(join(certDir, 'locked'));
  await writeFile(join(certDir, 'locked', 'file'), '');
  await chmod(join(certDir, 'locked'), 0o700);
  const manager = create({ certDir: join(certDir, 'locked', 'file', 'certs') });
  await manager.load([auto('web', 'a.test')]);
  assert.equal(manager.material('web')?.source, 'placeholder');
});
