import { SmartProxy, type IRouteConfig } from '@dcrouter/smartproxy';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { freePorts } from '../helpers/ports.ts';
import { ProxyLedger } from '../laws/proxy.ts';
import { runLoad } from './tools.ts';

const HOST = 'load.test';
const REQUESTS = 1_000;
const CONNECTIONS = 1_000;

interface IScene {
  readonly port: number;
  readonly proxy: SmartProxy;
  readonly ledger: ProxyLedger;
  /** Requests that the backend answered. */
  readonly served: () => number;
}

function certificate(t: TestContext): { key: string; cert: string } {
  const folder = mkdtempSync(join(tmpdir(), 'load-certificate-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  execFileSync('openssl', [...args, '-subj', `/CN=${HOST}`, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
}

async function scene(t: TestContext, tls: boolean): Promise<IScene> {
  let served = 0;
  const backend = createServer((_request, response) => {
    served += 1;
    response.end('ok');
  }).listen({ port: 0, host: '127.0.0.1', backlog: 4_096 });
  await once(backend, 'listening');
  const [port] = (await freePorts(1)) as [number];
  const terminate = { mode: 'terminate' as const, certificate: tls ? certificate(t) : undefined };
  const route: IRouteConfig = {
    name: 'load',
    match: { ports: port, domains: HOST },
    action: {
      type: 'forward',
      targets: [{ host: '127.0.0.1', port: (backend.address() as AddressInfo).port }],
      ...(tls ? { tls: terminate } : {}),
    },
  };
  const proxy = new SmartProxy({
    routes: [route],
    maxConnectionsPerIP: CONNECTIONS * 2,
    connectionRateLimitPerMinute: CONNECTIONS * 100,
  });
  const ledger = new ProxyLedger(proxy);
  await proxy.start();
  t.after(async () => {
    await proxy.stop({ drainTimeout: 1_000 });
    await ledger.assertDrained();
    backend.closeAllConnections();
    backend.close();
  });
  return { port, proxy, ledger, served: () => served };
}

for (const tls of [false, true]) {
  test(`${REQUESTS} parallel requests${tls ? ' over TLS' : ''}: the counters equal the load tool's numbers`, async (t) => {
    const { port, proxy, ledger, served } = await scene(t, tls);
    const numbers = await runLoad({ port, host: HOST, tls, requests: REQUESTS, connections: CONNECTIONS });
    t.diagnostic(`load by ${numbers.tool}`);
    assert.equal(numbers.failed, 0);
    assert.equal(numbers.succeeded, REQUESTS);
    await ledger.assertSettled();
    const { stats } = proxy;
    assert.equal(stats.getActiveConnections(), 0);
    assert.equal(stats.getTotalConnections(), CONNECTIONS);
    assert.equal(stats.getConnectionsByRoute().get('load'), 0);
    assert.equal(
      [...stats.getConnectionsByIP().values()].reduce((sum, count) => sum + count, 0),
      0,
    );
    const totals = stats.getTotals();
    assert.equal(totals.requests, numbers.succeeded);
    assert.equal(totals.rejected, 0);
    assert.equal(served(), numbers.succeeded);
    const [route] = stats.getRouteStats('load');
    assert.equal(route!.total, CONNECTIONS);
    assert.equal(route!.requests, numbers.succeeded);
    assert.deepEqual(route!.statusClasses, { '1xx': 0, '2xx': REQUESTS, '3xx': 0, '4xx': 0, '5xx': 0 });
    assert.equal(route!.latency.count, numbers.succeeded);
    // Bytes are counted on the wire, so the tool's own number is the same only without TLS around it.
    if (!tls && numbers.bytesReceived !== undefined) assert.equal(totals.bytesOut, numbers.bytesReceived);
    if (tls) assert.equal(stats.getTlsStats().handshakes, CONNECTIONS);
  });
}
