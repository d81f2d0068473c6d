import assert from 'node:assert/strict';
import { constants, createHmac, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { test } from 'node:test';
import type { TJwtAlgorithm } from '#proxy/interfaces/index';
import { JwtAuth, RouteSecurity, SecurityConfigError } from '#proxy/security/index';

const NOW_MS = 1_800_000_000_000;
const NOW = NOW_MS / 1_000;
const encode = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** Signs as another implementation would, straight from RFC 7518. */
function makeToken(claims: unknown, key: string | KeyObject, algorithm: string, header: object = {}): string {
  const text = `${encode({ alg: algorithm, typ: 'JWT', ...header })}.${encode(claims)}`;
  const digest = `sha${algorithm.slice(2)}`;
  if (typeof key === 'string') return `${text}.${createHmac(digest, key).update(text).digest('base64url')}`;
  const options: Record<string, object> = {
    ES: { key, dsaEncoding: 'ieee-p1363' },
    RS: { key },
    PS: { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
  };
  return `${text}.${sign(digest, Buffer.from(text), options[algorithm.slice(0, 2)] as never).toString('base64url')}`;
}

function outcome(auth: JwtAuth, token: string, nowMs = NOW_MS): string {
  const result = auth.check(`Bearer ${token}`, nowMs);
  return result.ok ? 'ok' : result.fault;
}

const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const curves = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' } as const;
const pem = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }) as string;

test('each algorithm: a right signature passes, a changed one does not', () => {
  const pairs: Array<[TJwtAlgorithm, string, string | KeyObject]> = [];
  for (const algorithm of ['HS256', 'HS384', 'HS512'] as const) pairs.push([algorithm, 'shared', 'shared']);
  for (const algorithm of ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const) {
    pairs.push([algorithm, pem(rsa.publicKey), rsa.privateKey]);
  }
  for (const algorithm of ['ES256', 'ES384', 'ES512'] as const) {
    const pair = generateKeyPairSync('ec', { namedCurve: curves[algorithm] });
    pairs.push([algorithm, pem(pair.publicKey), pair.privateKey]);
  }
  for (const [algorithm, secret, key] of pairs) {
    const auth = new JwtAuth({ secret, algorithm });
    const token = makeToken({ sub: 'ann', exp: NOW + 10 }, key, algorithm);
    assert.equal(outcome(auth, token), 'ok', algorithm);
    assert.equal(outcome(auth, token), 'ok', `${algorithm}, remembered`);
    const [head, , signature] = token.split('.');
    assert.equal(outcome(auth, `${head}.${encode({ sub: 'eve' })}.${signature}`), 'signature', algorithm);
    assert.equal(outcome(auth, `${token.slice(0, -6)}AAAAAA`), 'signature', algorithm);
    assert.equal(outcome(auth, `${head}.${encode({ sub: 'ann' })}.`), 'malformed', algorithm);
  }
});

test('the token cannot choose its algorithm', () => {
  const auth = new JwtAuth({ secret: pem(rsa.publicKey) });
  const none = `${encode({ alg: 'none' })}.${encode({})}.`;
  assert.equal(outcome(auth, none), 'malformed');
  assert.equal(outcome(auth, `${none}AAAA`), 'algorithm');
  // The public key as a shared secret: the classic confusion.
  assert.equal(outcome(auth, makeToken({}, pem(rsa.publicKey), 'HS256')), 'algorithm');
  assert.equal(outcome(auth, makeToken({}, rsa.privateKey, 'RS512')), 'algorithm');
  assert.equal(outcome(auth, makeToken({}, rsa.privateKey, 'RS256', { crit: ['exp'] })), 'critical');
  assert.equal(outcome(auth, makeToken({}, rsa.privateKey, 'RS256', { b64: false })), 'critical');
});

