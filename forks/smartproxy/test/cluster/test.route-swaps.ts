// New routes in all workers or in none.
import assert from 'node:assert/strict';
import { mkdtemp, open, rm, writeFile, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { selfSignedCertificate } from '@dcrouter/acme';
import { forwardTo, startHttp, startProxy } from '../helpers/proxy.ts';
import { fetchOnce, until } from './cluster.ts';

/** Higher than what a worker has open by itself. */
const DESCRIPTOR_MIN = 100;

test(
  'routes that the workers cannot use change nothing anywhere',
  { skip: process.platform !== 'linux' },
  async (t) => {
    const one = await startHttp(t, (_request, response) => response.end('one'));
    const two = await startHttp(t, (_request, response) => response.end('two'));
    const { proxy, port } = await startProxy(t, [forwardTo(one.port)], { workers: 2 });
    const folder = await mkdtemp(join(tmpdir(), 'swap-'));
    const { key, cert } = selfSignedCertificate(['a.test']);
    await writeFile(join(folder, 'key.pem'), key);
    // A file that only this process can name: one of its own descriptors.
    const files: FileHandle[] = [];
    do files.push(await open(join(folder, 'key.pem')));
    while (files.at(-1)!.fd < DESCRIPTOR_MIN);
    t.after(async () => {
      await Promise.all(files.map((file) => file.close()));
      await rm(folder, { recursive: true });
    });
    const secure = forwardTo(two.port, { name: 'secure' }, { ports: 8443 });
    const certificate = { keyFile: `/proc/self/fd/${files.at(-1)!.fd}`, cert };
    const routes = [
      forwardTo(two.port),
      { ...secure, action: { ...secure.action, tls: { mode: 'terminate' as const, certificate } } },
    ];
    await assert.rejects(proxy.updateRoutes(routes), { code: 'PROXY_BAD_CERTIFICATE' });
    assert.deepEqual(proxy.getListeningPorts(), [8080]);
    assert.deepEqual(
      proxy.settings.routes.map(({ name }) => name),
      ['web'],
    );
    const texts = async (): Promise<Set<string>> =>
      new Set(await Promise.all(Array.from({ length: 20 }, async () => (await fetchOnce(port(8080))).text)));
    assert.deepEqual(await texts(), new Set(['one']));
    // A worker that comes later has the routes of the others.
    process.kill(proxy.getWorkerStats()!.pids[0]!, 'SIGKILL');
    await until(() => proxy.getWorkerStats()!.replaced === 1);
    assert.deepEqual(await texts(), new Set(['one']));
    await proxy.updateRoutes([forwardTo(two.port)]);
    assert.deepEqual(await texts(), new Set(['two']));
  },
);

test('workers that die and begin while routes are replaced all end up with the new ones', async (t) => {
  const backend = await startHttp(t, (request, response) => response.end(request.headers['x-turn']));
  const route = (turn: number) => forwardTo(backend.port, { headers: { request: { 'X-Turn': String(turn) } } });
  const { proxy, port } = await startProxy(t, [route(0)], { workers: 2 });
  let killed = 0;
  for (let turn = 1; turn <= 2; turn += 1) {
    process.kill(proxy.getWorkerStats()!.pids[0]!, 'SIGKILL');
    killed += 1;
    // From the moment of the death on: the one in its place begins somewhere in the midst of the updates.
    await until(() => proxy.getWorkerStats()!.died >= killed);
    do await proxy.updateRoutes([route(turn)]);
    while (proxy.getWorkerStats()!.running < 2);
    await proxy.updateRoutes([route(turn)]);
    killed = proxy.getWorkerStats()!.died;
    await until(() => proxy.getWorkerStats()!.replaced >= proxy.getWorkerStats()!.died);
    const answers = Array.from({ length: 12 }, async () => (await fetchOnce(port(8080))).text);
    assert.deepEqual(new Set(await Promise.all(answers)), new Set([String(turn)]));
  }
});
