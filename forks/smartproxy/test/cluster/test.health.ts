// Health checks with workers: one process looks at the targets, all of them go by what it sees.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import type { IRouteConfig, IUpstreamHealthEvent, SmartProxy } from '@dcrouter/smartproxy';
import { startHttp, startProxy } from '../helpers/proxy.ts';
import { fetchOnce, until } from './cluster.ts';

/** What was told before is carried out before this is answered. */
async function told(proxy: SmartProxy): Promise<void> {
  await proxy.listConnections({ limit: 1 });
}

test('one verdict for all workers, told once, also known to one that starts later; new routes begin anew', async (t) => {
  let status = 500;
  const names = ['one', 'two'];
  const backends = await Promise.all(
    names.map((name) =>
      startHttp(t, (req, res) => {
        if (req.url === '/health') res.writeHead(name === 'two' ? status : 200);
        res.end(name);
      }),
    ),
  );
  const route = (interval: number): IRouteConfig => ({
    name: 'pair',
    match: { ports: 8080 },
    action: {
      type: 'forward',
      targets: backends.map(({ port }) => ({ host: '127.0.0.1', port })),
      loadBalancing: {
        algorithm: 'round-robin',
        healthCheck: { path: '/health', interval, timeout: 5_000, unhealthyThreshold: 1, healthyThreshold: 1 },
      },
    },
  });
  const { proxy, port } = await startProxy(t, [route(3_600_000)], { workers: 3 });
  const verdicts: string[] = [];
  proxy.on('upstream-health', ({ target, current }: IUpstreamHealthEvent) => verdicts.push(`${target} ${current}`));
  const two = `127.0.0.1:${backends[1]!.port}`;
  const seen = async (): Promise<Set<string>> => {
    const answers = await Promise.all(Array.from({ length: 30 }, async () => await fetchOnce(port(8080))));
    return new Set(answers.map(({ text }) => text));
  };
  const healthy = (): boolean => proxy.stats.getUpstreamStats().find(({ target }) => target === two)!.healthy;
  if (verdicts.length === 0) await once(proxy, 'upstream-health');
  await told(proxy);
  assert.deepEqual(await seen(), new Set(['one']));
  assert.equal(healthy(), false, 'reports of workers do not speak of health');
  process.kill(proxy.getWorkerStats()!.pids[0]!, 'SIGKILL');
  await until(() => proxy.getWorkerStats()!.replaced === 1);
  assert.deepEqual(await seen(), new Set(['one']));
  // Every worker had the time to find out for itself, if it looked.
  await proxy.updateRoutes([route(100)]);
  await until(() => verdicts.length >= 2);
  status = 200;
  await until(() => verdicts.length >= 3);
  await told(proxy);
  assert.deepEqual(await seen(), new Set(names));
  assert.equal(healthy(), true);
  assert.deepEqual(verdicts, [`${two} unhealthy`, `${two} unhealthy`, `${two} healthy`]);
});
