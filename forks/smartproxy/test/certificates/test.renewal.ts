// When certificates are renewed, and what happens to those that cannot be had.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { AcmeError, selfSignedCertificate } from '@dcrouter/acme';

import { problemResponse } from '../../../../acme/test/support/fake-ca.ts';
import { auto, dayMs, setupManager, until } from './support.ts';

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
