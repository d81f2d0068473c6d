// Beyond loopback the API wants TLS and a token.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:https';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { selfSignedCertificate } from '@dcrouter/acme';
import { configSchema } from '../../ts/config/schema/index.ts';
import { ADMIN, ADMIN_HASH, startWorld } from './world.ts';

const problems = (api: object): string[] => {
  const result = configSchema.safeParse({ api });
  return result.success ? [] : result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
};

const tls = { keyFile: 'key.pem', certFile: 'cert.pem' };
const tokens = [{ name: 'ci', hash: ADMIN_HASH, scopes: ['read'] }];

test('a configuration that opens the API to others without TLS or without a token is refused, with the ways out', () => {
  for (const address of ['0.0.0.0', '::', '192.0.2.1', '2001:db8::1', '::ffff:192.0.2.1']) {
    const [without, tokenless] = problems({ address });
    assert.match(without!, /^api\.address: reaches beyond this machine without TLS: set api\.tls, or listen on 127/);
    assert.match(tokenless!, /without any token: add one to api\.tokens/);
    assert.equal(problems({ address, tls }).length, 1);
    assert.equal(problems({ address, tokens }).length, 1);
    assert.deepEqual(problems({ address, tls, tokens }), []);
    assert.deepEqual(problems({ address, insecure: true }), []);
  }
  for (const address of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'])
    assert.deepEqual(problems({ address }), []);
});

test('a token of the document has one hash and a name of its own', () => {
  const wrong = (token: object) => problems({ tokens: [{ name: 'a', scopes: ['read'], ...token }] });
  assert.match(wrong({})[0]!, /either hash or hashFile/);
  assert.match(wrong({ hash: ADMIN_HASH, hashFile: 'x' })[0]!, /either hash or hashFile/);
  assert.match(wrong({ hash: ADMIN })[0]!, /64 hexadecimal digits/);
  assert.match(wrong({ hash: ADMIN_HASH, scopes: ['write'] })[0]!, /scopes/);
  assert.match(problems({ tokens: [...tokens, ...tokens] })[0]!, /names must be unique/);
});

test('with TLS the API speaks HTTPS only, and HSTS', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'dcrouter-tls-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const { key, cert } = selfSignedCertificate(['localhost']);
  writeFileSync(join(folder, 'key.pem'), key);
  writeFileSync(join(folder, 'cert.pem'), cert);
  writeFileSync(join(folder, 'hash'), `${ADMIN_HASH}\n`);
  const { base } = await startWorld(t, {
    api: `  tls: { keyFile: ${join(folder, 'key.pem')}, certFile: ${join(folder, 'cert.pem')} }
  tokens: [{ name: ci, hashFile: ${join(folder, 'hash')}, scopes: [read] }]`,
  });
  const { port } = new URL(base);
  const get = async (authorization: string): Promise<[number, string | undefined]> => {
    const sent = request({
      host: '127.0.0.1',
      port,
      path: '/api/v1/status',
      ca: cert,
      servername: 'localhost',
      agent: false,
      headers: { authorization },
    });
    sent.end();
    const [response] = await once(sent, 'response');
    response.resume();
    return [response.statusCode as number, response.headers['strict-transport-security'] as string | undefined];
  };
  assert.deepEqual(await get(`Bearer ${ADMIN}`), [200, 'max-age=31536000']);
  assert.equal((await get('Basic eDp5'))[0], 401);
  await assert.rejects(fetch(`${base}/healthz`));
});