test('keys that do not fit their algorithm are refused when the route is compiled', () => {
  const small = generateKeyPairSync('rsa', { modulusLength: 1_024 });
  const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const cases: Array<[string, TJwtAlgorithm | undefined, RegExp]> = [
    [pem(rsa.publicKey), 'HS256', /is no secret/],
    ['shared', 'RS256', /needs a public key/],
    [pem(p256.publicKey), 'ES384', /needs a key on the curve secp384r1/],
    [pem(p256.publicKey), 'RS256', /needs an RSA key/],
    [pem(small.publicKey), undefined, /of 2048 bits; it has 1024/],
    [rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string, undefined, /is a private key/],
    ['-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----', undefined, /is no public key/],
  ];
  for (const [secret, algorithm, message] of cases) {
    assert.throws(
      () => new JwtAuth({ secret, algorithm }),
      (error: unknown) => error instanceof SecurityConfigError && message.test(error.message),
    );
  }
  assert.equal(outcome(new JwtAuth({ secret: pem(p256.publicKey) }), makeToken({}, p256.privateKey, 'ES256')), 'ok');
});

test('expiry, not-before, age, issuer, audience', () => {
  const auth = new JwtAuth({ secret: 's', issuer: 'me', audience: 'you', expiresIn: '1h', clockToleranceSeconds: 5 });
  const good = { iss: 'me', aud: ['others', 'you'], iat: NOW - 60, exp: NOW + 60 };
  const of = (claims: object) => outcome(auth, makeToken({ ...good, ...claims }, 's', 'HS256'));
  assert.equal(of({}), 'ok');
  assert.equal(of({ exp: NOW - 4 }), 'ok', 'within the tolerance');
  assert.equal(of({ exp: NOW - 5 }), 'expired');
  assert.equal(of({ nbf: NOW + 6 }), 'not-yet-valid');
  assert.equal(of({ iat: NOW + 6 }), 'not-yet-valid');
  assert.equal(of({ iat: NOW - 3_606 }), 'too-old');
  assert.equal(of({ iat: undefined }), 'too-old');
  assert.equal(of({ iss: 'you' }), 'issuer');
  assert.equal(of({ aud: 'yo' }), 'audience');
  assert.equal(of({ aud: undefined }), 'audience');
  assert.equal(of({ exp: '9999999999' }), 'malformed');
});

test('a remembered token expires all the same', () => {
  const auth = new JwtAuth({ secret: 's' });
  const token = makeToken({ exp: NOW + 10 }, 's', 'HS256');
  assert.equal(outcome(auth, token), 'ok');
  assert.equal(outcome(auth, token, NOW_MS + 9_999), 'ok');
  assert.equal(outcome(auth, token, NOW_MS + 10_000), 'expired');
});

test('what is no token is refused without a word of why', () => {
  const auth = new JwtAuth({ secret: 's' });
  const token = makeToken({}, 's', 'HS256');
  for (const text of [
    'a',
    'a.b',
    'a.b.c.d',
    `${token}=`,
    ` ${token}x`,
    token.replaceAll('.', '..'),
    'x'.repeat(20_000),
    `${encode('[]')}.${encode({})}.AAAA`,
  ]) {
    assert.notEqual(outcome(auth, text), 'ok', text.slice(0, 30));
  }
  // The last character of a base64url text may carry unused bits; a second spelling of a token is another token.
  const last = token.at(-1)!;
  const twin = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  assert.equal(outcome(auth, token.slice(0, -1) + twin[twin.indexOf(last) ^ 1]!), 'malformed');
  assert.deepEqual(auth.check(undefined, 0), { ok: false, fault: 'missing' });
  assert.deepEqual(auth.check('Basic abc', 0), { ok: false, fault: 'missing' });
  assert.equal(auth.challenge('missing'), 'Bearer');
  assert.equal(auth.challenge('expired'), 'Bearer error="invalid_token"');
});

test('a route asks for a token except below excluded paths', async () => {
  const security = RouteSecurity.compile({ jwtAuth: { enabled: true, secret: 's', excludePaths: ['/open/'] } }, {}, 0)!;
  const ask = (path: string, authorization?: string) =>
    security.checkAuth({ clientIp: '::1', domain: 'a', path, header: () => authorization }, 0, NOW_MS);
  assert.equal((await ask('/x'))?.headers['WWW-Authenticate'], 'Bearer');
  assert.equal((await ask('/x', 'Bearer x.y.z'))?.reason, 'auth-failed');
  assert.equal(await ask('/x', `Bearer ${makeToken({}, 's', 'HS256')}`), null);
  assert.equal(await ask('/open/x'), null);
});
