// Telemetry and log in a router: what the configuration switches, and what a change of it does.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createServer, get, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { Registry } from '@dcrouter/metrics';
import { freePorts } from '../../../test/helpers/ports.ts';
import { configSchema, type TConfig } from '../../ts/config/schema/index.ts';
import { DcRouter } from '../../ts/router.ts';
import { StartError } from '../../ts/start-error.ts';
import { MemoryStore } from '../../ts/store/memory.ts';
import { TelemetryPart } from '../../ts/telemetry/part.ts';
import { FakeClock, START_MS, world } from './tools.ts';

async function serve(t: TestContext, more: (folder: string) => object) {
  const folder = await mkdtemp(join(tmpdir(), 'dcrouter-telemetry-'));
  const seen: IncomingHttpHeaders[] = [];
  const backend = createServer((incoming, response) => {
    seen.push(incoming.headers);
    response.end('hello');
  });
  backend.listen(0, '127.0.0.1');
  await once(backend, 'listening');
  const [http, api] = (await freePorts(2)) as [number, number];
  const target = { host: '127.0.0.1', port: (backend.address() as AddressInfo).port };
  const proxy = {
    address: '127.0.0.1',
    drainTimeoutMs: 0,
    routes: [{ name: 'app', match: { ports: http, protocol: 'http' }, action: { type: 'forward', targets: [target] } }],
  };
  const configOf = (section: object): TConfig => configSchema.parse({ api: { port: api }, proxy, ...section });
  const router = new DcRouter(configOf(more(folder)));
  await router.start();
  t.after(async () => {
    await router.stop();
    backend.close();
    await rm(folder, { recursive: true });
  });
  const ask = async (): Promise<IncomingMessage> => {
    const closed = once(router.proxy!, 'connection-close');
    const [response] = (await once(get({ port: http, agent: false, path: '/a' }), 'response')) as [IncomingMessage];
    await once(response.resume(), 'end');
    await closed;
    return response;
  };
  return { router, folder, seen, ask, configOf };
}

test('request ids by the configuration: target, client and access log have the same', async (t) => {
  const { router, seen, ask, folder } = await serve(t, (at) => ({
    logging: { file: join(at, 'router.log') },
    telemetry: { requestId: { header: 'X-Correlation-Id' } },
  }));
  const { headers } = await ask();
  const id = headers['x-correlation-id'];
  assert.match(String(id), /^[0-9a-f]{12}-1$/);
  assert.equal(seen[0]!['x-correlation-id'], id);
  await router.reopenLogs();
  await router.logs.close();
  const lines = (await readFile(join(folder, 'router.log'), 'utf8')).trim().split('\n');
  const requests = lines
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ msg }) => msg === 'request');
  assert.deepEqual(
    requests.map(({ requestId, path }) => [requestId, path]),
    [[id, '/a']],
  );
});

test('level, format and files follow the configuration while it runs; a rotation loses no line', async (t) => {
  const { router, ask, folder, configOf } = await serve(t, (at) => ({
    logging: { file: join(at, 'router.log'), level: 'error', access: false },
  }));
  await ask();
  const access = { format: 'clf', file: join(folder, 'access.log') };
  await router.reconcile(configOf({ logging: { file: join(folder, 'router.log'), level: 'debug', access } }));
  router.logger.debug('shown now');
  await ask();
  await rename(join(folder, 'access.log'), join(folder, 'access.log.1'));
  await router.reopenLogs();
  await ask();
  const bad = { logging: { file: join(folder, 'missing', 'router.log') } };
  await assert.rejects(router.reconcile(configOf(bad)), StartError);
  await ask();
  await router.logs.close();
  const linesOf = async (name: string): Promise<string[]> =>
    (await readFile(join(folder, name), 'utf8')).split('\n').slice(0, -1);
  assert.match((await linesOf('router.log')).join('\n'), /"msg":"shown now"/);
  assert.deepEqual([(await linesOf('access.log.1')).length, (await linesOf('access.log')).length], [1, 2]);
  assert.match((await linesOf('access.log'))[0]!, /^127\.0\.0\.1 - - \[.*\] "GET \/a HTTP\/1\.1" 200 \d+$/);
});

test('the history follows the configuration, and its minutes go to the store unless that is switched off', async () => {
  const clock = new FakeClock(START_MS);
  const store = new MemoryStore({ node: 'a' });
  const none = (): null => null;
  const registry = new Registry();
  const sources = {
    proxy: none,
    dns: none,
    control: none,
    store: () => store,
    rules: none,
    resolve: none,
    health: none,
    logs: none,
    events: none,
    api: none,
  };
  const part = new TelemetryPart({ registry, clock, store: () => store, sources });
  const config = (history: object): TConfig => configSchema.parse({ telemetry: { history } });
  const page = async (name: string): Promise<string | undefined> =>
    (await registry.expose()).split('\n').find((line) => line.startsWith(`${name} `));

  await part.start(config({ routes: 2 }));
  clock.pass(61_000);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(await page('dcrouter_history_samples_total'), 'dcrouter_history_samples_total 61');
  assert.equal((await store.history.range(0, Infinity)).length, 1);
  const { series } = await part.history!.range({ fromMs: START_MS, toMs: START_MS + 2_000, series: ['process.*'] });
  assert.deepEqual(
    series.map(({ name, points }) => [name, points.every((point) => point !== null)]),
    [
      ['process.cpu_seconds', true],
      ['process.resident_memory_bytes', true],
      ['process.eventloop_lag_seconds', true],
    ],
  );

  await part.apply(config({ persist: false }), config({ routes: 2 }));
  clock.pass(121_000);
  await new Promise((resolve) => setImmediate(resolve));
  // The minute that was under way was written when the history was made anew.
  assert.equal((await store.history.range(0, Infinity)).length, 2);

  await part.apply(config({ enabled: false }), config({ persist: false }));
  assert.equal(part.history, null);
  assert.ok(clock.idle);
  await part.stop();
  assert.deepEqual([...registry.metrics()], []);
});

test('the example of the documents does what it says', async () => {
  const text = await readFile(join(import.meta.dirname, '../../docs/telemetry.md'), 'utf8');
  const [, code] = /```ts\n([\s\S]*?)```/.exec(text)!;
  const folder = await mkdtemp(join(import.meta.dirname, '.snippet-'));
  try {
    const file = join(folder, 'snippet.ts');
    await writeFile(file, code!);
    const { requestsOfTheLastHour } = (await import(file)) as {
      requestsOfTheLastHour: (router: Pick<DcRouter, 'history'>) => Promise<number>;
    };
    const { clock, counts, history } = world({ nowMs: Date.now() - 60_000 });
    await history.start();
    counts.requests += 7;
    clock.pass(60_000);
    assert.equal(await requestsOfTheLastHour({ history }), 7);
  } finally {
    await rm(folder, { recursive: true });
  }
});
