// What a client certificate was verified for: one route's authorities are not another's.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { connect, type ConnectionOptions } from 'node:tls';
import type { IRouteConfig } from '@dcrouter/smartproxy';
import { CertificateAuthority, selfSignedCertificate } from '@dcrouter/acme';
import { forwardTo, startHttp, startProxy } from '../helpers/proxy.ts';

const { key, cert } = selfSignedCertificate(['a.test', 'b.test']);
const certificate = { key, cert };
const mine = new CertificateAuthority('Mine');
const theirs = new CertificateAuthority('Theirs');
const issued = mine.issue({ names: ['client-7'], usage: 'client' });
const client = { key: issued.key, cert: issued.cert };

function route(backend: number, name: string, domains: string, authority: CertificateAuthority | null): IRouteConfig {
  const web = forwardTo(backend, { name }, { domains });
  const clientAuth = { mode: 'require' as const, ca: authority?.cert ?? '', subjectHeader: 'X-Client' };
  const tls = { mode: 'terminate' as const, certificate, ...(authority === null ? {} : { clientAuth }) };
  return { ...web, action: { ...web.action, tls } };
}

/** One request in a connection of its own; the status and what the backend saw, and the session. */
async function ask(
  port: number,
  host: string,
  options: ConnectionOptions,
): Promise<{ text: string; session: Buffer | undefined; reused: boolean }> {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
  let text = '';
  let session: Buffer | undefined;
  socket.on('data', (bytes) => (text += bytes.toString('latin1')));
  socket.on('error', () => {});
  socket.on('session', (next) => (session = next));
  socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  let reused = false;
  socket.once('secureConnect', () => (reused = socket.isSessionReused()));
  await once(socket, 'close').catch(() => {});
  return { text: `${text.slice(9, 12)} ${/<.*>/.exec(text)?.[0] ?? ''}`.trim(), session, reused };
}

test('a request for a route with client certificates does not pass on the handshake of another route', async (t) => {
  const backend = await startHttp(t, (req, res) => res.end(`<${String(req.headers['x-client'])}>`));
  const { port, proxy } = await startProxy(t, [
    route(backend.port, 'open', 'b.test', null),
    route(backend.port, 'closed', 'a.test', mine),
  ]);
  const at = port(8080);
  assert.equal((await ask(at, 'a.test', { servername: 'a.test', ...client })).text, '200 <CN=client-7>');
  assert.equal((await ask(at, 'b.test', { servername: 'b.test' })).text, '200 <undefined>');
  assert.equal((await ask(at, 'a.test', { servername: 'b.test' })).text, '421');
  assert.equal((await ask(at, 'a.test', { servername: 'b.test', ...client })).text, '421');
  assert.equal((await ask(at, 'b.test', { servername: 'a.test', ...client })).text, '200 <undefined>');
  assert.equal(proxy.stats.getRejectReasons().get('client-certificate-of-another-route'), 2);
});

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(`${version}: a session with a verified certificate is not resumed where another authority is asked for`, async (t) => {
    const backend = await startHttp(t, (req, res) => res.end(`<${String(req.headers['x-client'])}>`));
    const other = route(backend.port, 'other', 'a.test', theirs);
    const same = route(backend.port, 'same', 'a.test', mine);
    const { port, proxy } = await startProxy(t, [
      route(backend.port, 'mine', 'a.test', mine),
      { ...same, match: { ...same.match, ports: 8081 } },
      { ...other, match: { ...other.match, ports: 8082 } },
    ]);
    const options = { servername: 'a.test', ...client, minVersion: version, maxVersion: version };
    const first = await ask(port(8080), 'a.test', options);
    const again = await ask(port(8081), 'a.test', { ...options, session: first.session });
    assert.deepEqual([again.text, again.reused], ['200 <CN=client-7>', true]);
    const refused = await ask(port(8082), 'a.test', { ...options, session: first.session });
    assert.equal(refused.text, '');
    // Neither after a swap that trusts another authority on the same port.
    await proxy.updateRoutes([route(backend.port, 'mine', 'a.test', theirs)]);
    assert.equal((await ask(port(8080), 'a.test', { ...options, session: first.session })).text, '');
  });
}
