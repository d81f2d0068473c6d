import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { suite, test } from 'node:test';
import { connect as connectTls } from 'node:tls';

import { acmeTlsProtocol, inspectCertificate } from '@dcrouter/acme';
import type { IRouteConfig } from '@dcrouter/smartproxy';
import { CHALLENGES } from '@dcrouter/smartproxy';

import { freePorts, skipWithout } from '../../../../acme/test/support/tools.ts';
import { get, handshake, isClosed, nextEvent, secureRoute, servedNames, setup } from './world.ts';

void suite('the proxy’s certificates against pebble', { skip: skipWithout('pebble') }, () => {
  void test('http-01 on a port that no route names: a placeholder first, then the real one, the port closed again', async (t) => {
    const item = await setup(t);
    const ca = await item.startCa();
    const proxy = item.create([secureRoute(item, ['web.example.test', 'www.example.test'], 'http-01')]);
    assert.deepEqual(proxy.getEligibleDomainsForCertificates(), []);
    const issued = nextEvent(proxy, 'certificate-issued');
    await proxy.start();
    assert.match(await servedNames(item.tlsPort, 'web.example.test'), /by web\.example\.test$/);
    assert.equal((await issued).domain, 'web.example.test');
    assert.match(await servedNames(item.tlsPort, 'www.example.test'), /www\.example\.test.* by Pebble Intermediate CA/);
    const root = await ca.issuingRoot();
    const url = `https://127.0.0.1:${item.tlsPort}/x`;
    assert.deepEqual(await get(url, { ca: root, servername: 'web.example.test' }), [200, 'backend /x']);
    assert.equal(await isClosed(item.httpPort), true);
    assert.deepEqual(proxy.getListeningPorts(), [item.tlsPort]);
    const status = proxy.getCertificateStatus('secure');
    assert.deepEqual([status?.status, status?.source, status?.error], ['valid', 'acme', undefined]);
    assert.deepEqual(proxy.getEligibleDomainsForCertificates(), ['web.example.test', 'www.example.test']);
    assert.ok((proxy.stats.getRouteStats(CHALLENGES)[0]?.requests ?? 0) >= 2, 'the checks are counted');
  });

  void test('a route names the port of its own challenges, which may be one of raw connections', async (t) => {
    const item = await setup(t);
    await item.startCa();
    const [elsewhere = 0] = await freePorts(1);
    const secure = secureRoute(item, 'moved.example.test', 'http-01');
    secure.action.tls!.acme!.challengePort = item.httpPort;
    const raw: IRouteConfig = {
      name: 'raw',
      match: { ports: item.httpPort },
      action: { type: 'socket-handler', socketHandler: (socket) => void socket.end('raw') },
    };
    // The CA asks at the port of the route; at the one of the options it would find nothing.
    const proxy = item.create([secure], { port: elsewhere });
    await proxy.start();
    await proxy.provisionCertificate('secure');
    await proxy.updateRoutes([secure, raw]);
    await proxy.renewCertificate('secure');
    assert.equal(proxy.getCertificateStatus('secure')?.status, 'valid');
  });

  void test('http-01 on a port shared with an HTTP route, and with a handler that takes raw connections', async (t) => {
    const item = await setup(t);
    await item.startCa();
    const plain: IRouteConfig = {
      name: 'plain',
      match: { ports: item.httpPort },
      action: { type: 'forward', targets: [{ host: '127.0.0.1', port: item.backendPort }] },
    };
    const raw: IRouteConfig = {
      name: 'plain',
      match: { ports: item.httpPort },
      action: { type: 'socket-handler', socketHandler: (socket) => void socket.end('raw') },
    };
    const proxy = item.create([secureRoute(item, 'shared.example.test', 'http-01'), plain]);
    await proxy.start();
    await proxy.provisionCertificate('secure');
    assert.deepEqual(await get(`http://127.0.0.1:${item.httpPort}/y`), [200, 'backend /y']);
    const [unknown] = await get(`http://127.0.0.1:${item.httpPort}/.well-known/acme-challenge/none`);
    assert.equal(unknown, 200, 'what is no challenge of ours belongs to the route');
    await proxy.updateRoutes([secureRoute(item, 'shared.example.test', 'http-01'), raw]);
    await proxy.renewCertificate('secure');
    assert.equal(proxy.getCertificateStatus('secure')?.status, 'valid');
  });

  void test('tls-alpn-01 on the port of the route itself', async (t) => {
    const item = await setup(t);
    await item.startCa();
    const proxy = item.create([secureRoute(item, 'alpn.example.test', 'tls-alpn-01')]);
    const closes: string[] = [];
    proxy.on('connection-close', ({ routeName, reason }) => void closes.push(`${routeName} ${reason}`));
    await proxy.start();
    await proxy.provisionCertificate('secure');
    assert.match(await servedNames(item.tlsPort, 'alpn.example.test'), /Pebble/);
    assert.ok(
      closes.includes(`${CHALLENGES} completed`) || closes.includes(`${CHALLENGES} client-closed`),
      closes.join(),
    );
    // With nothing standing, the protocol is nobody's.
    const socket = connectTls({
      host: '127.0.0.1',
      port: item.tlsPort,
      servername: 'alpn.example.test',
      ALPNProtocols: [acmeTlsProtocol],
      rejectUnauthorized: false,
    });
    await once(socket, 'error');
  });

  void test('a wildcard by dns-01', async (t) => {
    const item = await setup(t);
    await item.startCa();
    const proxy = item.create([secureRoute(item, ['*.wild.example.test', 'wild.example.test'])], {
      dnsChallenge: {
        set: async (name, value) => void item.dns.txt.set(name, (item.dns.txt.get(name) ?? new Set()).add(value)),
        remove: async (name, value) => void item.dns.txt.get(name)?.delete(value),
      },
    });
    await proxy.start();
    await proxy.provisionCertificate('secure');
    assert.match(await servedNames(item.tlsPort, 'any.wild.example.test'), /\*\.wild\.example\.test.*Pebble/);
  });

  void test('renewal under traffic: no request fails, open connections go on, new ones get the new certificate', async (t) => {
    const item = await setup(t);
    const ca = await item.startCa();
    const proxy = item.create([secureRoute(item, 'busy.example.test')]);
    await proxy.start();
    await proxy.provisionCertificate('secure');
    const root = await ca.issuingRoot();
    const old = await handshake(item.tlsPort, 'busy.example.test', root);
    const serial = old.getPeerCertificate().serialNumber;
    let served = 0;
    const renewal = new AbortController();
    const done = renewal.signal;
    const traffic = (async () => {
      while (!done.aborted) {
        const url = `https://127.0.0.1:${item.tlsPort}/t`;
        assert.deepEqual(await get(url, { ca: root, servername: 'busy.example.test' }), [200, 'backend /t']);
        served++;
      }
    })();
    await proxy.renewCertificate('secure');
    renewal.abort();
    await traffic;
    assert.ok(served > 0);
    const fresh = await handshake(item.tlsPort, 'busy.example.test', root);
    assert.notEqual(fresh.getPeerCertificate().serialNumber, serial);
    fresh.destroy();
    old.write('GET /old HTTP/1.1\r\nHost: busy.example.test\r\nConnection: close\r\n\r\n');
    let answer = '';
    for await (const chunk of old) answer += String(chunk);
    assert.match(answer, /^HTTP\/1\.1 200 [\s\S]*backend \/old$/);
  });

  void test('a CA that is down keeps nothing from starting and serving; the store is used after a restart', async (t) => {
    const item = await setup(t);
    const route = secureRoute(item, 'down.example.test');
    const first = item.create([route]);
    const failed = nextEvent(first, 'certificate-failed');
    await first.start();
    assert.match((await failed).error ?? '', /ECONNREFUSED/);
    assert.match(await servedNames(item.tlsPort, 'down.example.test'), /by down\.example\.test$/);
    const ca = await item.startCa();
    await first.provisionCertificate('secure');
    const served = await servedNames(item.tlsPort, 'down.example.test');
    assert.match(served, /Pebble/);
    await first.stop({ drainTimeout: 0 });
    await ca.stop();
    const second = item.create([route]);
    await second.start();
    assert.equal(await servedNames(item.tlsPort, 'down.example.test'), served);
  });

  void test('a route added while the proxy runs takes the challenge port over and gets its own certificate', async (t) => {
    const item = await setup(t);
    await item.startCa();
    const proxy = item.create([secureRoute(item, 'one.example.test')]);
    await proxy.start();
    const plain: IRouteConfig = {
      match: { ports: item.httpPort },
      action: { type: 'forward', targets: [{ host: '127.0.0.1', port: item.backendPort }] },
    };
    const other: IRouteConfig = { ...secureRoute(item, 'two.example.test'), name: 'other' };
    const order = proxy.provisionCertificate('secure');
    await proxy.updateRoutes([secureRoute(item, 'one.example.test'), plain, other]);
    await order;
    await proxy.provisionCertificate('other');
    assert.match(await servedNames(item.tlsPort, 'two.example.test'), /two\.example\.test by Pebble/);
    assert.match(await servedNames(item.tlsPort, 'one.example.test'), /one\.example\.test by Pebble/);
    assert.deepEqual(await get(`http://127.0.0.1:${item.httpPort}/z`), [200, 'backend /z']);
  });
});

