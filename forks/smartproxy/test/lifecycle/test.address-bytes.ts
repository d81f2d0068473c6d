// Throughput by client address: bounded in every second, and the same bytes as the whole.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AddressBytes, OTHER_ADDRESSES } from '../../ts/stats/addressbytes.ts';
import { setBounds } from '../helpers/bounds.ts';
import { RawClient, forwardTo, startHttp, startProxy } from '../helpers/proxy.ts';

test('rates are means over the seconds asked for, and addresses without room share an entry', (t) => {
  setBounds(t, { throughputIps: 2 });
  const bytes = new AddressBytes();
  const startMs = performance.now();
  bytes.turn(startMs);
  bytes.add('10.0.0.1', 1_000, 10);
  bytes.add('10.0.0.2', 500, 6);
  bytes.add('10.0.0.3', 100, 1);
  bytes.add('10.0.0.4', 100, 1);
  bytes.add('10.0.0.1', 1_000, 10);
  bytes.turn(startMs + 1_000);
  bytes.add('10.0.0.4', 300, 4);
  bytes.turn(startMs + 2_000);
  const rounded = (seconds: number): unknown[] =>
    [...bytes.perSecond(seconds)].map(([ip, rate]) => [ip, Math.round(rate.in), Math.round(rate.out)]);
  assert.deepEqual(rounded(1), [['10.0.0.4', 300, 4]]);
  assert.deepEqual(rounded(2), [
    ['10.0.0.1', 1_000, 10],
    ['10.0.0.2', 250, 3],
    [OTHER_ADDRESSES, 100, 1],
    ['10.0.0.4', 150, 2],
  ]);
});

for (const options of [{}, { workers: 2 }]) {
  test(`getMetrics() tells the clients' bytes apart by address, with ${JSON.stringify(options)}`, async (t) => {
    const backend = await startHttp(t, (_req, res) => res.end('ok'));
    const { port, proxy } = await startProxy(t, [forwardTo(backend.port)], options);
    const client = await RawClient.open(port(8080));
    client.send('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n');
    await client.has('ok');
    client.socket.destroy();
    while (proxy.stats.getTerminationReasons().size === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const { throughput } = proxy.getMetrics();
    while (!throughput.byIP(60).has('127.0.0.1')) await new Promise((resolve) => setTimeout(resolve, 20));
    const rate = throughput.byIP(60).get('127.0.0.1')!;
    const { bytesIn, bytesOut } = proxy.stats.getTotals();
    // Both were counted over the same time.
    assert.ok(Math.abs(rate.in / rate.out - bytesIn / bytesOut) < 1e-6);
    assert.equal(throughput.byIP(60).size, 1);
  });
}
