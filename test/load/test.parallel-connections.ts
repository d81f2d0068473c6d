import { SmartProxy } from '@dcrouter/smartproxy';
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { ProxyLedger } from '../laws/proxy.ts';

const HOST = 'load.test';
const WANTED = 10_000;
/** Descriptors that this process and the client need besides: backends, the pool, what Node holds open. */
const RESERVE = 1_000;

/** Descriptors that a process may have open here; Node raises its own limit up to it. */
function descriptors(): number {
  const text = execFileSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).trim();
  return text === 'unlimited' ? Infinity : Number(text);
}

test(`${WANTED} parallel connections: every one is served and counted, and all laws hold after`, async (t) => {
  // The clients are another process, so each side needs one descriptor per connection.
  const count = Math.min(WANTED, descriptors() - RESERVE);
  t.diagnostic(`${count} connections`);
  const backend = createServer((_request, response) => response.end('held')).listen(0, '127.0.0.1');
  await once(backend, 'listening');
  const proxy = new SmartProxy({
    listenAddress: '127.0.0.1',
    ephemeralPorts: true,
    maxConnections: count,
    maxConnectionsPerIP: 0,
    routes: [
      {
        name: 'load',
        match: { ports: 8080, domains: HOST },
        action: { type: 'forward', targets: [{ host: '127.0.0.1', port: (backend.address() as AddressInfo).port }] },
      },
    ],
  });
  const ledger = new ProxyLedger(proxy);
  await proxy.start();
  const file = new URL('./many-connections.ts', import.meta.url).pathname;
  const command = [process.execPath, file, String(proxy.listeningPort(8080)), HOST, String(count)];
  // The soft limit may be far below the hard one.
  const child = spawn('sh', ['-c', 'ulimit -n "$(ulimit -Hn)"; exec "$@"', 'sh', ...command], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.after(async () => {
    child.kill();
    await proxy.stop({ drainTimeout: 1_000 });
    await ledger.assertDrained();
    backend.closeAllConnections();
    backend.close();
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const line = async (): Promise<unknown> => (await lines.next()).value;

  assert.equal(await line(), `open ${count}`);
  child.stdin.write('ask\n');
  assert.equal(await line(), `answered ${count} lost 0`);
  const { stats } = proxy;
  assert.equal(stats.getActiveConnections(), count);
  assert.equal(stats.getConnectionsByIP().get('127.0.0.1'), count);
  assert.equal(stats.getConnectionsByRoute().get('load'), count);
  ledger.assertAlways();
  // The engine is as good as before, with all of them there.
  child.stdin.write('ask\n');
  assert.equal(await line(), `answered ${count} lost 0`);
  child.stdin.write('part\n');
  assert.equal(await line(), 'parted');
  await ledger.assertSettled();

  const totals = stats.getTotals();
  assert.equal(totals.connections, count);
  assert.equal(totals.requests, 2 * count);
  assert.equal(totals.rejected, 0);
  const reasons = Object.fromEntries(stats.getTerminationReasons());
  assert.deepEqual(reasons, { 'client-closed': count / 2, 'client-error': count / 2 });
  assert.equal(ledger.closes.size, count);
  const [route] = stats.getRouteStats('load');
  assert.equal(route!.statusClasses['2xx'], 2 * count);
  assert.ok(stats.getPoolStats().active === 0);
});
