import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';

import { AcmeError, selfSignedCertificate } from '@dcrouter/acme';
import { ChallengeBoard } from '@dcrouter/smartproxy';

import { problemResponse } from '../../../../acme/test/support/fake-ca.ts';
import { auto, dayMs, setupManager, SharedStorage } from './support.ts';

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

void suite('renewal', () => {
  void test('comes at the threshold, names what it replaces, and swaps the certificate', async (t) => {
    const { ca, clock, create, next } = await setupManager(t);
    ca.renewalWindow = undefined;
    const manager = create();
    await manager.load([auto('web', 'a.test')]);
    manager.begin();
    await manager.provisionCertificate('web');
    const first = manager.material('web');
    const due = manager.getCertificateStatus('web')?.nextAttemptDate?.getTime() ?? 0;
    assert.equal(Math.round((due - clock.nowMs) / dayMs), 60);
    clock.nowMs = due - 1;
    manager.check();
    assert.equal(ca.orders.length, 1);
    clock.nowMs = due;
    const renewed = next('certificate-renewed');
    manager.check();
    await renewed;
    assert.notEqual(manager.material('web')?.cert, first?.cert);
    assert.equal(ca.orders.length, 2);
  });

  void test('a second route with the same names takes the renewed certificate over', async (t) => {
    const { ca, clock, create, next } = await setupManager(t);
    const manager = create();
    await manager.load([auto('one', 'a.test'), auto('two', 'a.test')]);
    manager.begin();
    await Promise.all([manager.provisionCertificate('one'), manager.provisionCertificate('two')]);
    clock.nowMs += 61 * dayMs;
    const renewed = next('certificate-renewed');
    await manager.renewCertificate('one');
    await renewed;
    manager.check();
    await next('certificate-renewed');
    assert.equal(ca.orders.length, 2);
    assert.equal(manager.material('one')?.cert, manager.material('two')?.cert);
  });

  void test('follows the CA’s window, also when it moves up', async (t) => {
    const { ca, clock, create, next } = await setupManager(t);
    let window = { start: new Date(clock.nowMs + 40 * dayMs), end: new Date(clock.nowMs + 41 * dayMs) };
    const asked: string[] = [];
    ca.renewalWindow = (id) => (asked.push(id), { ...window, retryAfter: '21600' });
    const manager = create();
    await manager.load([auto('web', 'a.test')]);
    manager.begin();
    await manager.provisionCertificate('web');
    await until(() => asked.length === 1);
    await until(() => manager.getCertificateStatus('web')?.nextAttemptDate?.getTime() === window.start.getTime());
    // A revocation at the CA: the window is over, the certificate is to be replaced at once.
    window = { start: new Date(clock.nowMs - 2 * dayMs), end: new Date(clock.nowMs - dayMs) };
    clock.nowMs += dayMs;
    const renewed = next('certificate-renewed');
    manager.check();
    await renewed;
    assert.equal(ca.orders.length, 2);
    assert.equal(ca.orders[1]?.replaces, asked[0]);
    // A CA that says "now" of every certificate is not asked in a loop.
    await until(() => asked.length === 3);
    const soon = clock.nowMs + 3_600_000;
    await until(() => manager.getCertificateStatus('web')?.nextAttemptDate?.getTime() === soon);
  });

  void test('is not done by itself when switched off', async (t) => {
    const { ca, clock, create } = await setupManager(t);
    const manager = create({ autoRenew: false });
    await manager.load([auto('web', 'a.test')]);
    manager.begin();
    await manager.provisionCertificate('web');
    clock.nowMs += 80 * dayMs;
    manager.check();
    assert.equal(ca.orders.length, 1);
    await manager.renewCertificate('web');
    assert.equal(ca.orders.length, 2);
  });

  void test('an expired certificate from the store is served until the new one is there', async (t) => {
    const { ca, clock, create } = await setupManager(t);
    const first = create();
    await first.load([auto('web', 'a.test')]);
    first.begin();
    await first.provisionCertificate('web');
    await first.stop();
    clock.nowMs += 100 * dayMs;
    ca.down = true;
    const second = create();
    await second.load([auto('web', 'a.test')]);
    second.begin();
    await assert.rejects(second.provisionCertificate('web'));
    assert.equal(second.material('web')?.source, 'acme');
    assert.equal(second.getCertificateStatus('web')?.status, 'expired');
  });

  void test('warns once a day while renewal fails, and never of a healthy certificate', async (t) => {
    const { ca, clock, create, events } = await setupManager(t);
    const manager = create();
    await manager.load([auto('web', 'a.test')]);
    manager.begin();
    await manager.provisionCertificate('web');
    ca.down = true;
    clock.nowMs += 65 * dayMs;
    manager.check();
    const expiring = () => events.filter((item) => item.name === 'certificate-expiring').length;
    assert.equal(expiring(), 0);
    clock.nowMs += 12 * dayMs;
    manager.check();
    manager.check();
    assert.equal(expiring(), 1);
    clock.nowMs += dayMs;
    manager.check();
    assert.equal(expiring(), 2);
  });

  void test('a supplied certificate is watched too', async (t) => {
    const { clock, create, events } = await setupManager(t);
    const own = selfSignedCertificate(['s.test'], { now: new Date(clock.nowMs), validDays: 90 });
    const manager = create();
    await manager.load([{ name: 'static', domains: ['s.test'], certificate: { cert: own.cert, key: own.key } }]);
    manager.begin();
    assert.equal(manager.getCertificateStatus('static')?.source, 'static');
    assert.equal(events.length, 0);
    await assert.rejects(manager.renewCertificate('static'), AcmeError);
    clock.nowMs += 61 * dayMs;
    manager.check();
    assert.deepEqual(
      events.map((item) => [item.name, item.event.source]),
      [['certificate-expiring', 'static']],
    );
  });
});

