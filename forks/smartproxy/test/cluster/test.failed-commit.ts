// A worker that cannot use new routes when the others do is replaced by one that does.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IRouteConfig } from '@dcrouter/smartproxy';
import { SharedStorage } from '../certificates/support.ts';
import { forwardTo, startHttp, startProxy } from '../helpers/proxy.ts';
import { fetchOnce, until } from './cluster.ts';

/** A storage whose next answer can be held back. */
class SlowStorage extends SharedStorage {
  /** Called with an answer that is asked for; what it returns is waited for. */
  onAsked: () => Promise<void> = async () => {};

  override async getCertificate(...subject: Parameters<SharedStorage['getCertificate']>): Promise<undefined> {
    await this.onAsked();
    await super.getCertificate(...subject);
  }
}

test('one that begins between the preparation and the use of new routes knows only the old ones, and is replaced', async (t) => {
  const one = await startHttp(t, (_request, response) => response.end('one'));
  const two = await startHttp(t, (_request, response) => response.end('two'));
  const storage = new SlowStorage();
  const problems: string[] = [];
  const logger = {
    error: (message: string) => problems.push(message),
    warn: () => {},
    info: () => {},
    debug: () => {},
  };
  const options = { workers: 2, logger, acme: { storage, enabled: false } };
  const { proxy, port } = await startProxy(t, [forwardTo(one.port)], options);
  const text = async (): Promise<string> => (await fetchOnce(port(8080))).text;
  // Asked for when all workers have prepared, and before any uses what it prepared.
  storage.onAsked = async () => {
    storage.onAsked = async () => {};
    process.kill(proxy.getWorkerStats()!.pids[0]!, 'SIGKILL');
    await until(() => proxy.getWorkerStats()!.replaced === 1);
    assert.equal(await text(), 'one', 'nobody uses the new routes yet');
  };
  const secure = forwardTo(two.port, { name: 'secure' }, { ports: 8443 });
  const tls = { mode: 'terminate', certificate: 'auto' } as const;
  const routes: IRouteConfig[] = [forwardTo(two.port), { ...secure, action: { ...secure.action, tls } }];
  await proxy.updateRoutes(routes);
  assert.match(problems.join('\n'), /a worker is replaced: .*no routes were prepared/);
  // From here on nobody serves the old ones: the one that could not is gone, not just going.
  const texts = async (): Promise<Set<string>> => new Set(await Promise.all(Array.from({ length: 24 }, text)));
  assert.deepEqual(await texts(), new Set(['two']));
  await until(() => proxy.getWorkerStats()!.replaced === 2);
  assert.deepEqual(await texts(), new Set(['two']));
  assert.deepEqual(proxy.getListeningPorts(), [8080, 8443]);
  const { running, died } = proxy.getWorkerStats()!;
  assert.deepEqual({ running, died }, { running: 2, died: 2 });
});
