import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, request, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { selfSignedCertificate } from '@dcrouter/acme';
import { SmartProxy, type ISmartProxyOptions } from '@dcrouter/smartproxy';
import { proxyOptions } from '../../ts/proxy/options.ts';
import { complaint, read } from './documents.ts';

function optionsOf(text: string): Promise<ISmartProxyOptions> {
  return proxyOptions(read(text).proxy!);
}

test('every setting of the section reaches the proxy under its own name', async () => {
  const options = await optionsOf(`
proxy:
  address: 127.0.0.1
  workers: 2
  proxyIPs: [10.0.0.0/8]
  acceptProxyProtocol: true
  sendProxyProtocol: v2
  limits: { maxConnections: 1, maxConnectionsPerIP: 2, connectionRateLimitPerMinute: 3 }
  timeouts:
    initialDataTimeoutMs: 11
    connectionTimeoutMs: 12
    socketTimeoutMs: 13
    inactivityTimeoutMs: 14
    disableInactivityCheck: true
    keepAliveTreatment: standard
    keepAliveInactivityMultiplier: 15
    maxConnectionLifetimeMs: 16
    extendedKeepAliveLifetimeMs: 17
  socket: { noDelay: false, kind: net, keepAlive: false, keepAliveInitialDelayMs: 18 }
  tls:
    ciphers: HIGH
    honorCipherOrder: false
    minVersion: TLSv1.3
    maxVersion: TLSv1.3
    rejectUnauthorized: false
    allowSessionTicket: false
    ticketKeyRotationHours: 19
  acme: { email: ops@example.test, enabled: false, autoRenew: false, renewCheckIntervalHours: 20, skipConfiguredCerts: true }
  defaults:
    target: { host: 127.0.0.1, port: 21 }
    security: { ipAllowList: [127.0.0.1], ipBlockList: [{ ip: 10.0.0.1, domains: [a.test] }], maxConnections: 22 }
  metrics: { enabled: false, retentionSeconds: 23 }
`);
  assert.deepEqual(options, {
    routes: [],
    listenAddress: '127.0.0.1',
    workers: 2,
    proxyIPs: ['10.0.0.0/8'],
    acceptProxyProtocol: true,
    sendProxyProtocol: 'v2',
    maxConnections: 1,
    maxConnectionsPerIP: 2,
    connectionRateLimitPerMinute: 3,
    initialDataTimeout: 11,
    connectionTimeout: 12,
    socketTimeout: 13,
    inactivityTimeout: 14,
    disableInactivityCheck: true,
    keepAliveTreatment: 'standard',
    keepAliveInactivityMultiplier: 15,
    maxConnectionLifetime: 16,
    extendedKeepAliveLifetime: 17,
    noDelay: false,
    sockets: 'net',
    keepAlive: false,
    keepAliveInitialDelay: 18,
    ciphers: 'HIGH',
    honorCipherOrder: false,
    minVersion: 'TLSv1.3',
    maxVersion: 'TLSv1.3',
    rejectUnauthorized: false,
    allowSessionTicket: false,
    ticketKeyRotationHours: 19,
    acme: {
      email: 'ops@example.test',
      enabled: false,
      environment: 'production',
      port: 80,
      certificateStore: './certs',
      autoRenew: false,
      renewThresholdDays: 30,
      renewCheckIntervalHours: 20,
      skipConfiguredCerts: true,
    },
    defaults: {
      target: { host: '127.0.0.1', port: 21 },
      security: {
        ipAllowList: ['127.0.0.1'],
        ipBlockList: [{ ip: '10.0.0.1', domains: ['a.test'] }],
        maxConnections: 22,
      },
    },
    metrics: { enabled: false, retentionSeconds: 23 },
  });
  // The proxy itself checks names and values of its options.
  new SmartProxy({ ...options, workers: undefined });
});

test('what is not said is left to the proxy', async () => {
  assert.deepEqual(await optionsOf('proxy: {}'), { routes: [] });
});

