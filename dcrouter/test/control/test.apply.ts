import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { Agent, request, type IncomingMessage } from 'node:http';
import { connect, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { readUntil } from '../../../test/helpers/counting-client.ts';
import { answerOf, documentOf, ports, startNode, type IRouteOfTest } from './node.ts';
import { startBackend } from './backend.ts';

const api = { by: 'token:test' } as const;

function get(agent: Agent, port: number, path: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request({ agent, host: '127.0.0.1', port, path }, resolve).on('error', reject).end();
  });
}

async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return text;
}

test('a change adds a route and a port, takes others away, and leaves what is open on the rest alone', async (t) => {
  const [apiPort, kept, gone, fresh] = await ports(4);
  const backend = await startBackend(t, 'backend');
  const target = backend.port;
  const keep: IRouteOfTest = { name: 'keep', port: kept!, target };
  const first = documentOf(apiPort!, [keep, { name: 'old', port: gone!, target }]);
  const node = await startNode(t, first);
  const { control, router } = node.running;

  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  assert.equal(await textOf(await get(agent, kept!, '/one')), 'backend got /one');
  const [keepAlive] = Object.values(agent.freeSockets).flat();
  const socket = connect(kept!, '127.0.0.1');
  t.after(() => socket.destroy());
  socket.write('GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n');
  await readUntil(socket, /101 Switching Protocols[\s\S]*\r\n\r\n/);
  const download = await get(new Agent(), kept!, '/slow');
  const slow = await backend.slow;
  assert.equal(await answerOf(gone!), '200 backend got /');

  const next = documentOf(apiPort!, [keep, { name: 'new', port: fresh!, target }]);
  const applied = await control.apply({ file: node.file, text: next, source: 'api' }, api);
  assert.deepEqual(applied.plan.effects.portsOpened, [fresh]);
  assert.deepEqual(applied.plan.effects.portsClosed, [gone]);
  assert.equal(control.snapshot, applied.snapshot);
  assert.equal(applied.snapshot.version, 2);
  assert.equal(router.config, applied.snapshot.config);
  assert.equal(control.documentText(), next);

  assert.equal(await answerOf(fresh!), '200 backend got /');
  assert.equal(await answerOf(gone!), 'ECONNREFUSED');
  assert.equal(await textOf(await get(agent, kept!, '/two')), 'backend got /two');
  const [same] = Object.values(agent.freeSockets).flat();
  assert.equal(same, keepAlive, 'the kept-alive connection is still the one');
  socket.write('hello');
  assert.equal(await readUntil(socket, /hello/), 'hello');
  slow.end('end');
  assert.equal(await textOf(download), 'begin end');

  const { items } = await control.history();
  assert.deepEqual(
    items.map(({ version, state, source, by }) => [version, state, source, by]),
    [
      [2, 'active', 'api', 'token:test'],
      [1, 'superseded', 'file', 'file'],
    ],
  );
  const [event] = node.told;
  assert.equal(event?.kind, 'config.applied');
  assert.deepEqual(event.data['paths'], ['proxy.routes[old]', 'proxy.routes[new]']);
  assert.equal(control.stats().changes.api.applied, 1);
  const audit = (await control.store!.audit.list()).items;
  assert.deepEqual(
    audit.map(({ actor, action, target, outcome }) => [actor, action, target, outcome]),
    [['token:test', 'config.apply', 'version 2', 'done']],
  );
});

test('a snapshot is never changed, only replaced', async (t) => {
  const [apiPort] = await ports(1);
  const node = await startNode(t, documentOf(apiPort!, []));
  const { snapshot } = node.running.control;
  assert.throws(() => {
    (snapshot.config.api as { port: number }).port = 1;
  }, TypeError);
  assert.throws(() => snapshot.config.proxy!.routes.push({} as never), TypeError);
});

