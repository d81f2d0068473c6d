import { DcRouter, createLogger, parseConfigDocument, validateConfig } from '@dcrouter/dcrouter';
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { request } from 'node:http';
import { get } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { startExampleBackends, type IExampleBackends } from '../../dcrouter/examples/backends.ts';
import { toolVersion } from '../helpers/child.ts';
import { freePorts } from '../helpers/ports.ts';
import { DnsLedger } from '../laws/dns.ts';
import { ProxyLedger } from '../laws/proxy.ts';

const exampleFile = join(import.meta.dirname, '../../dcrouter/examples/example.yaml');
let router: DcRouter;
let backends: IExampleBackends;
let proxyLedger: ProxyLedger;
let dnsLedger: DnsLedger;
let http: number;
let https: number;
let dns: number;
let api: number;

before(async () => {
  backends = await startExampleBackends(0, 0);
  [http, https, dns, api] = (await freePorts(4)) as [number, number, number, number];
  const env = {
    DCROUTER_HTTP_PORT: String(http),
    DCROUTER_HTTPS_PORT: String(https),
    DCROUTER_DNS_PORT: String(dns),
    DCROUTER_API_PORT: String(api),
    DCROUTER_BACKEND_PORT: String(backends.httpPort),
    DCROUTER_TLS_BACKEND_PORT: String(backends.httpsPort),
  };
  const config = validateConfig(parseConfigDocument(exampleFile, readFileSync(exampleFile, 'utf8'), env));
  router = new DcRouter(config, { logger: createLogger({ level: 'silent', format: 'json' }) });
  await router.start();
  proxyLedger = new ProxyLedger(router.proxy!);
  dnsLedger = new DnsLedger(router.dns!);
});

after(async () => {
  await router.stop();
  await backends.close();
});

function httpGet(host: string, path: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port: http, path, headers: { host }, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode!, body }));
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}

function httpsGet(host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get(
      { host: '127.0.0.1', port: https, servername: host, headers: { host }, rejectUnauthorized: false, agent: false },
      (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          body += chunk;
        });
        response.on('end', () => resolve(body));
      },
    ).on('error', reject);
  });
}

