// The deadlines of a connection: first bytes, handshake, head, connecting, inactivity and its treatments, lifetime.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { selfSignedCertificate } from '@dcrouter/acme';
import type { IRouteConfig, ISmartProxyOptions } from '@dcrouter/smartproxy';
import { readSettings, NEVER_MS } from '../../ts/connection/settings.ts';
import { setBounds } from '../helpers/bounds.ts';
import { RawClient, forwardTo, startHttp, startProxy, startTcp } from '../helpers/proxy.ts';
import { blackHole } from '../upstream/names.ts';

const { key, cert } = selfSignedCertificate(['a.test']);
const SHORT_MS = 150;
const GET = 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n';
const raw = (port: number): IRouteConfig => ({
  name: 'raw',
  match: { ports: 9000 },
  action: { type: 'forward', targets: [{ host: '127.0.0.1', port }] },
});
const over = ({ ended, closed }: RawClient): boolean => ended || closed;

test('a target that does not answer in time: 504 over HTTP, a reset in a tunnel, each counted', async (t) => {
  const port = await blackHole(t, '127.0.0.1');
  const web = await startProxy(t, [forwardTo(port), raw(port)], { connectionTimeout: SHORT_MS });
  const client = await RawClient.open(web.port(8080));
  client.send(GET);
  await client.has('HTTP/1.1 504 ');
  // The client is not to blame: its connection goes on.
  assert.doesNotMatch(client.text, /close/);
  client.socket.destroy();
  const tunnel = await RawClient.open(web.port(9000));
  await tunnel.until(over).catch(() => {});
  await web.ledger.settled();
  assert.equal(web.ledger.upstreamErrors[0]!.reason, 'connect-timeout');
  assert.equal(web.proxy.stats.getTerminationReasons().get('connect-failed'), 1);
});

test('a target that accepts and never finishes its handshake is as one that does not answer', async (t) => {
  const silent = await startTcp(t, () => {});
  const route = forwardTo(silent.port);
  route.action.tls = { mode: 'terminate-and-reencrypt', certificate: { key, cert } };
  const { port } = await startProxy(t, [route], { connectionTimeout: SHORT_MS });
  const client = connectTls({ port: port(8080), host: '127.0.0.1', servername: 'a.test', rejectUnauthorized: false });
  client.write(GET);
  const [bytes] = (await once(client, 'data')) as [Buffer];
  assert.match(String(bytes), /^HTTP\/1\.1 504 /);
  client.destroy();
});

const firstBytes: ReadonlyArray<readonly [string, string, Partial<ISmartProxyOptions>]> = [
  ['nothing', '', {}],
  ['half a ClientHello', '\x16\x03\x01\x02\x00\x01', {}],
  ['half a PROXY header', 'PROXY TCP4 192.0', { proxyIPs: ['127.0.0.1'] }],
];
for (const [what, bytes, options] of firstBytes) {
  test(`a client that sends ${what} is let go after the time for first bytes`, async (t) => {
    const route = forwardTo(1);
    route.action.tls = { mode: 'terminate', certificate: { key, cert } };
    const { port, ledger, proxy } = await startProxy(t, [route], { initialDataTimeout: SHORT_MS, ...options });
    const client = await RawClient.open(port(8080));
    client.send(bytes);
    await client.until(over).catch(() => {});
    client.socket.destroy();
    await ledger.settled();
    assert.equal(proxy.stats.getTerminationReasons().get('initial-timeout'), 1);
  });
}

test('a handshake that stops in the middle, and a head that does, end in time', async (t) => {
  setBounds(t, { handshakeMs: SHORT_MS, headMs: SHORT_MS });
  const route = forwardTo(1, { name: 'tls' }, { ports: 8443 });
  route.action.tls = { mode: 'terminate', certificate: { key, cert } };
  const { port, ledger, proxy } = await startProxy(t, [route, forwardTo(1)]);
  // A hello whose answer is not read.
  const hello = await RawClient.open(port(8443));
  const oneWay = new Duplex({ read: () => {}, write: (bytes, _encoding, done) => hello.socket.write(bytes, done) });
  const inner = connectTls({ servername: 'a.test', socket: oneWay });
  inner.on('error', () => {});
  t.after(() => inner.destroy());
  await hello.until(over).catch(() => {});
  hello.socket.destroy();
  const head = await RawClient.open(port(8080));
  head.send('GET / HTTP/1.1\r\nHost: a.te');
  assert.match(await head.whole(), /^HTTP\/1\.1 408 [^]*Connection: close/);
  await ledger.settled();
  assert.equal(proxy.stats.getTlsStats().failures['timeout'], 1);
  assert.equal(proxy.stats.getRejectReasons().get('request-timeout'), 1);
});

test('inactivity: standard, extended and immortal are what their names say, also for upgrades', async (t) => {
  const echo = await startTcp(t, (socket) => socket.on('data', (bytes) => socket.write(bytes)));
  const upgraded = await startHttp(t, () => {});
  upgraded.server.on('upgrade', (_req, socket) => {
    socket.on('error', () => {});
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
  });
  const routes = [raw(echo.port), forwardTo(upgraded.port)];
  const short = { inactivityTimeout: SHORT_MS };
  const standard = await startProxy(t, routes, { ...short, keepAliveTreatment: 'standard' });
  const longer = await Promise.all([
    startProxy(t, routes, { ...short, keepAliveTreatment: 'immortal' }),
    startProxy(t, routes, { ...short, keepAliveTreatment: 'extended', keepAliveInactivityMultiplier: 1_000 }),
    startProxy(t, routes, { ...short, disableInactivityCheck: true }),
  ]);
  const lasting = await Promise.all(longer.map(async ({ port }) => await RawClient.open(port(9000))));
  const tunnel = await RawClient.open(standard.port(9000));
  const upgrade = await RawClient.open(standard.port(8080));
  upgrade.send('GET / HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
  for (const client of [tunnel, upgrade]) {
    await client.until(over);
    client.socket.destroy();
  }
  await standard.ledger.settled();
  assert.equal(standard.proxy.stats.getTerminationReasons().get('inactivity-timeout'), 2);
  // They had the same time, and go on.
  for (const client of lasting) {
    client.send('still');
    await client.has('still');
    client.socket.destroy();
  }
});

test('times as the options give them', () => {
  const hour = 3_600_000;
  const day = 24 * hour;
  const times = (options: Partial<ISmartProxyOptions>): number[] => {
    const { inactivityMs, lifetimeMs } = readSettings({ routes: [], ...options });
    return [inactivityMs / hour, lifetimeMs / day];
  };
  assert.deepEqual(times({}), [24, 1]);
  assert.deepEqual(times({ keepAliveTreatment: 'standard' }), [4, 1]);
  assert.deepEqual(times({ keepAliveTreatment: 'extended' }), [24, 7]);
  assert.deepEqual(times({ keepAliveTreatment: 'extended', extendedKeepAliveLifetime: 2 * day }), [24, 2]);
  assert.deepEqual(times({ keepAliveTreatment: 'immortal' }), [NEVER_MS, NEVER_MS]);
  assert.deepEqual(times({ inactivityTimeout: hour }), [1, 1]);
  assert.deepEqual(times({ inactivityTimeout: hour, keepAliveTreatment: 'extended' }), [6, 7]);
  assert.deepEqual(times({ inactivityTimeout: hour, keepAliveInactivityMultiplier: 2 }), [1, 1]);
  assert.deepEqual(times({ maxConnectionLifetime: hour, keepAliveTreatment: 'extended' }), [24, 1 / 24]);
});
