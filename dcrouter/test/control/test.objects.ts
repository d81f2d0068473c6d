import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { RETRY_FIRST_MS } from '../../ts/control/limits.ts';
import type { TObjectChange } from '../../ts/store/types.ts';
import { startBackend } from './backend.ts';
import { faultyStore } from './faulty-store.ts';
import { HandClock } from './hand-clock.ts';
import { answerOf, documentOf, nextEvent, ports, routeOf, startNode } from './node.ts';

const api = { by: 'token:test' } as const;

async function start(t: TestContext) {
  const [apiPort, a, b, c] = await ports(4);
  const backend = await startBackend(t, 'backend');
  const clock = new HandClock();
  const store = faultyStore();
  const node = await startNode(t, documentOf(apiPort!, [{ name: 'a', port: a!, target: backend.port }]), {
    clock,
    store,
  });
  const put = (name: string, port: number): TObjectChange => ({
    op: 'put',
    kind: 'route',
    id: name,
    value: routeOf({ name, port, target: backend.port }),
  });
  const names = () => node.running.control.snapshot.config.proxy?.routes.map(({ name }) => name);
  return { node, control: node.running.control, clock, store, put, names, apiPort: apiPort!, a: a!, b: b!, c: c! };
}

/** What another node on the same store would do. */
async function byAnotherNode(store: Awaited<ReturnType<typeof start>>['store'], ...changes: TObjectChange[]) {
  const audit = { actor: 'token:other', action: 'route.put', target: 'x', outcome: 'done', detail: {} } as const;
  return await store.objects.change(changes, await store.objects.revision(), audit);
}

test('a route made as an object serves, is kept, and goes again', async (t) => {
  const { node, control, store, put, names, a, b } = await start(t);
  const applied = await control.applyObjects([put('b', b)], api);
  assert.deepEqual(applied.plan.effects.portsOpened, [b]);
  assert.deepEqual([applied.snapshot.version, applied.snapshot.revision], [1, 1]);
  assert.equal(await answerOf(b), '200 backend got /');
  assert.equal(await answerOf(a), '200 backend got /');
  assert.deepEqual(
    (await store.objects.load()).objects.map(({ kind, id, updatedBy }) => [kind, id, updatedBy]),
    [['route', 'b', 'token:test']],
  );
  const [entry] = (await store.audit.list()).items;
  assert.deepEqual([entry?.actor, entry?.action, entry?.target], ['token:test', 'route.put', 'b']);
  await control.applyObjects([{ op: 'remove', kind: 'route', id: 'b' }], api);
  assert.equal(await answerOf(b), 'ECONNREFUSED');
  assert.deepEqual(names(), ['a']);
  await control.alone(async () => {});
  const { objects, nodes } = control.stats().changes;
  assert.equal(objects.applied, 2);
  assert.equal(nodes.applied, 0, 'what this node changed is not taken for the change of another');
  assert.equal(node.told.length, 2);
});

test('objects stay when the document changes, and are in the way of one that does not fit them', async (t) => {
  const { control, put, names, apiPort, a, b } = await start(t);
  await control.applyObjects([put('b', b)], api);
  const document = (name: string) =>
    ({ file: 'x', source: 'api', text: documentOf(apiPort, [{ name, port: a, target: 1 }]) }) as const;
  await control.apply(document('z'), api);
  assert.deepEqual(names(), ['z', 'b']);
  await assert.rejects(control.apply(document('b'), api), {
    code: 'DCR_CONFIG_INVALID',
    message: /object route 'b'/,
  });
  assert.deepEqual(names(), ['z', 'b']);
});

test('an object that is not valid changes nothing, and names itself in the error', async (t) => {
  const { control, store, put, names } = await start(t);
  await assert.rejects(control.applyObjects([put('bad', 99_999)], api), { message: /^object route 'bad'/ });
  await assert.rejects(control.planObjects([put('bad', 99_999)]), { code: 'DCR_CONFIG_INVALID' });
  await assert.rejects(control.applyObjects([{ op: 'remove', kind: 'route', id: 'none' }], api), {
    message: "object route 'none': there is no such object to remove",
  });
  assert.deepEqual(names(), ['a']);
  assert.equal(await store.objects.revision(), 0);
  assert.equal(control.stats().changes.objects.refused, 2);
});

test('a plan of objects tells what would happen, and nothing happens', async (t) => {
  const { control, put, names, b } = await start(t);
  const plan = await control.planObjects([put('b', b)]);
  assert.deepEqual(plan.effects.portsOpened, [b]);
  assert.deepEqual(names(), ['a']);
  assert.equal(await answerOf(b), 'ECONNREFUSED');
});

