import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { after, before, suite, test } from 'node:test';

import type { IAcmeClientOptions, IChallengeSolver } from '@dcrouter/acme';
import {
  AccountKey,
  AcmeClient,
  AcmeError,
  inspectCertificate,
  keyMatchesCertificate,
  obtainCertificate,
  splitPemChain,
} from '@dcrouter/acme';
import type { IDnsResponder } from './support/dns-responder.ts';
import { startDnsResponder } from './support/dns-responder.ts';
import type { IPebble } from './support/pebble.ts';
import { startPebble } from './support/pebble.ts';
import type { ISolverServer } from './support/solvers.ts';
import { dnsSolver, startHttpSolver, startTlsSolver } from './support/solvers.ts';
import { skipWithout } from './support/tools.ts';

const skip = skipWithout('pebble');

function hasCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof AcmeError && error.code === code;
}

void suite('against pebble', { skip }, () => {
  let dns: IDnsResponder;
  let http: ISolverServer;
  let tls: ISolverServer;
  let pebble: IPebble;

  before(async () => {
    dns = await startDnsResponder();
    http = await startHttpSolver();
    tls = await startTlsSolver();
    pebble = await startPebble({
      httpPort: http.port,
      tlsPort: tls.port,
      dnsServer: `127.0.0.1:${dns.port}`,
      nonceRejectPercent: 30,
      alternateRoots: 2,
    });
  });

  after(async () => {
    await pebble.stop();
    await Promise.all([http.close(), tls.close(), dns.close()]);
  });

  function client(options: Partial<IAcmeClientOptions> = {}): AcmeClient {
    return new AcmeClient({
      directoryUrl: pebble.directoryUrl,
      accountKey: AccountKey.generate(),
      contacts: ['admin@example.test'],
      termsOfServiceAgreed: true,
      https: { trustedRoots: pebble.trustedRoots },
      ...options,
    });
  }

  async function checkTrust(chain: string): Promise<void> {
    const certificates = splitPemChain(chain).map((pem) => new X509Certificate(pem));
    const root = new X509Certificate(await pebble.issuingRoot());
    for (const [index, certificate] of certificates.entries()) {
      assert.equal(certificate.verify((certificates[index + 1] ?? root).publicKey), true);
    }
  }

  const cases: [string, () => IChallengeSolver, string[]][] = [
    ['http-01', () => http.solver, ['one.example.test', 'two.example.test']],
    ['tls-alpn-01', () => tls.solver, ['alpn.example.test']],
    ['dns-01, a name and its wildcard together', () => dnsSolver(dns), ['wild.example.test', '*.wild.example.test']],
  ];
  for (const [name, solver, names] of cases) {
    void test(`a certificate by ${name}`, async (t) => {
      const acme = client();
      t.after(() => acme.close());
      const result = await obtainCertificate(acme, { names, solvers: [solver()] });
      assert.deepEqual([...result.info.names].sort(), [...names].sort());
      assert.equal(keyMatchesCertificate(result.cert, result.key), true);
      assert.equal(typeof result.info.renewalId, 'string');
      await checkTrust(result.cert);
      assert.equal(http.standing() + tls.standing() + dns.txt.size, 0, 'every answer is cleaned up');
    });
  }

  void test('the first solver that can serve a name is used', async (t) => {
    const acme = client();
    t.after(() => acme.close());
    const names = ['mixed.example.test', '*.mixed.example.test'];
    const result = await obtainCertificate(acme, { names, solvers: [http.solver, dnsSolver(dns)] });
    assert.deepEqual([...result.info.names].sort(), [...names].sort());
  });

  void test('the account of a key is found again, and only made when wanted', async (t) => {
    const accountKey = AccountKey.generate();
    const first = client({ accountKey });
    const second = client({ accountKey: AccountKey.fromPem(accountKey.toPem()) });
    t.after(() => (first.close(), second.close()));
    assert.equal(await first.findAccount(), undefined);
    const made = await first.account();
    assert.equal(made.created, true);
    assert.deepEqual(await second.account(), { url: made.url, created: false });
    await first.updateContacts(['other@example.test']);
  });

  void test('an account moves to a new key and the old one stops working', async (t) => {
    const accountKey = AccountKey.generate();
    const acme = client({ accountKey });
    t.after(() => acme.close());
    const { url } = await acme.account();
    const newKey = AccountKey.generate();
    await acme.changeKey(newKey);
    assert.equal(acme.thumbprint, newKey.thumbprint);
    const result = await obtainCertificate(acme, { names: ['moved.example.test'], solvers: [http.solver] });
    assert.deepEqual(result.info.names, ['moved.example.test']);
    const old = client({ accountKey });
    const renewed = client({ accountKey: newKey });
    t.after(() => (old.close(), renewed.close()));
    assert.equal(await old.findAccount(), undefined);
    assert.equal((await renewed.findAccount())?.url, url);
  });

  void test('an account is closed for good', async (t) => {
    const acme = client();
    t.after(() => acme.close());
    await acme.deactivateAccount();
    await assert.rejects(acme.newOrder(['closed.example.test']), hasCode('ACME_PROBLEM'));
  });

  void test('a certificate is revoked by its account, and by its own key', async (t) => {
    const acme = client();
    t.after(() => acme.close());
    for (const byOwnKey of [false, true]) {
      const { cert, key, info } = await obtainCertificate(acme, {
        names: ['revoked.example.test'],
        solvers: [http.solver],
      });
      assert.equal(await pebble.certificateStatus(info.serialNumber), 'Valid');
      await acme.revokeCertificate(cert, 4, byOwnKey ? key : undefined);
      assert.equal(await pebble.certificateStatus(info.serialNumber), 'Revoked');
    }
  });

  void test('the chain under a preferred root is chosen', async (t) => {
    const acme = client();
    t.after(() => acme.close());
    const root = new X509Certificate(await pebble.issuingRoot(2));
    const preferredChain = root.subject.replace('CN=', '');
    const { cert } = await obtainCertificate(acme, {
      names: ['chain.example.test'],
      solvers: [http.solver],
      preferredChain,
    });
    const top = splitPemChain(cert).at(-1) ?? '';
    assert.equal(inspectCertificate(top).issuer, root.subject);
    assert.equal(new X509Certificate(top).verify(root.publicKey), true);
  });

  void test('a wrong answer names the name and the reason, and is cleaned up', async (t) => {
    const acme = client();
    t.after(() => acme.close());
    let cleanups = 0;
    const liar: IChallengeSolver = { type: 'http-01', present: () => undefined, cleanup: () => void cleanups++ };
    const names = ['liar.example.test', 'liar2.example.test'];
    await assert.rejects(obtainCertificate(acme, { names, solvers: [liar] }), (error) => {
      assert.ok(error instanceof AcmeError);
      assert.equal(error.code, 'ACME_CHALLENGE_FAILED');
      assert.match(error.domain ?? '', /^liar2?\.example\.test$/);
      assert.equal(error.problemType, 'unauthorized');
      return true;
    });
    assert.equal(cleanups, 2);
  });

  void test('a wildcard without dns-01 and a name that is none are refused before anything is presented', async (t) => {
    const acme = client();
    t.after(() => acme.close());
    const wildcard = obtainCertificate(acme, { names: ['*.nodns.example.test'], solvers: [http.solver] });
    await assert.rejects(wildcard, hasCode('ACME_NO_SOLVER'));
    await assert.rejects(obtainCertificate(acme, { names: ['not a name'], solvers: [] }), hasCode('ACME_NAME'));
  });

  void test('a solver that fails is told apart from a CA that refuses', async (t) => {
    const acme = client();
    t.after(() => acme.close());
    let cleanups = 0;
    const broken: IChallengeSolver = {
      type: 'dns-01',
      present: () => Promise.reject(new Error('provider is down')),
      cleanup: () => void cleanups++,
    };
    const attempt = obtainCertificate(acme, { names: ['solver.example.test'], solvers: [broken] });
    await assert.rejects(
      attempt,
      (error) => hasCode('ACME_SOLVER_FAILED')(error) && /provider is down/.test(String(error)),
    );
    assert.equal(cleanups, 1);
  });

  void test('an aborted order ends at once and leaves nothing standing', async (t) => {
    const acme = client();
    t.after(() => acme.close());
    const controller = new AbortController();
    const stuck: IChallengeSolver = {
      type: 'http-01',
      present: (_answer, signal) => {
        const ended = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
        controller.abort();
        return ended;
      },
      cleanup: () => undefined,
    };
    const attempt = obtainCertificate(acme, {
      names: ['aborted.example.test'],
      solvers: [stuck],
      signal: controller.signal,
    });
    await assert.rejects(attempt, hasCode('ACME_ABORTED'));
  });

  void test('a CA whose HTTPS is not trusted is unreachable, which may pass', async (t) => {
    const acme = client({ https: {} });
    t.after(() => acme.close());
    await assert.rejects(acme.directory(), (error) => hasCode('ACME_UNREACHABLE')(error) && (error as AcmeError).retry);
  });
});

void suite('against a pebble that demands external accounts', { skip }, () => {
  const macKey = 'zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W';
  let pebble: IPebble;

  before(async () => {
    pebble = await startPebble({ externalAccounts: { 'kid-1': macKey } });
  });
  after(() => pebble.stop());

  const cases: [string, IAcmeClientOptions['externalAccountBinding'], string | undefined][] = [
    ['none', undefined, 'ACME_ACCOUNT'],
    ['a wrong MAC key', { keyId: 'kid-1', macKey: 'AAAA' }, 'ACME_PROBLEM'],
    ['the right one', { keyId: 'kid-1', macKey }, undefined],
  ];
  for (const [name, externalAccountBinding, code] of cases) {
    void test(`binding: ${name}`, async (t) => {
      const acme = new AcmeClient({
        directoryUrl: pebble.directoryUrl,
        accountKey: AccountKey.generate(),
        termsOfServiceAgreed: true,
        https: { trustedRoots: pebble.trustedRoots },
        ...(externalAccountBinding === undefined ? {} : { externalAccountBinding }),
      });
      t.after(() => acme.close());
      if (code === undefined) assert.equal((await acme.account()).created, true);
      else await assert.rejects(acme.account(), hasCode(code));
    });
  }
});