test('settings that contradict each other are refused before the start', () => {
  assert.match(complaint('proxy: { acceptProxyProtocol: true }'), /proxyIPs names nobody/);
  assert.match(
    complaint('proxy: { proxyIPs: [10.0.0.0/99] }'),
    /proxy\.proxyIPs\[0\]: got '10\.0\.0\.0\/99'; expected an address/,
  );
  assert.match(complaint('proxy: { tls: { minVersion: TLSv1.3, maxVersion: TLSv1.2 } }'), /proxy\.tls\.minVersion: /);
  const redirect = (action: string): string =>
    `proxy:\n  workers: 2\n  routes: [{ name: r, match: { ports: 80 }, action: ${action} }]\n`;
  assert.match(
    complaint(redirect("{ type: redirect, redirect: { to: 'https://{headers.x-to}/' } }")),
    /routes\[0\]\.action\.redirect\.to: is "https:.*\{headers\.x-to\} is part of the host/,
  );
  assert.match(
    complaint(redirect('{ type: redirect, targets: [{ host: a, port: 1 }] }')),
    /action\.targets: got a list of 1; has no effect with type 'redirect'; remove it/,
  );
  assert.match(complaint(redirect('{ redirect: {}, targets: [{ host: a, port: 1 }] }')), /set type to 'redirect'/);
});

interface IReply {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

function ask(port: number, host: string, path: string, options: object = {}): Promise<IReply> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ port, host: '127.0.0.1', path, agent: false, ...options }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body }));
    });
    outgoing.setHeader('host', host);
    outgoing.on('error', reject).end();
  });
}

/** A proxy of the document on a port of the system's choice (80 in the document), with a backend on `{{backend}}`. */
async function served(t: TestContext, text: string): Promise<{ proxy: SmartProxy; port: number }> {
  const backend = createServer((incoming, response) => {
    response.setHeader('x-seen', JSON.stringify(incoming.headers));
    response.end(`${incoming.method} ${incoming.url}`);
  }).listen(0, '127.0.0.1');
  await once(backend, 'listening');
  t.after(() => backend.close());
  const document = text.replaceAll('{{backend}}', String((backend.address() as AddressInfo).port));
  const proxy = new SmartProxy({ ...(await optionsOf(document)), ephemeralPorts: true });
  await proxy.start();
  t.after(() => proxy.stop({ drainTimeout: 0 }));
  return { proxy, port: proxy.listeningPort(80)! };
}

test('a redirect leads to HTTPS with path and query, and may lead elsewhere, without a function', async (t) => {
  const { proxy, port } = await served(
    t,
    `
proxy:
  routes:
    - { name: plain, match: { ports: 80, domains: shop.test }, action: { type: redirect } }
    - name: moved
      match: { ports: 80, domains: old.test }
      action: { type: redirect, redirect: { to: 'https://new.test/welcome', status: 302 } }
`,
  );
  const plain = await ask(port, 'shop.test', '/cart?id=1');
  assert.deepEqual([plain.status, plain.headers.location], [308, 'https://shop.test/cart?id=1']);
  const moved = await ask(port, 'old.test', '/');
  assert.deepEqual([moved.status, moved.headers.location], [302, 'https://new.test/welcome']);
  assert.deepEqual(
    proxy.settings.routes.map(({ action }) => action),
    [
      { type: 'forward', redirect: { to: 'https://{domain}{path}', status: 308 } },
      { type: 'forward', redirect: { to: 'https://new.test/welcome', status: 302 } },
    ],
  );
  assert.equal(proxy.stats.getTotals().requests, 2);
});

test('redirects go with worker processes', async (t) => {
  const { proxy, port } = await served(
    t,
    `
proxy:
  workers: 1
  routes: [{ name: plain, match: { ports: 80, domains: shop.test }, action: { type: redirect } }]
`,
  );
  const { status, headers } = await ask(port, 'shop.test', '/cart?id=1');
  assert.deepEqual([status, headers.location], [308, 'https://shop.test/cart?id=1']);
  assert.equal(proxy.getWorkerStats()!.running, 1);
});