test('when the store cannot keep the objects, the parts go back', async (t) => {
  const { control, store, put, names, b } = await start(t);
  store.before('objects.change', async () => {
    assert.equal(await answerOf(b), '200 backend got /', 'the parts have gone over by now');
    store.away = true;
  });
  await assert.rejects(control.applyObjects([put('b', b)], api), { code: 'DCR_STORE_UNAVAILABLE' });
  assert.equal(await answerOf(b), 'ECONNREFUSED');
  assert.deepEqual(names(), ['a']);
  assert.equal(control.snapshot.revision, 0);
});

test('an answer that was lost after the store kept the objects is made up for by the next revision', async (t) => {
  const { node, control, store, put, names, b } = await start(t);
  store.after('objects.change', () => {
    throw Object.assign(new Error('the connection was cut'), { code: 'DCR_STORE_UNAVAILABLE' });
  });
  const followed = nextEvent(node, 'config.applied');
  await assert.rejects(control.applyObjects([put('b', b)], api), /cut/);
  assert.equal((await followed).data['source'], 'nodes');
  assert.deepEqual(names(), ['a', 'b']);
  assert.equal(await answerOf(b), '200 backend got /');
});

test('a node that another one overtook lays its change over the newest objects', async (t) => {
  const { control, store, put, names, b, c } = await start(t);
  store.before('objects.change', async () => {
    await byAnotherNode(store, put('theirs', c));
  });
  const { snapshot } = await control.applyObjects([put('ours', b)], api);
  assert.equal(snapshot.revision, 2);
  assert.deepEqual(names(), ['a', 'theirs', 'ours']);
  assert.equal(control.stats().conflicts, 1);
  assert.equal(await answerOf(b), '200 backend got /');
  assert.equal(await answerOf(c), '200 backend got /');
});

test('a change that does not fit what another node made meanwhile is refused, and theirs serves', async (t) => {
  const { control, store, put, names, b, c } = await start(t);
  await control.applyObjects([put('shared', b)], api);
  const gone = { op: 'remove', kind: 'route', id: 'shared' } as const;
  store.before('objects.change', async () => {
    await byAnotherNode(store, gone);
  });
  await assert.rejects(control.applyObjects([gone, put('ours', c)], api), { code: 'DCR_CONFIG_INVALID' });
  assert.deepEqual(names(), ['a']);
  assert.equal(control.snapshot.revision, 2);
  assert.equal(await answerOf(c), 'ECONNREFUSED');
});

test('a node that was overtaken by objects that it cannot serve goes back to what served before', async (t) => {
  const { control, store, put, names, a, b } = await start(t);
  store.before('objects.change', async () => {
    await byAnotherNode(store, { op: 'put', kind: 'zone', id: 'x.test', value: { records: [] } });
  });
  await assert.rejects(control.applyObjects([put('ours', b)], api), { code: 'DCR_CONFIG_INVALID' });
  assert.deepEqual(names(), ['a']);
  assert.equal(await answerOf(a), '200 backend got /');
  assert.equal(await answerOf(b), 'ECONNREFUSED');
});

test('what another node changes serves here', async (t) => {
  const { node, store, put, names, b } = await start(t);
  const followed = nextEvent(node, 'config.applied');
  await byAnotherNode(store, put('theirs', b));
  const { data } = await followed;
  assert.deepEqual([data['source'], data['revision']], ['nodes', 1]);
  assert.deepEqual(names(), ['a', 'theirs']);
  assert.equal(await answerOf(b), '200 backend got /');
});

test('what another node made and this one cannot serve is told, and tried again at the next revision', async (t) => {
  const { node, control, clock, store, put, names, a, b } = await start(t);
  const failed = nextEvent(node, 'config.failed');
  await byAnotherNode(store, put('a', b));
  assert.match(String((await failed).data['message']), /object route 'a'/);
  assert.deepEqual(names(), ['a']);
  assert.equal(await answerOf(a), '200 backend got /');
  const again = nextEvent(node, 'config.failed');
  await control.alone(async () => {});
  clock.advance(RETRY_FIRST_MS);
  await again;
  assert.equal(control.stats().changes.nodes.refused, 2);
  const followed = nextEvent(node, 'config.applied');
  await byAnotherNode(store, { op: 'remove', kind: 'route', id: 'a' }, put('b', b));
  await followed;
  assert.deepEqual(names(), ['a', 'b']);
});

test('objects cannot be put on probation: they serve on every node', async (t) => {
  const { control, put, b } = await start(t);
  await assert.rejects(control.applyObjects([put('b', b)], { ...api, confirmMs: 1_000 }), {
    code: 'DCR_CONTROL_CONFIRM',
  });
});
