import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';

import type { IAcmeClientOptions, IChallengeSolver, IObtainOptions } from '@dcrouter/acme';
import {
  AccountKey,
  AcmeClient,
  AcmeError,
  createHttpsTransport,
  generateCertificateKeySync,
  inspectCertificate,
  obtainCertificate,
  renewalTimeMs,
  retryDelayMs,
} from '@dcrouter/acme';
import { FakeCa, FakeClock, jsonResponse, problemResponse } from './support/fake-ca.ts';

const silent: IChallengeSolver = { type: 'http-01', present: () => undefined, cleanup: () => undefined };
const names = ['example.test'];

interface ISetup {
  readonly ca: FakeCa;
  readonly clock: FakeClock;
  readonly client: AcmeClient;
  readonly obtain: (options?: Partial<IObtainOptions>) => ReturnType<typeof obtainCertificate>;
}

function setup(options: Partial<IAcmeClientOptions> = {}): ISetup {
  const clock = new FakeClock();
  const ca = new FakeCa(clock);
  const client = new AcmeClient({
    directoryUrl: ca.directoryUrl,
    accountKey: AccountKey.generate(),
    transport: ca.transport,
    clock,
    ...options,
  });
  return { ca, clock, client, obtain: (more) => obtainCertificate(client, { names, solvers: [silent], ...more }) };
}

