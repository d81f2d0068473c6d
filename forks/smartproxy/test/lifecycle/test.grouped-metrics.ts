// Upstream's grouped metrics: quantiles of what is over, windows of any length, rates by route, also of workers.
import assert from 'node:assert/strict';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';
import { Metrics } from '../../ts/stats/metrics.ts';
import { Recorder } from '../../ts/stats/recorder.ts';
import { RawClient, forwardTo, startHttp, startProxy } from '../helpers/proxy.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a.test\r\n\r\n';
const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));
const near = (value: number, expected: number): boolean => Math.abs(value - expected) <= expected * 0.05;

for (const workers of [undefined, 2]) {
  test(`quantiles and rates by address are those of the clients, workers: ${workers ?? 'none'}`, async (t) => {
    const backend = await startHttp(t, (_req, res) => res.end('x'.repeat(1_000)));
    const { port, proxy, ledger } = await startProxy(t, [forwardTo(backend.port)], { workers });
    const { percentiles, throughput } = proxy.getMetrics();
    assert.deepEqual(percentiles.connectionDuration(), { p50: 0, p95: 0, p99: 0 });
    const sizes: number[] = [];
    for (let at = 0; at < 20; at += 1) {
      const client = await RawClient.open(port(8080));
      // Two of twenty ask more often than the others.
      const requests = at < 2 ? 10 : 1;
      client.send(GET.repeat(requests));
      await client.until(({ text }) => text.split('x'.repeat(1_000)).length > requests);
      sizes.push(client.received.length);
      client.socket.destroy();
    }
    // A refused one had no route and is not among them.
    const refused = await RawClient.open(port(8080));
    refused.send('GET / HTTP/1.1\r\nHost: unknown.test\r\n\r\n');
    await refused.whole();
    while (proxy.stats.getTotalConnections() < 21) await pause();
    await ledger.settled();
    const bytes = percentiles.bytesTransferred();
    assert.ok(
      near(bytes.in.p50, GET.length) && near(bytes.in.p95, 10 * GET.length) && near(bytes.in.p99, 10 * GET.length),
    );
    assert.ok(near(bytes.out.p50, Math.min(...sizes)) && near(bytes.out.p99, Math.max(...sizes)));
    const { p50, p99 } = percentiles.connectionDuration();
    const durations = ledger.closes.map(({ duration }) => duration).sort((one, other) => one - other);
    assert.ok(near(p99, durations.at(-1)!), `${p99} of ${durations.at(-1)}`);
    assert.ok(p50 >= durations[0]! * 0.95 && p50 <= p99);
    while (throughput.byIP(60).get('127.0.0.1') === undefined) await pause();
    assert.ok(throughput.byRoute(60).get('web')!.out > 0);
  });
}

test('what waits for a target is counted in workers as without them, and nothing of it is left behind', async (t) => {
  const held: ServerResponse[] = [];
  const backend = await startHttp(t, (_req, res) => void held.push(res));
  const route = forwardTo(backend.port);
  const action = { ...route.action, advanced: { maxConnectionsPerTarget: 1 } };
  const { port, proxy, ledger } = await startProxy(t, [{ ...route, action }], { workers: 1 });
  const upstream = () => proxy.stats.getUpstreamStats()[0];
  const clients = await Promise.all([1, 2, 3].map(() => RawClient.open(port(8080))));
  for (const client of clients) client.send(GET);
  while (upstream()?.waiting !== 2) await pause();
  for (let at = 0; at < 3; at += 1) {
    while (held.length <= at) await pause();
    held[at]!.end('ok');
  }
  for (const client of clients) {
    await client.has('ok');
    client.socket.destroy();
  }
  while (upstream()?.requests !== 3) await pause();
  await ledger.settled();
  assert.deepEqual([upstream()!.waiting, upstream()!.queued], [0, 2]);
});

test('windows may be of any length, and the clock of the machine may be set', (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: 1_000_000_000 });
  const recorder = new Recorder(new Set());
  const metrics = new Metrics(recorder, 3_600);
  const { throughput } = metrics;
  recorder.setRoutes(new Set(['busy', 'idle']));
  const busy = recorder.route('busy');
  const startMs = performance.now();
  const second = (at: number, bytes: number): void => {
    busy.bytesIn += bytes;
    recorder.bytesIn += bytes;
    metrics.sample(startMs + at * 1_000);
  };
  second(0, 0);
  for (let at = 1; at <= 400; at += 1) {
    // In the midst of it somebody sets the clock an hour back.
    t.mock.timers.setTime(1_000_000_000 + at * 1_000 - (at > 200 ? 3_600_000 : 0));
    second(at, at <= 200 ? 100 : 300);
  }
  const rounded = ({ in: bytes }: { in: number }): number => Math.round(bytes);
  assert.equal(rounded(throughput.custom(100)), 300);
  assert.equal(rounded(throughput.custom(400)), 200);
  // Before the start there was nothing.
  assert.equal(rounded(throughput.custom(800)), 100);
  assert.ok(throughput.history(399).every((point) => [100, 300].includes(rounded(point))));
  assert.equal(throughput.history(399).length, 399);
  assert.deepEqual(
    [...throughput.byRoute(10)].map(([name, rate]) => [name, rounded(rate)]),
    [
      ['(none)', 0],
      ['busy', 300],
      ['idle', 0],
    ],
  );
  for (const odd of [0, -5, NaN, 0.5]) {
    assert.equal(throughput.history(odd).length, 1);
    assert.equal(rounded(throughput.byRoute(odd).get('busy')!), 300);
    assert.ok(Number.isFinite(throughput.custom(odd).in));
  }
});

test('bytes of a route that is folded into the removed ones are not moved once more', () => {
  const recorder = new Recorder(new Set());
  const metrics = new Metrics(recorder, 60);
  const route = recorder.route('old');
  route.bytesIn = 5_000;
  metrics.sample(performance.now() + 1_000);
  const sum = recorder.route('(removed)');
  sum.absorb(route);
  metrics.sample(performance.now() + 2_000);
  assert.equal(metrics.throughput.byRoute(1).get('(removed)')!.in, 0);
});
