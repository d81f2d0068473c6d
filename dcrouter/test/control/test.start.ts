import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test, type TestContext } from 'node:test';
import { RETRY_FIRST_MS } from '../../ts/control/limits.ts';
import { StoreUnavailableError } from '../../ts/store/errors.ts';
import type { TObjectChange } from '../../ts/store/types.ts';
import { startBackend } from './backend.ts';
import { faultyStore } from './faulty-store.ts';
import { HandClock } from './hand-clock.ts';
import { answerOf, documentOf, folderOf, nextEvent, ports, routeOf, startNode } from './node.ts';

const api = { by: 'token:test' } as const;

async function prepare(t: TestContext) {
  const [apiPort, a, b] = await ports(3);
  const backend = await startBackend(t, 'backend');
  const store = faultyStore();
  const text = (name: string, port = a!): string => documentOf(apiPort!, [{ name, port, target: backend.port }]);
  const file = `${await folderOf(t)}/router.yaml`;
  const put = (name: string, port = b!): TObjectChange => ({
    op: 'put',
    kind: 'route',
    id: name,
    value: routeOf({ name, port, target: backend.port }),
  });
  const states = async () =>
    (await store.versions.list()).items.map(({ version, state, source }) => `${version} ${state} ${source}`);
  return { store, text, file, put, states, a: a!, b: b!, apiPort: apiPort! };
}

function namesOf(node: { running: { control: { snapshot: { config: { proxy?: { routes: { name: string }[] } } } } } }) {
  return node.running.control.snapshot.config.proxy?.routes.map(({ name }) => name);
}

test('what the API applied survives a restart, until the file changes', async (t) => {
  const { store, text, file, states } = await prepare(t);
  const first = await startNode(t, text('file'), { store, file });
  await first.running.control.apply({ file, text: text('api'), source: 'api' }, api);
  await first.stop();

  const second = await startNode(t, text('file'), { store, file });
  assert.deepEqual(namesOf(second), ['api']);
  assert.equal(second.running.control.snapshot.version, 2);
  assert.deepEqual(await states(), ['2 active api', '1 superseded file']);
  await second.stop();

  const third = await startNode(t, text('edited'), { store, file });
  assert.deepEqual(namesOf(third), ['edited']);
  assert.deepEqual(await states(), ['3 active file', '2 superseded api', '1 superseded file']);
});

test('objects serve again after a restart', async (t) => {
  const { store, text, file, put, b } = await prepare(t);
  const first = await startNode(t, text('file'), { store, file });
  await first.running.control.applyObjects([put('object')], api);
  await first.stop();
  const second = await startNode(t, text('file'), { store, file });
  assert.deepEqual(namesOf(second), ['file', 'object']);
  assert.equal(await answerOf(b), '200 backend got /');
});

test('what another node changes while this one starts is not missed', async (t) => {
  const { store, text, file, put } = await prepare(t);
  const audit = { actor: 'token:other', action: 'route.put', target: 'x', outcome: 'done', detail: {} } as const;
  let changed: Promise<number> | undefined;
  store.after('objects.load', () => {
    changed = store.objects.change([put('theirs')], 0, audit);
  });
  const node = await startNode(t, text('file'), { store, file });
  assert.equal(await changed, 1);
  while (node.running.control.snapshot.revision === 0) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(namesOf(node), ['file', 'theirs']);
});

test('what a crash left behind is settled, and the version before serves', async (t) => {
  const { store, text, file, states } = await prepare(t);
  const first = await startNode(t, text('file'), { store, file });
  const clock = new HandClock();
  await first.running.control.apply({ file, text: text('unconfirmed'), source: 'api' }, { ...api, confirmMs: 60_000 });
  // As a crash leaves it: nothing of this process is told to the store any more.
  const { hash } = (await store.versions.get(1))!;
  await store.versions.append({ text: text('pending'), hash, source: 'api', by: 'cli', comment: '' });
  await first.stop();
  const second = await startNode(t, text('file'), { store, file, clock });
  assert.deepEqual(namesOf(second), ['file']);
  assert.deepEqual(await states(), ['3 failed api', '2 reverted api', '1 active file']);
});

test('a file that objects stand against does not take the last good version away', async (t) => {
  const { store, text, file, put, states } = await prepare(t);
  const first = await startNode(t, text('file'), { store, file });
  await first.running.control.applyObjects([put('object')], api);
  await first.stop();
  const second = await startNode(t, text('object'), { store, file });
  assert.deepEqual(namesOf(second), ['file', 'object']);
  assert.equal(second.running.control.stats().changes.file.refused, 1);
  assert.deepEqual(await states(), ['1 active file']);
});