void test('a route takes over the port that an order holds open, and a proxy stops while the order hangs', async (t) => {
  const item = await setup(t);
  // A CA that accepts and says nothing.
  const silent = createTcpServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  t.after(() => silent.close());
  const { port } = silent.address() as AddressInfo;
  const proxy = item.create([secureRoute(item, 'hang.example.test')], {
    directoryUrl: `https://127.0.0.1:${port}/dir`,
  });
  await proxy.start();
  await once(silent, 'connection');
  assert.equal(await isClosed(item.httpPort), false);
  const plain: IRouteConfig = {
    match: { ports: item.httpPort },
    action: { type: 'forward', targets: [{ host: '127.0.0.1', port: item.backendPort }] },
  };
  await proxy.updateRoutes([secureRoute(item, 'hang.example.test'), plain]);
  assert.deepEqual(await get(`http://127.0.0.1:${item.httpPort}/held`), [200, 'backend /held']);
  await proxy.stop({ drainTimeout: 0 });
  assert.equal(await isClosed(item.httpPort), true);
  assert.equal(await isClosed(item.tlsPort), true);
});

void test('a self-signed certificate is served at once and no CA is asked', async (t) => {
  const item = await setup(t);
  const route = secureRoute(item, ['self.example.test', '*.self.example.test']);
  route.action.tls!.certificate = 'self-signed';
  const proxy = item.create([route]);
  await proxy.start();
  const socket = await handshake(item.tlsPort, 'a.self.example.test');
  const { raw } = socket.getPeerCertificate();
  socket.destroy();
  const pem = `-----BEGIN CERTIFICATE-----\n${raw.toString('base64')}\n-----END CERTIFICATE-----`;
  assert.deepEqual(inspectCertificate(pem).names, ['self.example.test', '*.self.example.test']);
});

void test('without an address for Let’s Encrypt nothing is ordered, and the status says so', async (t) => {
  const item = await setup(t);
  const proxy = item.create([secureRoute(item, 'mail.example.test')], { directoryUrl: undefined, email: undefined });
  const failed = nextEvent(proxy, 'certificate-failed');
  await proxy.start();
  assert.match((await failed).error ?? '', /acme\.email/);
  assert.equal(proxy.getCertificateStatus('secure')?.status, 'error');
});