test('a document that is not valid changes nothing, and is counted, told and audited', async (t) => {
  const [apiPort, port] = await ports(2);
  const backend = await startBackend(t, 'backend');
  const text = documentOf(apiPort!, [{ name: 'a', port: port!, target: backend.port }]);
  const node = await startNode(t, text);
  const { control } = node.running;
  const before = control.snapshot;
  const bad = documentOf(apiPort!, [{ name: 'a', port: 99_999, target: backend.port }]);
  const document = { file: 'sent.json', text: bad, source: 'api' } as const;
  await assert.rejects(control.plan(document), { code: 'DCR_CONFIG_INVALID' });
  await assert.rejects(control.apply(document, api), {
    message: /^sent\.json:1:\d+: proxy\.routes\[0\]\.match\.ports/,
  });
  assert.equal(control.snapshot, before);
  assert.equal(await answerOf(port!), '200 backend got /');
  assert.equal(control.stats().changes.api.refused, 1);
  assert.equal(control.stats().lastFailureAtMs !== undefined, true);
  assert.equal((await control.history()).items.length, 1, 'what is no configuration becomes no version');
  const [event] = node.told;
  assert.equal(event?.kind, 'config.failed');
  assert.equal(event.data['code'], 'DCR_CONFIG_INVALID');
  const [entry] = (await control.store!.audit.list()).items;
  assert.deepEqual([entry?.action, entry?.outcome], ['config.apply', 'refused']);
});

test('a document whose port is busy changes nothing: the same ports, and the history says failed', async (t) => {
  const [apiPort, port, other] = await ports(3);
  const backend = await startBackend(t, 'backend');
  const zones = { 'example.test': { records: [{ name: '@', type: 'NS', data: 'ns1.example.test' }] } };
  const busy = createServer().listen(0, '127.0.0.1');
  await once(busy, 'listening');
  t.after(() => busy.close());
  const taken = (busy.address() as { port: number }).port;
  const target = backend.port;
  const node = await startNode(t, documentOf(apiPort!, [{ name: 'a', port: port!, target }]));
  const { control, router } = node.running;
  const before = control.snapshot;
  const text = documentOf(
    apiPort!,
    [
      { name: 'b', port: other!, target },
      { name: 'c', port: taken, target },
    ],
    { dns: { address: '127.0.0.1', port: 5353, zones } },
  );
  await assert.rejects(control.apply({ file: 'x', text, source: 'api' }, api), { code: 'DCR_START_FAILED' });
  assert.equal(control.snapshot, before);
  assert.equal(router.config, before.config);
  assert.deepEqual(router.proxy?.getListeningPorts(), [port]);
  assert.equal(await answerOf(port!), '200 backend got /');
  assert.equal(await answerOf(other!), 'ECONNREFUSED');
  const { items } = await control.history();
  assert.deepEqual(
    items.map(({ version, state }) => [version, state]),
    [
      [2, 'failed'],
      [1, 'active'],
    ],
  );
  assert.equal(control.stats().changes.api.failed, 1);
  assert.equal(control.stats().changes.api.applied, 0);
});

test('a later part that refuses brings those before it back', async (t) => {
  const [apiPort, port, other] = await ports(3);
  const backend = await startBackend(t, 'backend');
  const busy = createServer().listen(0, '127.0.0.1');
  await once(busy, 'listening');
  t.after(() => busy.close());
  const taken = (busy.address() as { port: number }).port;
  const target = backend.port;
  const node = await startNode(t, documentOf(apiPort!, [{ name: 'a', port: port!, target }]));
  const { control } = node.running;
  const text = documentOf(apiPort!, [{ name: 'b', port: other!, target }], {
    dns: { address: '127.0.0.1', port: taken },
  });
  await assert.rejects(control.apply({ file: 'x', text, source: 'api' }, api), /the DNS server cannot/);
  assert.equal(await answerOf(port!), '200 backend got /');
  assert.equal(await answerOf(other!), 'ECONNREFUSED');
});

test('sections come and go while the router runs', async (t) => {
  const [apiPort, port, dnsPort] = await ports(3);
  const backend = await startBackend(t, 'backend');
  const node = await startNode(t, JSON.stringify({ api: { port: apiPort } }));
  const { control, router } = node.running;
  const records = [{ name: '@', type: 'NS', data: 'ns1.example.test' }];
  const dns = { address: '127.0.0.1', port: dnsPort, zones: { 'example.test': { records } } };
  const whole = documentOf(apiPort!, [{ name: 'a', port: port!, target: backend.port }], { dns });
  const bare = JSON.stringify({ api: { port: apiPort } });
  for (let round = 0; round < 2; round += 1) {
    await control.apply({ file: 'x', text: whole, source: 'api' }, api);
    assert.equal(await answerOf(port!), '200 backend got /');
    assert.equal(router.dns?.addresses.tcp?.port, dnsPort);
    await control.apply({ file: 'x', text: bare, source: 'api' }, api);
    assert.equal(await answerOf(port!), 'ECONNREFUSED');
    assert.equal(router.dns?.addresses.tcp, undefined);
  }
  assert.deepEqual(control.pendingRestart, []);
});