test('a file that cannot be served at the start leaves nothing open and a failed version', async (t) => {
  const { store, text, file, states } = await prepare(t);
  const busy = createServer().listen(0, '127.0.0.1');
  await once(busy, 'listening');
  t.after(() => busy.close());
  const taken = (busy.address() as { port: number }).port;
  await assert.rejects(startNode(t, text('file', taken), { store, file }), { code: 'DCR_START_FAILED' });
  assert.deepEqual(await states(), ['1 failed file']);
  await assert.rejects(startNode(t, 'api: { port: web }', { store, file }), { code: 'DCR_CONFIG_INVALID' });
});

test('a store that is away at the start: the file serves, changes are refused, and the objects join later', async (t) => {
  const { store, text, file, put, a, b } = await prepare(t);
  const earlier = await startNode(t, text('file'), { store, file });
  await earlier.running.control.applyObjects([put('object')], api);
  await earlier.running.control.apply({ file, text: text('api'), source: 'api' }, api);
  await earlier.stop();

  const clock = new HandClock();
  let tries = 0;
  const tried = Promise.withResolvers<void>();
  const openStore = async () => {
    tries += 1;
    if (tries === 2) tried.resolve();
    if (tries < 3) throw new StoreUnavailableError('the database does not answer; try again later');
    return store;
  };
  const node = await startNode(t, text('file'), { openStore, file, clock });
  const { control } = node.running;
  assert.deepEqual(namesOf(node), ['file']);
  assert.equal(await answerOf(a), '200 backend got /');
  assert.deepEqual([control.snapshot.version, control.snapshot.revision, control.stats().storeOpen], [0, 0, false]);
  for (const change of [
    () => control.apply({ file, text: text('x'), source: 'api' }, api),
    () => control.applyObjects([put('x')], api),
    () => control.reload('signal'),
    () => control.rollback(1, api),
    () => control.history(),
  ])
    await assert.rejects(change(), { code: 'DCR_STORE_UNAVAILABLE', message: /until the store is back/ });
  assert.equal(await answerOf(a), '200 backend got /');

  await tried.promise;
  const joined = nextEvent(node, 'config.applied');
  while (clock.waiting === 0) await new Promise((resolve) => setImmediate(resolve));
  clock.advance(RETRY_FIRST_MS);
  await joined;
  assert.deepEqual(namesOf(node), ['api', 'object'], 'what the store held serves, as after any start');
  assert.equal(await answerOf(b), '200 backend got /');
  assert.equal(control.snapshot.version, 2);
  await control.applyObjects([put('later', a)], api);
  assert.deepEqual(namesOf(node), ['api', 'object', 'later']);
});

test('a store that goes away while the router runs: traffic goes on, changes are refused, then it recovers', async (t) => {
  const { store, text, file, put, states, a, b } = await prepare(t);
  const node = await startNode(t, text('file'), { store, file });
  const { control } = node.running;
  store.away = true;
  await assert.rejects(control.apply({ file, text: text('x'), source: 'api' }, api), { code: 'DCR_STORE_UNAVAILABLE' });
  await assert.rejects(control.applyObjects([put('x')], api), { code: 'DCR_STORE_UNAVAILABLE' });
  assert.deepEqual(namesOf(node), ['file']);
  assert.equal(await answerOf(a), '200 backend got /');
  assert.equal(await answerOf(b), 'ECONNREFUSED');
  store.away = false;
  await control.applyObjects([put('x')], api);
  await control.apply({ file, text: text('y'), source: 'api' }, api);
  assert.deepEqual(namesOf(node), ['y', 'x']);
  assert.deepEqual(await states(), ['2 active api', '1 superseded file']);
});

test('a store that goes away between the parts and the settling: the parts go back, and the store is told', async (t) => {
  const { store, text, file, states } = await prepare(t);
  const clock = new HandClock();
  const node = await startNode(t, text('file'), { store, file, clock });
  const { control } = node.running;
  const change = (name: string) => control.apply({ file, text: text(name), source: 'api' }, api);
  // Kept, but the answer is lost: nobody can know.
  store.after('versions.settle', () => {
    store.away = true;
    throw new StoreUnavailableError('the connection was cut');
  });
  await assert.rejects(change('lost'), { code: 'DCR_STORE_UNAVAILABLE' });
  assert.deepEqual(namesOf(node), ['file']);
  assert.deepEqual(namesOf({ running: { control: { snapshot: { config: node.running.router.config } } } }), ['file']);
  // The telling has its turn, and fails.
  await control.alone(async () => {});
  store.away = false;
  assert.deepEqual(await states(), ['2 active api', '1 superseded file'], 'what the store has kept');
  while (clock.waiting === 0) await new Promise((resolve) => setImmediate(resolve));
  clock.advance(RETRY_FIRST_MS);
  await control.alone(async () => {});
  assert.deepEqual(await states(), ['2 failed api', '1 active file'], 'told without anybody changing anything');
  await change('next');
  assert.deepEqual(await states(), ['3 active api', '2 failed api', '1 superseded file']);
});