async function metric(name: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${api}/metrics`)).text();
  const line = text.split('\n').find((row) => row.startsWith(`${name} `));
  assert.ok(line, `${name} is not in /metrics`);
  return Number(line.slice(name.length + 1));
}

test('an HTTP request goes through the route and is counted under it, once', async () => {
  const { status, body } = await httpGet('app.example.test', '/a?b=c');
  assert.equal(status, 200);
  assert.equal(body, 'the HTTP backend got GET /a?b=c for app.example.test\n');
  await httpGet('shop.apps.example.test', '/');
  await proxyLedger.settled();
  assert.equal(await metric('dcrouter_proxy_requests_total{route="app-http"}'), 2);
  assert.equal(await metric('dcrouter_proxy_connections_total{route="app-http"}'), 2);
  assert.equal(await metric('dcrouter_proxy_connections_active{route="app-http"}'), 0);
  assert.equal(await metric('dcrouter_proxy_responses_total{route="app-http",class="2xx"}'), 2);
});

test('a host without a route is answered with 404 and counted as rejected', async () => {
  const { status } = await httpGet('unknown.test', '/');
  assert.equal(status, 404);
  await proxyLedger.settled();
  assert.ok(proxyLedger.rejected >= 1);
});

test('TLS ends at the router for one name and goes through for another', async () => {
  assert.equal(await httpsGet('app.example.test'), 'the HTTP backend got GET / for app.example.test\n');
  assert.equal(await httpsGet('secure.example.test'), 'the HTTPS backend got GET / for secure.example.test\n');
  await proxyLedger.settled();
  assert.equal(await metric('dcrouter_proxy_requests_total{route="app-https"}'), 1);
  assert.equal(await metric('dcrouter_proxy_connections_total{route="secure-passthrough"}'), 1);
  assert.equal(await metric('dcrouter_proxy_requests_total{route="secure-passthrough"}'), 0);
});

test('a connection that waits for its route is counted once, under the route it gets', async () => {
  const before = await metric('dcrouter_proxy_connections_total{route="(none)"}');
  const socket = connect(http, '127.0.0.1');
  await once(socket, 'connect');
  while (router.proxy!.stats.getActiveConnections() === 0) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(await metric('dcrouter_proxy_connections_active{route="(none)"}'), 1);
  const routed = await metric('dcrouter_proxy_connections_total{route="app-http"}');
  socket.end('GET / HTTP/1.1\r\nHost: app.example.test\r\n\r\n');
  await once(socket.resume(), 'close');
  await proxyLedger.settled();
  assert.equal(await metric('dcrouter_proxy_connections_total{route="(none)"}'), before);
  assert.equal(await metric('dcrouter_proxy_connections_total{route="app-http"}'), routed + 1);
});

test('bytes at /metrics equal the bytes of the closed connections', async () => {
  await proxyLedger.assertSettled();
  const sent = [...proxyLedger.closes.values()]
    .filter((event) => event.routeName === 'app-https')
    .reduce((sum, event) => sum + event.bytesOut, 0);
  assert.equal(await metric('dcrouter_proxy_sent_bytes_total{route="app-https"}'), sent);
  assert.ok(sent > 0);
});

test('dig gets answers over UDP and TCP and each query is counted under its type', async (t) => {
  if (toolVersion('dig', ['-v']) === undefined) return t.skip('dig is not installed');
  const run = promisify(execFile);
  const dig = async (...args: string[]): Promise<string> =>
    (await run('dig', ['@127.0.0.1', '-p', String(dns), '+tries=1', ...args])).stdout;
  const count = router.dns!.stats.getTotalQueries();
  assert.match(
    await dig('app.example.test', 'A'),
    /status: NOERROR[\s\S]*app\.example\.test\.\s+300\s+IN\s+A\s+127\.0\.0\.1/,
  );
  assert.match(await dig('+tcp', 'app.example.test', 'AAAA'), /IN\s+AAAA\s+::1/);
  assert.match(await dig('example.test', 'MX'), /IN\s+MX\s+10 mail\.example\.test\./);
  assert.match(await dig('example.test', 'TXT'), /"v=spf1 mx -all"/);
  assert.match(await dig('example.test', 'SOA'), /2026112101 3600 600 604800 300/);
  assert.match(await dig('secure.example.test', 'A'), /CNAME\s+app\.example\.test\.[\s\S]*IN\s+A\s+127\.0\.0\.1/);
  assert.match(await dig('any.apps.example.test', 'A'), /any\.apps\.example\.test\.\s+300\s+IN\s+A\s+127\.0\.0\.1/);
  assert.match(
    await dig('nothing.example.test', 'A'),
    /status: NXDOMAIN[\s\S]*AUTHORITY SECTION:\s+example\.test\.\s+300\s+IN\s+SOA/,
  );
  assert.match(await dig('app.example.test', 'MX'), /status: NOERROR[\s\S]*ANSWER: 0[\s\S]*IN\s+SOA/);
  assert.match(await dig('example.org', 'A'), /status: REFUSED/);
  assert.equal(router.dns!.stats.getTotalQueries() - count, 10);
  assert.equal(await metric('dcrouter_dns_queries_total{type="AAAA"}'), 1);
  assert.equal(await metric('dcrouter_dns_queries_total{type="A"}'), 5);
  assert.equal(await metric('dcrouter_dns_responses_total{rcode="NXDOMAIN"}'), 1);
  assert.equal(await metric('dcrouter_dns_transport_queries_total{transport="tcp"}'), 1);
  dnsLedger.assertLaws();
});

test('the rules of the example decide about requests and queries', async (t) => {
  assert.equal((await httpGet('app.example.test', '/admin/users')).status, 404);
  assert.equal((await httpGet('app.example.test', '/')).status, 200);
  assert.equal(await metric('dcrouter_rule_hits_total{rule="admin pages are closed",action="deny"}'), 1);
  if (toolVersion('dig', ['-v']) === undefined) return t.skip('dig is not installed');
  const asked = await promisify(execFile)('dig', [
    '@127.0.0.1',
    '-p',
    String(dns),
    '+tries=1',
    'ads.example.test',
    'A',
  ]);
  assert.match(asked.stdout, /status: NXDOMAIN/);
});

test('promtool accepts the live /metrics', async (t) => {
  if (toolVersion('promtool') === undefined) return t.skip('promtool is not installed');
  const text = await (await fetch(`http://127.0.0.1:${api}/metrics`)).text();
  execFileSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
});

test('/api/v1/stats is one JSON snapshot of both forks', async () => {
  const stats = (await (await fetch(`http://127.0.0.1:${api}/api/v1/stats`)).json()) as {
    proxy: { totals: { connections: number } };
    dns: { totals: { received: number } };
  };
  assert.equal(stats.proxy.totals.connections, router.proxy!.stats.getTotalConnections());
  assert.equal(stats.dns.totals.received, router.dns!.stats.getTotalQueries());
});

test('/healthz says ok, and an unknown path is a problem document', async () => {
  assert.deepEqual(await (await fetch(`http://127.0.0.1:${api}/healthz`)).json(), { status: 'ok' });
  const missing = await fetch(`http://127.0.0.1:${api}/nothing`);
  assert.equal(missing.status, 404);
  assert.equal(missing.headers.get('content-type'), 'application/problem+json; charset=utf-8');
});
