// Each kind of check, well and not well, against real servers.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { selfSignedCertificate } from '@dcrouter/acme';
import { DnsServer } from '@dcrouter/smartdns/server';
import { checksOf } from '../../ts/health/config.ts';
import { probeTlsExpiry } from '../../ts/health/probes/tls-expiry.ts';
import { configOf, httpBackend, httpsBackend, listen } from './support.ts';

const bounds = { timeoutMs: 2_000, signal: new AbortController().signal };

/** What a check of the document finds at its target. */
async function look(check: object, target: string): Promise<string | null> {
  const [options] = checksOf(configOf({ health: { checks: [{ name: 'it', target, ...check }] } }));
  const [ref] = options!.targets;
  return await options!.probe({ address: ref!.host, port: ref!.port, host: ref!.host }, bounds);
}

test('tcp: a port that takes connections is well, one that does not tells the code', async (t) => {
  const server = createServer((socket) => socket.destroy());
  const port = await listen(t, server);
  assert.equal(await look({ type: 'tcp' }, `127.0.0.1:${port}`), null);
  server.close();
  await once(server, 'close');
  assert.equal(await look({ type: 'tcp' }, `127.0.0.1:${port}`), 'ECONNREFUSED');
});

test('http: status, body and host are what is asked for', async (t) => {
  const hosts: Array<string | undefined> = [];
  const port = await httpBackend(t, (req, res) => {
    hosts.push(req.headers.host);
    if (req.url === '/moved') res.writeHead(302);
    if (req.url === '/down') res.writeHead(503);
    if (req.url === '/long') res.write('x'.repeat(70_000));
    res.end('all is well');
  });
  const at = `127.0.0.1:${port}`;
  assert.equal(await look({ type: 'http', path: '/' }, at), null);
  assert.equal(await look({ type: 'http', path: '/moved' }, at), null);
  assert.equal(await look({ type: 'http', path: '/down' }, at), 'status-503');
  assert.equal(await look({ type: 'http', path: '/down', expect: { status: [503, 504] } }, at), null);
  assert.equal(await look({ type: 'http', path: '/moved', expect: { status: 200 } }, at), 'status-302');
  assert.equal(await look({ type: 'http', expect: { body: 'is well' } }, at), null);
  assert.equal(await look({ type: 'http', expect: { body: 'is not' } }, at), 'body');
  assert.equal(
    await look({ type: 'http', path: '/long', expect: { body: 'is well' } }, at),
    'body',
    'only its beginning',
  );
  assert.equal(await look({ type: 'http', host: 'app.test' }, at), null);
  assert.deepEqual([hosts[0], hosts.at(-1)], [at, 'app.test']);
});

test('http: a server that takes the request and says nothing is timed out', async (t) => {
  const port = await httpBackend(t, () => {});
  const [options] = checksOf(
    configOf({ health: { checks: [{ name: 'it', type: 'http', target: `127.0.0.1:${port}` }] } }),
  );
  assert.equal(
    await options!.probe({ address: '127.0.0.1', port, host: '127.0.0.1' }, { ...bounds, timeoutMs: 50 }),
    'timeout',
  );
});

test('https: the certificate must be for the name, unless that is not asked for', async (t) => {
  const material = selfSignedCertificate(['app.test']);
  const port = await httpsBackend(t, material, (_req, res) => res.end('ok'));
  const at = `127.0.0.1:${port}`;
  assert.equal(await look({ type: 'https', host: 'app.test' }, at), 'DEPTH_ZERO_SELF_SIGNED_CERT');
  assert.equal(await look({ type: 'https', host: 'app.test', verify: false }, at), null);
});

test('tls-expiry: fails so many days before the end, and says how many are left', async (t) => {
  const material = selfSignedCertificate(['app.test'], { validDays: 20 });
  const port = await httpsBackend(t, material, (_req, res) => res.end('ok'));
  const at = `127.0.0.1:${port}`;
  assert.equal(await look({ type: 'tls-expiry', daysLeft: 14 }, at), null);
  assert.match((await look({ type: 'tls-expiry', daysLeft: 30 }, at))!, /^expires-in-(19|20)-days$/);
  const target = { address: '127.0.0.1', port, host: '127.0.0.1' };
  const inDays = (days: number) => probeTlsExpiry(14, undefined, () => Date.now() + days * 86_400_000)(target, bounds);
  assert.equal(await inDays(21), 'expired');
  assert.equal(await inDays(-10), 'not-yet-valid');
  const plain = await listen(
    t,
    createServer((socket) => socket.end('no TLS here')),
  );
  assert.ok(await look({ type: 'tls-expiry' }, `127.0.0.1:${plain}`));
});

test('dns: a name server that answers the question', async (t) => {
  const server = new DnsServer({
    udpPort: 0,
    bindInterface: '127.0.0.1',
    zones: [
      {
        origin: 'example.test',
        nameservers: ['ns1.example.test'],
        records: [{ name: 'ns1.example.test', type: 'A', data: '127.0.0.1' }],
      },
    ],
  });
  await server.start();
  t.after(async () => await server.stop());
  const at = `127.0.0.1:${server.addresses.udp!.port}`;
  assert.equal(await look({ type: 'dns', query: { name: 'ns1.example.test' } }, at), null);
  assert.equal(await look({ type: 'dns', query: { name: 'ns1.example.test', type: 'TXT' } }, at), 'no-records');
  assert.equal(await look({ type: 'dns', query: { name: 'gone.example.test' } }, at), 'nxdomain');
  assert.ok(await look({ type: 'dns', query: { name: 'other.test' } }, at));
});

test('a look that is called off ends at once', async (t) => {
  const silent = await listen(
    t,
    createServer(() => {}),
  );
  const http = await httpBackend(t, () => {});
  const target = (port: number) => ({ address: '127.0.0.1', port, host: '127.0.0.1' });
  const checks = [
    { name: 'a', type: 'http', target: `127.0.0.1:${http}` },
    { name: 'b', type: 'tls-expiry', target: `127.0.0.1:${silent}` },
  ];
  for (const options of checksOf(configOf({ health: { checks } }))) {
    const stopping = new AbortController();
    const look = options.probe(target(options.targets[0]!.port), { timeoutMs: 60_000, signal: stopping.signal });
    setImmediate(() => stopping.abort());
    assert.ok(await look, options.type);
  }
});
