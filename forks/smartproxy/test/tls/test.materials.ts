// Where a route's key and certificate may come from, and how long its sessions live.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { CertificateAuthority, selfSignedCertificate } from '@dcrouter/acme';
import type { IRouteConfig, ISmartProxyOptions } from '@dcrouter/smartproxy';
import { forwardTo, startHttp, startProxy } from '../helpers/proxy.ts';

const { key, cert } = selfSignedCertificate(['a.test']);
const sealed = createPrivateKey(key).export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' });

type TCertificate = NonNullable<IRouteConfig['action']['tls']>['certificate'];

/** Names that a client is shown. */
async function shown(port: number, options: { ca?: string } = {}): Promise<string | undefined> {
  const trust = options.ca === undefined ? { rejectUnauthorized: false } : options;
  const client = connect({ port, host: '127.0.0.1', servername: 'a.test', ...trust });
  await once(client, 'secureConnect');
  const { subjectaltname } = client.getPeerCertificate();
  client.destroy();
  return subjectaltname;
}

function route(backend: number, certificate?: TCertificate, sessionTimeout?: number): IRouteConfig {
  const web = forwardTo(backend);
  return { ...web, action: { ...web.action, tls: { mode: 'terminate', certificate, sessionTimeout } } };
}

const sources: ReadonlyArray<readonly [string, TCertificate, Partial<ISmartProxyOptions>]> = [
  ['an encrypted key of the route', { key: String(sealed), cert, passphrase: 'x' }, {}],
  ['key and certificate of the options', undefined, { key, cert }],
  ['an encrypted key of the options', undefined, { key: sealed, cert: Buffer.from(cert), passphrase: 'x' }],
];
for (const [what, certificate, options] of sources) {
  test(`a certificate from ${what}`, async (t) => {
    const { port } = await startProxy(t, [route(1, certificate)], options);
    assert.equal(await shown(port(8080)), 'DNS:a.test');
  });
}

test('a certificate from a PKCS #12 bundle', async (t) => {
  const made = spawnSync('openssl', ['pkcs12', '-export', '-passout', 'pass:x'], { input: `${key}\n${cert}` });
  if (made.error !== undefined) return t.skip('the program openssl is missing');
  const { port } = await startProxy(t, [route(1)], { pfx: made.stdout, passphrase: 'x' });
  assert.equal(await shown(port(8080)), 'DNS:a.test');
});

test('a chain in `ca` is sent along, so that a client who knows only the root is content', async (t) => {
  const authority = new CertificateAuthority('Root');
  const issued = authority.issue({ names: ['a.test'] });
  const { port } = await startProxy(t, [route(1, { key: issued.key, cert: issued.cert, ca: authority.cert })]);
  assert.equal(await shown(port(8080), { ca: authority.cert }), 'DNS:a.test');
  const client = connect({ port: port(8080), host: '127.0.0.1', servername: 'a.test', rejectUnauthorized: false });
  await once(client, 'secureConnect');
  const leaf = client.getPeerCertificate(true);
  assert.notEqual(leaf.issuerCertificate.fingerprint256, leaf.fingerprint256);
  client.destroy();
});

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`${version}: a session is resumed within the route's time and not after it`, async (t) => {
    const backend = await startHttp(t, (_req, res) => res.end('ok'));
    const { port } = await startProxy(t, [route(backend.port, { key, cert }, 1)]);
    const open = async (known?: Buffer): Promise<{ session: Buffer; reused: boolean }> => {
      const bounds = { minVersion: version, maxVersion: version, rejectUnauthorized: false };
      const at = { port: port(8080), host: '127.0.0.1', servername: 'a.test' };
      const client = connect({ ...at, ...bounds, session: known });
      let session = Buffer.alloc(0);
      client.on('session', (next) => (session = next));
      client.write('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n');
      await once(client, 'data');
      const reused = client.isSessionReused();
      client.end();
      await once(client, 'close');
      return { session: session.length > 0 ? session : known!, reused };
    };
    const first = await open();
    assert.equal((await open(first.session)).reused, true);
    // Sessions count whole seconds.
    await pause(2_100);
    assert.equal((await open(first.session)).reused, false);
  });
}
