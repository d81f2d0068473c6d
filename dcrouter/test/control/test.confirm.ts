import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { RETRY_FIRST_MS } from '../../ts/control/limits.ts';
import { startBackend } from './backend.ts';
import { faultyStore } from './faulty-store.ts';
import { HandClock } from './hand-clock.ts';
import { answerOf, documentOf, nextEvent, ports, startNode } from './node.ts';

async function start(t: TestContext) {
  const [apiPort, a, b] = await ports(3);
  const backend = await startBackend(t, 'backend');
  const clock = new HandClock();
  const store = faultyStore();
  const text = (name: string, port: number): string => documentOf(apiPort!, [{ name, port, target: backend.port }]);
  const node = await startNode(t, text('a', a!), { clock, store });
  const { control } = node.running;
  const apply = (document: string, confirmMs?: number) =>
    control.apply({ file: 'x', text: document, source: 'api' }, { by: 'token:test', ...(confirmMs && { confirmMs }) });
  const states = async () =>
    (await store.versions.list()).items.map(({ version, state, by }) => `${version} ${state} ${by}`);
  return { node, control, clock, store, apply, states, text, a: a!, b: b! };
}

test('a change that nobody confirms in time is taken back, as a version of its own', async (t) => {
  const { node, control, clock, apply, states, text, a, b } = await start(t);
  const applied = await apply(text('b', b), 60_000);
  assert.equal(applied.confirmByMs, clock.nowMs() + 60_000);
  assert.equal(control.stats().confirmByMs, applied.confirmByMs);
  assert.deepEqual((await states())[0], '2 unconfirmed token:test');
  assert.equal(await answerOf(b), '200 backend got /');

  clock.advance(59_999);
  assert.equal(control.snapshot.version, 2, 'not a moment too early');
  const reverted = nextEvent(node, 'config.reverted');
  const back = nextEvent(node, 'config.applied');
  clock.advance(1);
  assert.deepEqual((await reverted).data, { version: 2, now: 3, by: 'system' });
  assert.equal((await back).data['by'], 'system');
  assert.equal(control.snapshot.version, 3);
  assert.equal(control.snapshot.by, 'system');
  assert.equal(control.documentText(), text('a', a));
  assert.equal(await answerOf(a), '200 backend got /');
  assert.equal(await answerOf(b), 'ECONNREFUSED');
  assert.deepEqual(await states(), ['3 active system', '2 reverted token:test', '1 superseded file']);
  assert.equal(control.stats().reverted, 1);
  assert.equal(control.stats().confirmByMs, undefined);
  await assert.rejects(control.confirm('cli'), { code: 'DCR_CONTROL_UNCONFIRMED' });
});

test('a change that is confirmed stays', async (t) => {
  const { node, control, clock, apply, states, text, b } = await start(t);
  await apply(text('b', b), 60_000);
  const snapshot = await control.confirm('cli');
  assert.equal(snapshot.version, 2);
  assert.deepEqual(node.told.at(-1)?.data, { version: 2, by: 'cli' });
  clock.advance(120_000);
  await control.alone(async () => {});
  assert.equal(control.snapshot.version, 2);
  assert.deepEqual(await states(), ['2 active token:test', '1 superseded file']);
  assert.equal(control.stats().confirmed, 1);
  assert.equal(control.stats().reverted, 0);
});

test('a later change that needs no confirmation ends the waiting', async (t) => {
  const { control, clock, apply, states, text, a, b } = await start(t);
  await apply(text('b', b), 60_000);
  await apply(text('c', a));
  clock.advance(120_000);
  await control.alone(async () => {});
  assert.equal(control.snapshot.config.proxy?.routes[0]?.name, 'c');
  assert.equal((await states())[0], '3 active token:test');
  assert.ok(!(await states()).some((state) => state.includes('unconfirmed')));
});

test('of two unconfirmed changes after another, the last confirmed one is what serves again', async (t) => {
  const { node, control, clock, apply, states, text, a, b } = await start(t);
  await apply(text('b', b), 60_000);
  await apply(text('c', b), 60_000);
  const reverted = nextEvent(node, 'config.reverted');
  clock.advance(60_000);
  assert.equal((await reverted).data['version'], 3);
  assert.equal(control.documentText(), text('a', a));
  assert.equal((await states())[0], '4 active system');
  assert.ok(!(await states()).some((state) => state.includes('unconfirmed')));
});

test('a change is taken back also while the store is away, which is told later', async (t) => {
  const { node, control, clock, store, apply, states, text, a, b } = await start(t);
  await apply(text('b', b), 60_000);
  store.away = true;
  const reverted = nextEvent(node, 'config.reverted');
  clock.advance(60_000);
  await reverted;
  assert.equal(await answerOf(a), '200 backend got /');
  assert.equal(await answerOf(b), 'ECONNREFUSED');
  assert.equal(control.snapshot.version, 1);
  await assert.rejects(apply(text('c', b)), { code: 'DCR_STORE_UNAVAILABLE' });
  store.away = false;
  await apply(text('c', b));
  assert.deepEqual(await states(), ['3 active token:test', '2 reverted token:test', '1 superseded file']);
});

test('a taking back that fails is tried again until it is done', async (t) => {
  const { node, control, clock, store, apply, text, a, b } = await start(t);
  await apply(text('b', b), 60_000);
  store.before('versions.append', () => {
    throw new Error('the disk is full');
  });
  const failed = nextEvent(node, 'config.failed');
  clock.advance(60_000);
  await failed;
  await control.alone(async () => {});
  assert.equal(control.snapshot.version, 2);
  const reverted = nextEvent(node, 'config.reverted');
  clock.advance(RETRY_FIRST_MS);
  await reverted;
  assert.equal(control.documentText(), text('a', a));
});

test('a time to confirm may be the default for what comes through the API', async (t) => {
  const [apiPort] = await ports(1);
  const clock = new HandClock();
  const text = (level: string): string =>
    JSON.stringify({ api: { port: apiPort }, control: { confirmDefaultMs: 5_000 }, logging: { level } });
  const node = await startNode(t, text('info'), { clock });
  const { control } = node.running;
  const by = { by: 'token:test' };
  const applied = await control.apply({ file: 'x', text: text('warn'), source: 'api' }, by);
  assert.equal(applied.confirmByMs, clock.nowMs() + 5_000);
  const final = { ...by, confirmMs: 0 };
  assert.equal((await control.apply({ file: 'x', text: text('error'), source: 'api' }, final)).confirmByMs, undefined);
  const endless = { ...by, confirmMs: Number.MAX_SAFE_INTEGER };
  await assert.rejects(control.apply({ file: 'x', text: text('info'), source: 'api' }, endless), {
    code: 'DCR_CONTROL_CONFIRM',
  });
});