void suite('failures', () => {
  void test('a CA that is down at the start is retried with growing pauses until it is back', async (t) => {
    const { ca, clock, create, events, next } = await setupManager(t);
    ca.down = true;
    const manager = create({ random: () => 0.5 });
    await manager.load([auto('web', 'a.test')]);
    const pauses: number[] = [];
    for (let attempt = 0; attempt < 4; attempt++) {
      const failed = next('certificate-failed');
      if (attempt === 0) manager.begin();
      else manager.check();
      await failed;
      const due = manager.getCertificateStatus('web')?.nextAttemptDate?.getTime() ?? 0;
      pauses.push(due - clock.nowMs);
      clock.nowMs = due;
    }
    assert.deepEqual(pauses, [30_000, 60_000, 120_000, 240_000]);
    assert.equal(manager.material('web')?.source, 'placeholder');
    assert.equal(manager.getCertificateStatus('web')?.status, 'error');
    assert.match(events[0]?.event.error ?? '', /refused/);
    ca.down = false;
    const issued = next('certificate-issued');
    manager.check();
    await issued;
    assert.equal(manager.getCertificateStatus('web')?.error, undefined);
  });

  void test('a rate limit is waited out', async (t) => {
    const { ca, clock, create } = await setupManager(t);
    ca.intercept = (request) =>
      request.url.endsWith('/newOrder')
        ? problemResponse(429, 'rateLimited', 'slow down', { 'retry-after': '172800' })
        : undefined;
    const manager = create();
    await manager.load([auto('web', 'a.test')]);
    manager.begin();
    await assert.rejects(manager.provisionCertificate('web'), /slow down/);
    const due = manager.getCertificateStatus('web')?.nextAttemptDate?.getTime() ?? 0;
    assert.equal(due - clock.nowMs, 2 * dayMs);
  });

  void test('after a failed challenge the next try starts with another type', async (t) => {
    const { ca, create } = await setupManager(t);
    const tried: string[] = [];
    ca.validate = (_name, type) => (tried.push(type), type === 'http-01' ? 'port 80 is closed' : undefined);
    const manager = create();
    await manager.load([auto('web', 'a.test')]);
    manager.begin();
    await assert.rejects(manager.provisionCertificate('web'), /http-01/);
    await manager.provisionCertificate('web');
    assert.deepEqual(tried, ['http-01', 'tls-alpn-01']);
    assert.equal(manager.challenges.size, 0);
  });

  void test('http-01 is left out when its port cannot be opened, and the port is held for all orders together', async (t) => {
    const { ca, create, log } = await setupManager(t);
    const tried: string[] = [];
    ca.validate = (_name, type) => void tried.push(type) as undefined;
    const manager = create({ openChallengePort: () => Promise.reject(new Error('EACCES')) });
    await manager.load([auto('web', 'a.test')]);
    manager.begin();
    await manager.provisionCertificate('web');
    assert.deepEqual(tried, ['tls-alpn-01']);
    assert.match(log.join(), /EACCES/);
    let opened = 0;
    let closed = 0;
    const second = create({
      challengePort: 8080,
      openChallengePort: async (port) => {
        assert.equal(port, 8080);
        opened++;
        return async () => void closed++;
      },
    });
    const names = ['b.test', 'c.test', 'd.test'];
    await second.load(names.map((name) => auto(name, name)));
    second.begin();
    await Promise.all(names.map((name) => second.provisionCertificate(name)));
    assert.deepEqual([opened, closed], [1, 1]);
    assert.deepEqual(tried.slice(1), ['http-01', 'http-01', 'http-01']);
  });

  void test('a certificate that has expired on arrival is a failure with a pause, not a loop', async (t) => {
    const { ca, create } = await setupManager(t);
    ca.lifetimeMs = -1_000;
    const manager = create();
    await manager.load([auto('web', 'a.test')]);
    manager.begin();
    await assert.rejects(manager.provisionCertificate('web'), /clock/);
    manager.check();
    assert.equal(ca.orders.length, 1);
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

/** Waits, turn by turn of the event loop, until `condition` holds. */
async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; !condition(); turn++) {
    if (turn === 10_000) assert.fail('it did not happen');
    await new Promise((resolve) => setImmediate(resolve));
  }
}