test('settings that need a restart are applied, listed, and leave the list when they go back', async (t) => {
  const [apiPort, other] = await ports(2);
  const node = await startNode(t, JSON.stringify({ api: { port: apiPort } }));
  const { control } = node.running;
  const to = (port: number) =>
    control.apply({ file: 'x', text: JSON.stringify({ api: { port } }), source: 'api' }, api);
  const applied = await to(other!);
  assert.deepEqual(applied.plan.effects.needsRestart, ['api.port']);
  assert.deepEqual(control.pendingRestart, ['api.port']);
  assert.equal(control.stats().pendingRestart, 1);
  await to(apiPort!);
  assert.deepEqual(control.pendingRestart, []);
});

test('a rollback applies an earlier document as a new version', async (t) => {
  const [apiPort, a, b] = await ports(3);
  const backend = await startBackend(t, 'backend');
  const target = backend.port;
  const first = documentOf(apiPort!, [{ name: 'a', port: a!, target }]);
  const node = await startNode(t, first);
  const { control } = node.running;
  const text = documentOf(apiPort!, [{ name: 'b', port: b!, target }]);
  await control.apply({ file: 'x', text, source: 'api' }, api);
  const { snapshot } = await control.rollback(1, api);
  assert.equal(snapshot.version, 3);
  assert.equal(control.documentText(), first);
  assert.equal(await answerOf(a!), '200 backend got /');
  assert.equal(await answerOf(b!), 'ECONNREFUSED');
  const stored = await control.version(3);
  assert.deepEqual([stored?.source, stored?.comment, stored?.state], ['rollback', 'back to version 1', 'active']);
  await assert.rejects(control.rollback(99, api), { code: 'DCR_CONTROL_NO_VERSION' });
});

test('a version holds what it includes, so that a rollback is to what served then', async (t) => {
  const [apiPort] = await ports(1);
  const node = await startNode(t, documentOf(apiPort!, []));
  const { control } = node.running;
  const included = join(dirname(node.file), 'level.yaml');
  const text = `{ "include": "level.yaml", "api": { "port": ${apiPort} } }`;
  await writeFile(included, 'logging: { level: warn }');
  const { snapshot } = await control.apply({ file: node.file, text, source: 'api' }, api);
  assert.equal(snapshot.config.logging.level, 'warn');
  await writeFile(included, 'logging: { level: error }');
  const next = await control.apply({ file: node.file, text, source: 'api' }, api);
  assert.equal(next.snapshot.config.logging.level, 'error');
  const back = await control.rollback(snapshot.version, api);
  assert.equal(back.snapshot.config.logging.level, 'warn');
});

test('a reload of a file that says the same makes no version', async (t) => {
  const [apiPort] = await ports(1);
  const node = await startNode(t, documentOf(apiPort!, []));
  const { control } = node.running;
  const before = control.snapshot;
  assert.equal((await control.reload('signal')).snapshot, before);
  assert.equal((await control.history()).items.length, 1);
  assert.equal(control.stats().changes.file.unchanged, 1);
});

test('changes that come at the same time are made one after another', async (t) => {
  const [apiPort, port] = await ports(2);
  const backend = await startBackend(t, 'backend');
  const node = await startNode(t, documentOf(apiPort!, []));
  const { control } = node.running;
  const all = Array.from({ length: 20 }, (_, index) => {
    const text = documentOf(apiPort!, [{ name: `r${index}`, port: port!, target: backend.port }]);
    return control.apply({ file: 'x', text, source: 'api' }, api);
  });
  const versions = (await Promise.all(all)).map(({ snapshot }) => snapshot.version);
  assert.deepEqual(
    versions,
    Array.from({ length: 20 }, (_, index) => index + 2),
  );
  assert.equal(control.snapshot.config.proxy?.routes[0]?.name, 'r19');
  const states = (await control.history()).items.map(({ state }) => state);
  assert.deepEqual(states, ['active', ...Array.from({ length: 20 }, () => 'superseded')]);
});
