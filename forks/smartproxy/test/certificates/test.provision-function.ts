/** Certificates by the operator's function: what it may give, and what its faults cost. */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { CertificateAuthority, selfSignedCertificate } from '@dcrouter/acme';
import type { TSmartProxyCertProvisionObject } from '@dcrouter/smartproxy';

import { auto, dayMs, setupManager } from './support.ts';

void suite('certProvisionFunction', () => {
  const authority = new CertificateAuthority('Operator root');
  function custom(domain: string, from: number): TSmartProxyCertProvisionObject {
    const life = { notBefore: new Date(from), notAfter: new Date(from + 60 * dayMs) };
    const { cert, key } = authority.issue({ names: [domain], ...life });
    return { domainName: domain, publicKey: cert, privateKey: key };
  }

  void test('supplies the certificate, whose expiry is read from it and which is renewed by it', async (t) => {
    const { ca, clock, create } = await setupManager(t);
    const asked: string[] = [];
    const manager = create({
      certProvisionFunction: async (domain) => (asked.push(domain), custom(domain, clock.nowMs)),
    });
    await manager.load([auto('web', 'a.test', 'b.test')]);
    manager.begin();
    await manager.provisionCertificate('web');
    assert.equal(manager.material('web')?.source, 'custom');
    const status = manager.getCertificateStatus('web');
    assert.equal(status?.source, 'custom');
    assert.equal(status?.expiryDate?.getTime(), clock.nowMs + 60 * dayMs);
    await manager.renewCertificate('web');
    assert.deepEqual(asked, ['a.test', 'a.test']);
    assert.equal(ca.requests.length, 0);
  });

  const faults: [string, () => Promise<TSmartProxyCertProvisionObject>, RegExp][] = [
    ['throws', () => Promise.reject(new Error('vault is sealed')), /vault is sealed/],
    ['returns an expired certificate', () => Promise.resolve(custom('a.test', 0)), /expired/],
    [
      'returns one for another name',
      () => Promise.resolve(custom('z.test', Date.parse('2030-01-01'))),
      /cover a\.test/,
    ],
    [
      'returns a key that does not belong to it',
      async () => {
        const { publicKey } = custom('a.test', Date.parse('2030-01-01')) as { publicKey: string };
        return { domainName: 'a.test', publicKey, privateKey: selfSignedCertificate(['a.test']).key };
      },
      /belong together/,
    ],
    ['returns nonsense', () => Promise.resolve({ domainName: 'a.test', publicKey: 'x', privateKey: 'y' }), /no PEM/],
    // As functions without types may.
    ['returns nothing', () => undefined as never, /neither a certificate/],
    ['returns another word', () => Promise.resolve('dns01' as 'http01'), /neither a certificate/],
    [
      'throws at once',
      () => {
        throw new Error('no vault');
      },
      /no vault/,
    ],
  ];
  for (const [what, certProvisionFunction, message] of faults) {
    void test(`falls back to ACME when it ${what}, unless that is switched off`, async (t) => {
      const { ca, create, log } = await setupManager(t);
      const strict = create({ certProvisionFunction, certProvisionFallbackToAcme: false });
      await strict.load([auto('web', 'a.test')]);
      strict.begin();
      await assert.rejects(strict.provisionCertificate('web'), message);
      assert.equal(ca.orders.length, 0);
      const lenient = create({ certProvisionFunction });
      await lenient.load([auto('web', 'a.test')]);
      lenient.begin();
      await lenient.provisionCertificate('web');
      assert.equal(lenient.material('web')?.source, 'acme');
      assert.match(log.join('\n'), message);
    });
  }
});

void suite('certProvisionFunction that has no certificate', () => {
  for (const [what, answer] of [
    ['in a promise', Promise.resolve('http01')],
    ['as it is', 'http01'],
  ] as [string, Promise<'http01'>][]) {
    void test(`hands over to ACME by http01 ${what}, also where a failure would not`, async (t) => {
      const { create, log } = await setupManager(t);
      const manager = create({ certProvisionFunction: () => answer, certProvisionFallbackToAcme: false });
      await manager.load([auto('web', 'a.test')]);
      manager.begin();
      await manager.provisionCertificate('web');
      assert.equal(manager.material('web')?.source, 'acme');
      assert.deepEqual(log, []);
    });
  }

  void test('hangs: a placeholder serves, and the manager stops all the same', async (t) => {
    const { ca, create } = await setupManager(t);
    const asked = Promise.withResolvers<void>();
    const manager = create({
      certProvisionFunction: () => {
        asked.resolve();
        return new Promise(() => {});
      },
    });
    await manager.load([auto('web', 'a.test')]);
    manager.begin();
    await asked.promise;
    assert.equal(manager.material('web')?.source, 'placeholder');
    assert.equal(manager.getCertificateStatus('web')?.status, 'pending');
    await manager.stop();
    assert.equal(ca.requests.length, 0);
  });
});
