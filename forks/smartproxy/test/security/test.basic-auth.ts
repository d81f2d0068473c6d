import assert from 'node:assert/strict';
import { scryptSync } from 'node:crypto';
import { test } from 'node:test';
import { BasicAuth, hashPassword, RouteSecurity } from '#proxy/security/index';
import { parsePasswordHash } from '#proxy/security/password-hash';

const header = (user: string, password: string) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

test('the right password passes, anything else does not', async () => {
  const auth = new BasicAuth({ users: [{ username: 'ann', password: 'se:cret é' }], realm: 'A "quoted" place' });
  assert.equal(auth.challenge, String.raw`Basic realm="A \"quoted\" place", charset="UTF-8"`);
  const check = async (value: string | undefined) => auth.check(value, 0);
  assert.equal(await check(header('ann', 'se:cret é')), 'ok');
  assert.equal(await check(header('ann', 'se:cret e\u0301')), 'ok', 'the same text in another normal form');
  assert.equal(await check(header('ann', 'se:cret é').replace('Basic', 'bAsIC')), 'ok');
  assert.equal(await check(undefined), 'missing');
  for (const value of [
    header('ann', ''),
    header('ann', 'secret'),
    header('bob', 'se:cret é'),
    'Basic',
    'Basic !!!',
    'Bearer x',
    '',
    'Basic YW5u',
    `Basic ${'A'.repeat(10_000)}`,
  ]) {
    assert.equal(await check(value), 'wrong', value.slice(0, 40));
  }
});

test('passwords by scrypt: right, wrong, unknown user, and a right one is remembered', async () => {
  const passwordHash = await hashPassword('hunter2');
  assert.match(passwordHash, /^\$scrypt\$ln=15,r=8,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  const auth = new BasicAuth({
    users: [
      { username: 'ann', passwordHash },
      { username: 'bob', password: 'x' },
    ],
  });
  assert.equal(await auth.check(header('ann', 'wrong'), 0), 'wrong');
  assert.equal(await auth.check(header('eve', 'hunter2'), 0), 'wrong');
  // How long it takes tells nobody who has a plain password, or that there is no such user.
  for (const [user, password, result] of [
    ['bob', 'x', 'ok'],
    ['bob', 'y', 'wrong'],
    ['nobody', 'y', 'wrong'],
  ] as const) {
    const check = auth.check(header(user, password), 0);
    assert.ok(check instanceof Promise, `${user} is hashed too`);
    assert.equal(await check, result);
  }
  assert.equal(auth.check(header('bob', 'x'), 1), 'ok', 'remembered');
  const first = auth.check(header('ann', 'hunter2'), 0);
  assert.ok(first instanceof Promise);
  assert.equal(await first, 'ok');
  assert.equal(auth.check(header('ann', 'hunter2'), 1), 'ok', 'at once');
  const later = auth.check(header('ann', 'hunter2'), 400_000);
  assert.ok(later instanceof Promise, 'not for ever');
  assert.equal(await later, 'ok');
});

test('a flood of password checks is turned away instead of queued without end', async () => {
  const salt = Buffer.from('cheap salt');
  const hash = scryptSync('x', salt, 32, { N: 16, r: 1, p: 1 });
  const base64 = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '');
  const passwordHash = `$scrypt$ln=4,r=1,p=1$${base64(salt)}$${base64(hash)}`;
  const auth = new BasicAuth({ users: [{ username: 'ann', passwordHash }] });
  const results = await Promise.all(
    Array.from({ length: 80 }, async (_, i) => auth.check(header('ann', `guess ${i}`), 0)),
  );
  assert.equal(results.filter((result) => result === 'busy').length, 80 - 4 - 64);
  assert.ok(!results.includes('ok'));
  assert.equal(await auth.check(header('ann', 'x'), 0), 'ok', 'the queue is free again');
});

test('hashes that are none, or would cost too much, are refused', () => {
  const bad = [
    '',
    '$scrypt$',
    '$scrypt$ln=30,r=8,p=1$AAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    '$scrypt$ln=15,r=8,p=1$AAAA$AAAA',
    '$2b$10$x',
  ];
  for (const text of bad) assert.equal(parsePasswordHash(text), null, text);
});

test('a route asks for a password except below excluded paths, also in the older spelling', async () => {
  const users = [{ username: 'ann', password: 'x' }];
  const security = RouteSecurity.compile(
    { basicAuth: { enabled: true, users, excludePaths: ['/health', '/open/*'] } },
    {},
    0,
  )!;
  const ask = (path: string, authorization?: string) =>
    security.checkAuth({ clientIp: '::1', domain: 'a', path, header: () => authorization }, 0, 0);
  assert.deepEqual(await ask('/'), {
    reason: 'auth-missing',
    status: 401,
    headers: { 'WWW-Authenticate': 'Basic realm="Restricted", charset="UTF-8"' },
  });
  assert.equal((await ask('/', header('ann', 'y')))?.reason, 'auth-failed');
  assert.equal(await ask('/', header('ann', 'x')), null);
  assert.equal(await ask('/health?x'), null);
  assert.equal(await ask('/open/a'), null);
  const old = RouteSecurity.compile(
    { authentication: { type: 'basic', credentials: [{ username: 'a', password: 'b' }] } },
    {},
    0,
  )!;
  const result = await old.checkAuth({ clientIp: '::1', domain: 'a', path: '/', header: () => header('a', 'b') }, 0, 0);
  assert.equal(result, null);
});