async function errorOf(work: Promise<unknown>): Promise<AcmeError> {
  const error: unknown = await work.then(
    () => assert.fail('it should have failed'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof AcmeError, String(error));
  return error;
}

for (const [kind, key] of [
  ['P-384', generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey],
  ['RSA', generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey],
] as const) {
  void test(`an account with a ${kind} key from elsewhere works`, async () => {
    const accountKey = AccountKey.fromPem(key.export({ type: 'pkcs8', format: 'pem' }).toString());
    const { obtain } = setup({ accountKey });
    assert.deepEqual((await obtain()).info.names, names);
  });
}

void test('a rate limit tells its code, its type and how long to wait', async () => {
  const { ca, obtain } = setup();
  ca.intercept = (request) =>
    request.url.endsWith('/newOrder')
      ? problemResponse(429, 'rateLimited', 'too many certificates', { 'retry-after': '3600' })
      : undefined;
  const error = await errorOf(obtain());
  assert.equal(error.code, 'ACME_RATE_LIMITED');
  assert.equal(error.retryAfterMs, 3_600_000);
  assert.equal(error.retry, true);
  assert.match(error.message, /too many certificates/);
});

void test('Retry-After may be a date, and is believed for a week at most', async () => {
  const { ca, client, clock } = setup();
  for (const [value, wanted] of [
    [new Date(clock.nowMs + 90_000).toUTCString(), 90_000],
    ['99999999', 7 * 86_400_000],
    [new Date(clock.nowMs - 5_000).toUTCString(), 0],
    ['soon', undefined],
  ] as const) {
    ca.intercept = (request) =>
      request.method === 'POST' ? problemResponse(503, 'serverInternal', 'busy', { 'retry-after': value }) : undefined;
    assert.equal((await errorOf(client.account())).retryAfterMs, wanted);
  }
});

void test('sub-problems name their names', async () => {
  const { ca, obtain } = setup();
  const subproblems = [
    { type: 'urn:ietf:params:acme:error:caa', detail: 'CAA forbids', identifier: { type: 'dns', value: 'a.test' } },
  ];
  ca.intercept = (request) =>
    request.url.endsWith('/newOrder')
      ? jsonResponse(403, { type: 'urn:ietf:params:acme:error:compound', detail: 'several', subproblems })
      : undefined;
  const error = await errorOf(obtain());
  assert.deepEqual(error.subproblems, [{ type: 'caa', detail: 'CAA forbids', name: 'a.test' }]);
  assert.equal(error.retry, false);
});

void test('a CA that rejects every nonce is given up after a bounded number of tries', async () => {
  const { ca, client } = setup();
  ca.intercept = (request) => (request.method === 'POST' ? problemResponse(400, 'badNonce', 'no') : undefined);
  const error = await errorOf(client.account());
  assert.equal(error.problemType, 'badNonce');
  assert.equal(ca.requests.filter((item) => item.startsWith('POST')).length, 24);
});

void test('a slow order is looked at again when the CA says so', async () => {
  const { ca, clock, obtain } = setup();
  ca.processingLooks = 3;
  await obtain();
  assert.equal(clock.sleeps.filter((durationMs) => durationMs === 7_000).length, 2);
});

void test('an order that is never decided ends at the deadline', async () => {
  const { ca, clock, obtain } = setup();
  ca.processingLooks = 1_000_000;
  const startMs = clock.nowMs;
  const error = await errorOf(obtain({ timeoutMs: 60_000 }));
  assert.equal(error.code, 'ACME_DEADLINE');
  assert.equal(error.retry, true);
  assert.ok(clock.nowMs - startMs <= 60_000);
});

void test('a passing outage during validation does not end the order', async () => {
  const { ca, obtain } = setup();
  let failures = 3;
  ca.intercept = (request) =>
    request.url.includes('/order/') && failures-- > 0
      ? { status: 502, headers: {}, body: Buffer.from('<html>') }
      : undefined;
  assert.deepEqual((await obtain()).info.names, names);
});

void test('a refusal is asked for once, also while waiting', async () => {
  const { ca, clock, client, obtain } = setup();
  let refused = 0;
  ca.intercept = (request) =>
    request.url.includes('/order/') ? (refused++, problemResponse(403, 'unauthorized', 'not yours')) : undefined;
  assert.equal((await errorOf(obtain())).code, 'ACME_PROBLEM');
  assert.equal(refused, 1);
  ca.intercept = (request) =>
    request.url.includes('/newOrder') ? (refused++, problemResponse(403, 'rejectedIdentifier', 'no')) : undefined;
  assert.equal((await errorOf(client.newOrder(names))).problemType, 'rejectedIdentifier');
  assert.equal(refused, 2);
  assert.deepEqual(clock.sleeps, []);
});

void test('a failed name gives the other authorizations back', async () => {
  const { ca, obtain } = setup();
  ca.validate = (name) => (name === 'bad.test' ? 'no' : undefined);
  let deactivated = 0;
  ca.intercept = (_request, payload) => {
    if ((payload as { status?: string } | undefined)?.status === 'deactivated') deactivated++;
    return undefined;
  };
  const stuck: IChallengeSolver = {
    ...silent,
    present: (answer) => {
      if (answer.identifier.value === 'stuck.test') throw new Error('cannot');
    },
  };
  const error = await errorOf(obtain({ names: ['good.test', 'stuck.test', 'late.test'], solvers: [stuck] }));
  assert.equal(error.code, 'ACME_SOLVER_FAILED');
  assert.equal(deactivated, 3);
  const failed = await errorOf(obtain({ names: ['bad.test'] }));
  assert.equal(failed.code, 'ACME_CHALLENGE_FAILED');
  assert.equal(failed.domain, 'bad.test');
  assert.equal(failed.problemType, 'dns');
});

void test('a certificate for another key is not accepted', async () => {
  const { ca, obtain } = setup();
  ca.certifyKey = generateCertificateKeySync().publicKey;
  assert.equal((await errorOf(obtain())).code, 'ACME_CERTIFICATE');
});

void test('renewal information: the identifier, the window, the next question', async () => {
  const { ca, client, clock, obtain } = setup();
  const { cert, info } = await obtain();
  assert.equal(await client.renewalInfo(cert), undefined, 'the CA does not offer it yet');
  clock.nowMs += 3_700_000;
  const start = new Date(clock.nowMs + 1_000);
  const end = new Date(clock.nowMs + 9_000);
  const asked: string[] = [];
  ca.renewalWindow = (id) => (asked.push(id), { start, end, retryAfter: '30' });
  const advice = await client.renewalInfo(cert);
  assert.deepEqual([advice?.start, advice?.end], [start, end]);
  // RFC 9773 §4.3.2: shorter than a minute is not believed.
  assert.equal(advice?.nextCheckMs, 60_000);
  assert.deepEqual(asked, [info.renewalId]);
  ca.renewalWindow = () => ({ start: end, end: start });
  assert.equal((await errorOf(client.renewalInfo(cert))).code, 'ACME_PROTOCOL');
});

void test('a renewal names what it replaces, and goes on without when the CA objects', async () => {
  const { ca, clock, obtain } = setup();
  ca.renewalWindow = () => ({ start: new Date(clock.nowMs), end: new Date(clock.nowMs + 1) });
  const { cert, info } = await obtain();
  await obtain({ replaces: cert });
  assert.equal(ca.orders.at(-1)?.replaces, info.renewalId);
  ca.intercept = (_request, payload) =>
    (payload as { replaces?: string } | undefined)?.replaces === undefined
      ? undefined
      : problemResponse(409, 'alreadyReplaced', 'done before');
  await obtain({ replaces: cert });
  assert.equal(ca.orders.at(-1)?.replaces, undefined);
});

void test('a profile is passed on', async () => {
  const { ca, client, obtain } = setup();
  assert.deepEqual((await client.directory()).profiles, ['short']);
  await obtain({ profile: 'short' });
  assert.equal(ca.orders[0]?.profile, 'short');
});

void test('a CA that was set up anew gets a new account without a restart', async () => {
  const { ca, obtain } = setup({ contacts: ['admin@example.test'] });
  await obtain();
  ca.forgetAccounts();
  await obtain();
  assert.deepEqual(ca.contacts, [['mailto:admin@example.test'], ['mailto:admin@example.test']]);
});

void test('a contact that is more than one plain address is refused', async () => {
  for (const address of ['a@b.test,c@d.test', 'a@b.test?subject=x', 'nobody', '']) {
    const { client } = setup({ contacts: [address] });
    assert.equal((await errorOf(client.account())).code, 'ACME_ACCOUNT', address);
  }
});

const broken: [string, unknown][] = [
  ['no JSON', '<html>'],
  ['a list', []],
  ['no order URL', { newNonce: 'https://ca.test/nonce' }],
];
for (const [what, body] of broken) {
  void test(`a directory that is ${what} is a protocol error`, async () => {
    const { ca, client } = setup();
    const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
    ca.intercept = () => ({ status: 200, headers: {}, body: bytes });
    assert.equal((await errorOf(client.directory())).code, 'ACME_PROTOCOL');
  });
}

void test('a token that is not base64url is refused before anybody sees it', async () => {
  const { ca, obtain } = setup();
  ca.intercept = (request) =>
    request.url.includes('/authorization/')
      ? jsonResponse(200, {
          status: 'pending',
          identifier: { type: 'dns', value: 'example.test' },
          challenges: [{ type: 'http-01', url: 'https://ca.test/c', token: '../../etc/passwd' }],
        })
      : undefined;
  const error = await errorOf(obtain());
  assert.equal(error.code, 'ACME_PROTOCOL');
  assert.match(error.message, /token/);
});

void test('a problem text from the network cannot forge log lines or fill them', async () => {
  const { ca, client } = setup();
  ca.intercept = (request) =>
    request.method === 'POST' ? problemResponse(400, 'malformed', `\n\u001b[31m${'x'.repeat(10_000)}`) : undefined;
  const { message } = await errorOf(client.account());
  assert.ok(message.length < 600);
  assert.doesNotMatch(message, /[\n\u001b]/);
});

void test('a CA that is not https is not spoken to', async () => {
  const { send, close } = createHttpsTransport();
  const error = await errorOf(send({ method: 'GET', url: 'http://127.0.0.1:1/dir', headers: {} }));
  close();
  assert.equal(error.code, 'ACME_PROTOCOL');
});

void test('no message shows key material', () => {
  const pem = AccountKey.generate().toPem();
  const damaged = pem.replace('MIG', 'MIH');
  assert.throws(
    () => AccountKey.fromPem(damaged),
    (error) => error instanceof AcmeError && error.code === 'ACME_KEY' && error.cause === undefined,
  );
});

void test('renewal comes at the threshold, for short lives at two thirds, never before, and spread', () => {
  const clock = new FakeClock();
  const ca = new FakeCa(clock);
  const dayMs = 86_400_000;
  const life = (days: number) => {
    const notAfter = new Date(clock.nowMs + days * dayMs);
    return inspectCertificate(ca.authority.issue({ names, notBefore: new Date(clock.nowMs), notAfter }).cert);
  };
  assert.equal((renewalTimeMs(life(90), 30, 0) - clock.nowMs) / dayMs, 60);
  assert.equal((renewalTimeMs(life(398), 30, 0) - clock.nowMs) / dayMs, 368);
  assert.equal((renewalTimeMs(life(6), 30, 0) - clock.nowMs) / dayMs, 4);
  assert.equal((renewalTimeMs(life(90), 30, 1) - clock.nowMs) / dayMs, 63);
});

void test('retries: outages soon, refusals slowly, both bounded, never before the CA allows', () => {
  const outage = new AcmeError('ACME_UNREACHABLE', 'x', { retry: true });
  const refusal = new AcmeError('ACME_CHALLENGE_FAILED', 'x');
  const limited = new AcmeError('ACME_RATE_LIMITED', 'x', { retryAfterMs: 100_000_000 });
  assert.deepEqual(
    [1, 2, 3, 50].map((count) => retryDelayMs(count, outage, 0.5)),
    [30_000, 60_000, 120_000, 3_600_000],
  );
  assert.deepEqual(
    [1, 2, 50].map((count) => retryDelayMs(count, refusal, 0.5)),
    [300_000, 600_000, 86_400_000],
  );
  assert.equal(retryDelayMs(1, limited, 0.5), 100_000_000);
  assert.equal(retryDelayMs(1, outage, 0), 24_000);
});