test('HTTP settings of routes and targets have their effect on real requests', async (t) => {
  const { port } = await served(
    t,
    `
proxy:
  routes:
    - name: app
      match: { ports: 80, domains: app.test }
      headers: { request: { x-added: yes-it-is }, response: { x-by: dcrouter }, cors: { allowOrigin: 'https://a.test' } }
      action:
        targets: [{ host: 127.0.0.1, port: {{backend}}, advanced: { urlRewrite: { pattern: '^/v1/', target: '/v2/' } } }]
    - name: canned
      match: { ports: 80, domains: canned.test }
      action: { advanced: { testResponse: { status: 418, headers: { x-tea: pot }, body: short } } }
    - name: dead
      match: { ports: 80, domains: dead.test }
      action: { targets: [{ host: 127.0.0.1, port: 1 }], advanced: { errorPages: { '502': { contentType: text/plain, body: gone fishing } } } }
    - name: locked
      match: { ports: 80, domains: locked.test }
      security:
        basicAuth: { users: [{ username: ann, password: secret }], excludePaths: [/open] }
        rateLimit: { maxRequests: 3, window: 60 }
      action: { targets: [{ host: 127.0.0.1, port: {{backend}} }] }
    - name: small
      match: { ports: 80, domains: small.test, method: GET }
      action: { targets: [{ host: 127.0.0.1, port: {{backend}} }] }
`,
  );
  const app = await ask(port, 'app.test', '/v1/x', { headers: { origin: 'https://a.test' } });
  assert.equal(app.body, 'GET /v2/x');
  assert.equal((JSON.parse(String(app.headers['x-seen'])) as Record<string, string>)['x-added'], 'yes-it-is');
  assert.equal(app.headers['x-by'], 'dcrouter');
  assert.equal(app.headers['access-control-allow-origin'], 'https://a.test');
  const canned = await ask(port, 'canned.test', '/');
  assert.deepEqual([canned.status, canned.headers['x-tea'], canned.body], [418, 'pot', 'short']);
  const dead = await ask(port, 'dead.test', '/');
  assert.deepEqual([dead.status, dead.body], [502, 'gone fishing']);
  assert.equal((await ask(port, 'locked.test', '/')).status, 401);
  assert.equal((await ask(port, 'locked.test', '/open')).status, 200);
  assert.equal((await ask(port, 'locked.test', '/', { auth: 'ann:secret' })).status, 200);
  assert.equal((await ask(port, 'locked.test', '/open')).status, 429);
  assert.equal((await ask(port, 'small.test', '/', { method: 'PUT' })).status, 404);
});

/** Signed by itself and without a purpose, so that it may be its own authority. */
function clientCertificate(folder: string): { key: string; cert: string } {
  const [key, cert] = [join(folder, 'client.key'), join(folder, 'client.pem')];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  execFileSync(
    'openssl',
    ['req', '-x509', ...curve, '-nodes', '-subj', '/CN=client', '-days', '2', '-keyout', key, '-out', cert],
    { stdio: 'ignore' },
  );
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
}

test('TLS settings: certificate files, versions, and certificates asked of clients', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'dcrouter-tls-'));
  t.after(() => rm(folder, { recursive: true }));
  const server = selfSignedCertificate(['app.test']);
  const client = clientCertificate(folder);
  await writeFile(join(folder, 'key.pem'), server.key);
  await writeFile(join(folder, 'cert.pem'), server.cert);
  const { port } = await served(
    t,
    `
proxy:
  routes:
    - name: app
      match: { ports: 80, domains: app.test }
      action:
        targets: [{ host: 127.0.0.1, port: {{backend}} }]
        tls:
          mode: terminate
          versions: [TLSv1.3]
          certificate: { keyFile: ${folder}/key.pem, certFile: ${folder}/cert.pem }
          clientAuth: { mode: require, caFile: ${folder}/client.pem, subjectHeader: x-client }
`,
  );
  const reply = (own: object): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connectTls({ port, host: '127.0.0.1', servername: 'app.test', ca: server.cert, ...own }, () =>
        socket.write('GET / HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\n\r\n'),
      );
      let text = '';
      socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      socket.on('end', () => resolve(text)).on('error', reject);
    });
  assert.match(await reply({ key: client.key, cert: client.cert }), /^HTTP\/1\.1 200 [^]*"x-client":"[^"]*CN=client/);
  await assert.rejects(reply({}), /certificate required|ECONNRESET|closed/);
  await assert.rejects(reply({ key: client.key, cert: client.cert, maxVersion: 'TLSv1.2' }), /protocol version|alert/);
});
