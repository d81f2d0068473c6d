// Certificates by a CA while worker processes serve: the primary orders, whichever worker is asked answers.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { CHALLENGES } from '@dcrouter/smartproxy';
import { skipWithout } from '../../../../acme/test/support/tools.ts';
import { until } from '../cluster/cluster.ts';
import { get, handshake, isClosed, secureRoute, servedNames, setup } from './world.ts';

const WORKERS = 3;
/** Connections over which the system surely finds every worker. */
const CONNECTIONS = 24;

void suite('certificates of workers against pebble', { skip: skipWithout('pebble') }, () => {
  for (const challenge of ['http-01', 'tls-alpn-01'] as const) {
    void test(`${challenge}: every worker answers the CA, then serves the certificate, also one that comes later`, async (t) => {
      const item = await setup(t);
      const ca = await item.startCa();
      const names = Array.from({ length: 6 }, (_, at) => `n${at}.example.test`);
      const proxy = item.create([secureRoute(item, names, challenge)], {}, WORKERS);
      await proxy.start();
      await proxy.provisionCertificate('secure');
      const root = await ca.issuingRoot();
      const url = `https://127.0.0.1:${item.tlsPort}/x`;
      const all = async (): Promise<void> => {
        const asked = Array.from({ length: CONNECTIONS }, async (_, at) => {
          const servername = names[at % names.length]!;
          assert.deepEqual(await get(url, { ca: root, servername }), [200, 'backend /x']);
        });
        await Promise.all(asked);
      };
      await all();
      const checks = (): number => proxy.stats.getRouteStats(CHALLENGES)[0]?.total ?? 0;
      await until(() => checks() >= names.length);
      assert.equal(await isClosed(item.httpPort), true);
      const serial = async (): Promise<string> => {
        const socket = await handshake(item.tlsPort, names[0]!, root);
        const { serialNumber } = socket.getPeerCertificate();
        socket.destroy();
        return serialNumber;
      };
      const before = await serial();
      await proxy.renewCertificate('secure');
      await all();
      process.kill(proxy.getWorkerStats()!.pids[0]!, 'SIGKILL');
      await until(() => proxy.getWorkerStats()!.replaced === 1);
      const served = await Promise.all(
        Array.from({ length: CONNECTIONS }, async () => await servedNames(item.tlsPort, names[1]!)),
      );
      assert.equal(new Set(served).size, 1);
      assert.match(served[0]!, /by Pebble/);
      const serials = new Set(await Promise.all(Array.from({ length: CONNECTIONS }, serial)));
      assert.equal(serials.size, 1, 'all workers have the renewed one');
      assert.ok(!serials.has(before));
    });
  }
});
