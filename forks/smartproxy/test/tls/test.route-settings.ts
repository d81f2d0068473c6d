// What a route says about TLS on either side: ciphers and versions towards clients, our own certificate towards targets.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import type { IRouteConfig, IRouteTls } from '@dcrouter/smartproxy';
import { CertificateAuthority, selfSignedCertificate } from '@dcrouter/acme';
import { forwardTo, startHttp, startProxy } from '../helpers/proxy.ts';

const { key, cert } = selfSignedCertificate(['a.test', 'b.test', 'c.test']);
const certificate = { key, cert };

function route(backend: number, domains: string, more: Partial<IRouteTls>): IRouteConfig {
  const web = forwardTo(backend, { name: domains }, { domains });
  return { ...web, action: { ...web.action, tls: { mode: 'terminate', certificate, ...more } } };
}

/** Version and cipher of a handshake, or why there was none. */
async function handshake(port: number, servername: string, options: ConnectionOptions = {}): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', servername, rejectUnauthorized: false, ...options });
  socket.on('error', () => {});
  const failure = await once(socket, 'secureConnect').then(
    () => undefined,
    (error: NodeJS.ErrnoException) => String(error.code),
  );
  const told = failure ?? `${socket.getProtocol()} ${socket.getCipher().name}`;
  socket.destroy();
  return told;
}

test('ciphers and versions are those of the route that the name chose', async (t) => {
  const backend = await startHttp(t, (_request, response) => response.end('ok'));
  const { port } = await startProxy(t, [
    route(backend.port, 'a.test', { versions: ['TLSv1.2'], ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' }),
    route(backend.port, 'b.test', { versions: ['TLSv1.3'] }),
    route(backend.port, 'c.test', {}),
  ]);
  const at = port(8080);
  assert.equal(await handshake(at, 'a.test'), 'TLSv1.2 ECDHE-ECDSA-AES256-GCM-SHA384');
  assert.match(await handshake(at, 'a.test', { ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' }), /^ERR_SSL/);
  assert.match(await handshake(at, 'a.test', { minVersion: 'TLSv1.3' }), /^ERR_SSL/);
  assert.match(await handshake(at, 'b.test'), /^TLSv1\.3 /);
  assert.match(await handshake(at, 'b.test', { maxVersion: 'TLSv1.2' }), /^ERR_SSL/);
  assert.match(await handshake(at, 'c.test', { maxVersion: 'TLSv1.2' }), /^TLSv1\.2 /);
  assert.match(await handshake(at, 'c.test', { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' }), /^ERR_SSL/);
});

test('a target that asks for certificates gets ours, and refuses us without one', async (t) => {
  const authority = new CertificateAuthority('Inside');
  const server = authority.issue({ names: ['inner.test'] });
  const ours = authority.issue({ names: ['proxy-1'], usage: 'client' });
  const names: unknown[] = [];
  const target = createHttps(
    { key: server.key, cert: server.cert, ca: authority.cert, requestCert: true, rejectUnauthorized: true },
    (request, response) => {
      names.push((request.socket as TLSSocket).getPeerCertificate().subject.CN);
      response.end('inside');
    },
  );
  target.on('tlsClientError', () => {});
  target.listen(0, '127.0.0.1');
  await once(target, 'listening');
  t.after(() => {
    target.closeAllConnections();
    target.close();
  });
  const { port: backend } = target.address() as AddressInfo;
  const inner = { ca: authority.cert, servername: 'inner.test' };
  const again = { mode: 'terminate-and-reencrypt' as const };
  const { port } = await startProxy(t, [
    route(backend, 'a.test', { ...again, backend: { ...inner, key: ours.key, cert: ours.cert } }),
    route(backend, 'b.test', { ...again, backend: inner }),
  ]);
  const ask = async (host: string): Promise<string> => {
    const socket = connect({ port: port(8080), host: '127.0.0.1', servername: host, rejectUnauthorized: false });
    socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    let text = '';
    for await (const piece of socket) text += String(piece);
    return text;
  };
  assert.match(await ask('a.test'), /^HTTP\/1\.1 200 .*inside/s);
  assert.match(await ask('b.test'), /^HTTP\/1\.1 502 /);
  assert.deepEqual(names, ['proxy-1']);
});
