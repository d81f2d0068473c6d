// The laws of the numbers at every moment, while a worker is killed under traffic.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SmartProxy } from '@dcrouter/smartproxy';
import { ProxyLedger } from '../../../../test/laws/proxy.ts';
import { forwardTo, startHttp } from '../helpers/proxy.ts';
import { fetchOnce, until } from './cluster.ts';

test('the laws hold while a worker is killed under traffic, and after the drain', async (t) => {
  const backend = await startHttp(t, (_request, response) => response.end('x'.repeat(5_000)));
  const proxy = new SmartProxy({
    workers: 2,
    routes: [forwardTo(backend.port), forwardTo(backend.port, { name: 'api' }, { path: '/api/*' })],
    ephemeralPorts: true,
    listenAddress: '127.0.0.1',
    maxConnectionsPerIP: 0,
  });
  const ledger = new ProxyLedger(proxy);
  await proxy.start();
  t.after(() => proxy.stop({ drainTimeout: 0 }));
  const port = proxy.listeningPort(8080)!;
  let answered = 0;
  const ended = new AbortController();
  const client = async (path: string): Promise<void> => {
    while (!ended.signal.aborted) {
      try {
        const { text } = await fetchOnce(port, path);
        assert.equal(text.length, 5_000);
        answered += 1;
      } catch (error) {
        // Cut by the death of its worker, before or in the middle of the answer.
        assert.ok(['ECONNRESET', 'ECONNREFUSED', 'EPIPE'].includes((error as NodeJS.ErrnoException).code ?? ''));
      }
    }
  };
  const clients = Array.from({ length: 8 }, (_, at) => client(at % 2 === 0 ? '/' : '/api/x'));
  await until(() => ledger.requests.length > 50);
  ledger.assertAlways();
  process.kill(proxy.getWorkerStats()!.pids[0]!, 'SIGKILL');
  await until(() => {
    ledger.assertAlways();
    return proxy.getWorkerStats()!.replaced === 1;
  });
  const before = ledger.requests.length;
  await until(() => ledger.requests.length > before + 50);
  ended.abort();
  await Promise.all(clients);
  await proxy.stop();
  await ledger.assertDrained();
  const { requests } = proxy.stats.getTotals();
  // Only what the dead worker had not reported yet is missing.
  assert.ok(requests > before && requests <= answered + clients.length, `${requests} counted, ${answered} answered`);
  const failures = proxy.stats.getTerminationReasons().get('worker-died') ?? 0;
  assert.ok(proxy.stats.getTotals().errors >= failures);
});
