// Refusals in the log: few lines for many of them, and none left out, not even those just before the end.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IProxyLogger } from '@dcrouter/smartproxy';
import { setBounds } from '../helpers/bounds.ts';
import { RawClient, forwardTo, startHttp, startProxy } from '../helpers/proxy.ts';

test('a storm of refusals is a line per interval with counts by reason, the last one at the stop', async (t) => {
  const lines: Record<string, number>[] = [];
  const quiet = (): void => {};
  const logger: IProxyLogger = {
    debug: quiet,
    info: quiet,
    warn: (message, fields) => {
      const counts = fields as Record<string, number>;
      const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
      assert.equal(message, `refused ${total} connections or requests`);
      lines.push(counts);
    },
    error: quiet,
  };
  const backend = await startHttp(t, (_req, res) => res.end('ok'));
  const route = forwardTo(backend.port, { security: { rateLimit: { enabled: true, maxRequests: 1, window: 3_600 } } });
  const { port, proxy, ledger } = await startProxy(t, [route], { logger });
  const storm = async (text: string, count: number): Promise<void> => {
    const clients = await Promise.all(Array.from({ length: count }, () => RawClient.open(port(8080))));
    for (const client of clients) client.send(text);
    await Promise.all(clients.map((client) => client.whole()));
  };
  const close = 'Connection: close\r\n\r\n';
  await storm(`GET / HTTP/1.1\r\nHost: a.test\r\n${close}`, 301);
  await storm(`GET / HTTP/1.1\r\nHost: unknown.test\r\n${close}`, 200);
  await ledger.settled();
  // The first line may come in the midst of the storm; the next one only after the interval, which is long.
  assert.ok(lines.length <= 1, `${lines.length} lines`);
  setBounds(t, { rejectLogMs: 0 });
  while (lines.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  setBounds(t, { rejectLogMs: 3_600_000 });
  await storm('GET / HTTP/1.1\nHost: a.test\n\n', 100);
  const before = lines.length;
  await proxy.stop({ drainTimeout: 0 });
  assert.equal(lines.length, before + 1);
  const sum: Record<string, number> = {};
  for (const counts of lines)
    for (const [reason, count] of Object.entries(counts)) sum[reason] = (sum[reason] ?? 0) + count;
  assert.deepEqual(sum, Object.fromEntries(proxy.stats.getRejectReasons()));
  assert.deepEqual(sum, { 'rate-limited': 300, 'no-route': 200, 'bare-lf': 100 });
});
