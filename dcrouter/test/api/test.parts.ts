// What other parts of the router offer, asked through the API: rules with their order and tests, restarts, drains.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { Registry } from '@dcrouter/metrics';
import { pino } from 'pino';
import { freePorts } from '../../../test/helpers/ports.ts';
import { ApiServer } from '../../ts/api/server.ts';
import type { IApiSources, ILifeCycle } from '../../ts/api/sources.ts';
import { configSchema, type TConfig } from '../../ts/config/schema/index.ts';
import type { IControl, IPlan } from '../../ts/control/types.ts';
import { EventBus } from '../../ts/events/bus.ts';
import { LogTail } from '../../ts/log/tail.ts';
import type { IRuleEngine } from '../../ts/rules/types.ts';
import { StoreUnavailableError } from '../../ts/store/errors.ts';
import { MemoryStore } from '../../ts/store/memory.ts';
import type { IStore, IStoredObject, TJson, TObjectChange } from '../../ts/store/types.ts';
import { asker } from './world.ts';

const NO_PLAN: IPlan = {
  differences: [],
  effects: {
    portsOpened: [],
    portsClosed: [],
    namesLost: [],
    namesGained: [],
    certificatesNeeded: [],
    needsRestart: [],
    warnings: [],
  },
};

/** A control plane over a store that keeps objects and validates nothing. */
class PlainControl implements Partial<IControl> {
  readonly #store: IStore;
  readonly changes: TObjectChange[] = [];
  objects: IStoredObject[] = [];
  snapshot: IControl['snapshot'];
  readonly pendingRestart: readonly string[] = [];

  constructor(config: TConfig, store: IStore) {
    this.#store = store;
    this.snapshot = { version: 1, revision: 0, config, appliedAtMs: 0, by: 'file' };
  }

  async planObjects(): Promise<IPlan> {
    return NO_PLAN;
  }

  async applyObjects(changes: readonly TObjectChange[], options: Parameters<IControl['applyObjects']>[1]) {
    options.guard?.(this.snapshot);
    const audit = { actor: options.by, action: 'test', target: 'x', outcome: 'done', detail: null } as const;
    await this.#store.objects.change(changes, this.snapshot.revision, audit);
    const { revision, objects } = await this.#store.objects.load();
    this.objects = [...objects];
    this.changes.push(...changes);
    this.snapshot = { ...this.snapshot, revision };
    return { snapshot: this.snapshot, plan: NO_PLAN };
  }
}

const RULES = [
  { name: 'deny-admin', when: 'http.path == "/admin"', action: { type: 'deny' }, priority: 5 },
  { name: 'tag-all', when: 'true', action: { type: 'tag', tag: 'x' }, priority: 1 },
  { name: 'own', when: 'true', action: { type: 'allow' } },
];

async function startApi(t: TestContext, more: Partial<IApiSources> = {}) {
  const [port] = (await freePorts(1)) as [number];
  const config = configSchema.parse({ api: { port }, rules: { rules: RULES } });
  const store = new MemoryStore();
  const control = new PlainControl(config, store);
  await control.applyObjects(
    RULES.slice(0, 2).map(({ name, ...value }) => ({ op: 'put', kind: 'rule', id: name, value: value as TJson })),
    { by: 'test' },
  );
  control.changes.length = 0;
  const nothing = (): null => null;
  const server = new ApiServer(
    {
      registry: new Registry(),
      logger: pino({ level: 'silent' }),
      events: new EventBus(),
      tail: new LogTail(),
      startedAtMs: 1,
      ready: () => true,
      stats: () => ({ proxy: null, dns: null }),
      addresses: () => ({}),
      config: () => config,
      control: () => control as Partial<IControl> as IControl,
      store: () => store,
      proxy: nothing,
      dns: nothing,
      rules: nothing,
      health: nothing,
      resolve: nothing,
      history: nothing,
      lifeCycle: nothing,
      ...more,
    },
    { config: config.api },
  );
  await server.start();
  t.after(() => server.stop());
  return { control, store, ask: asker(`http://127.0.0.1:${port}`) };
}

const engine: Pick<IRuleEngine, 'list' | 'test' | 'recent'> = {
  list: () =>
    RULES.map((rule, at) => ({
      enabled: true,
      priority: 0,
      ...rule,
      order: at + 1,
      stages: ['request'],
      hits: at * 10,
    })) as never,
  test: (facts) => {
    if (facts.client?.ip === 'nonsense') throw new RangeError("client.ip: 'nonsense' is no address");
    return { stage: 'request', rules: [], decision: 'deny', decidedBy: 'deny-admin', effects: [] };
  },
  recent: (limit = 10) => [{ id: 1, stage: 'request', atMs: 5, decision: 'allow' } as const].slice(0, limit),
};
const rules = (): IRuleEngine => engine as IRuleEngine;

test('rules are listed by name with order and hits, and each with its origin', async (t) => {
  const { ask } = await startApi(t, { rules });
  const { body } = await ask<{ items: Array<Record<string, unknown>> }>('GET', 'rules');
  assert.deepEqual(
    body.items.map(({ name, origin, order, hits }) => [name, origin, order, hits]),
    [
      ['deny-admin', 'object', 1, 0],
      ['own', 'document', 3, 20],
      ['tag-all', 'object', 2, 10],
    ],
  );
  const one = await ask<{ rule: { when: string } }>('GET', 'rules/tag-all');
  assert.equal(one.body.rule.when, 'true');
  assert.ok(one.headers.get('etag') !== null);
  assert.equal((await ask('GET', 'rules/none')).status, 404);
});

test('an order is written as priorities in one change; rules of the document are not touched', async (t) => {
  const { ask, control } = await startApi(t, { rules });
  const done = await ask('POST', 'rules/reorder', { body: { names: ['tag-all', 'deny-admin'], base: 100 } });
  assert.equal(done.status, 200, JSON.stringify(done.body));
  assert.deepEqual(
    control.changes.map((change) => [
      change.id,
      change.op === 'put' && (change.value as { priority: number }).priority,
    ]),
    [
      ['tag-all', 110],
      ['deny-admin', 100],
    ],
  );
  assert.equal((await ask('POST', 'rules/reorder', { body: { names: ['own'] } })).status, 409);
  assert.equal((await ask('POST', 'rules/reorder', { body: { names: ['none'] } })).status, 404);
  assert.equal((await ask('POST', 'rules/reorder', { body: { names: ['tag-all', 'tag-all'] } })).status, 409);
  assert.equal(control.changes.length, 2);
});

test('a test tells what would be decided about given or recorded facts', async (t) => {
  const { ask } = await startApi(t, { rules });
  const given = await ask<{ items: Array<{ explanation: { decidedBy: string } }> }>('POST', 'rules/test', {
    body: { facts: { http: { path: '/admin' } } },
  });
  assert.equal(given.body.items[0]!.explanation.decidedBy, 'deny-admin');
  const recorded = await ask<{ items: Array<{ facts: { id: number } }> }>('POST', 'rules/test', {
    body: { recorded: 5 },
  });
  assert.deepEqual(
    recorded.body.items.map(({ facts }) => facts.id),
    [1],
  );
  assert.equal((await ask('POST', 'rules/test', { body: {} })).status, 400);
  const wrong = await ask<{ detail: string }>('POST', 'rules/test', {
    body: { facts: { client: { ip: 'nonsense' } } },
  });
  assert.deepEqual([wrong.status, wrong.body.detail], [400, "client.ip: 'nonsense' is no address"]);
});

test('restart and drain reach the process, and a new process that fails is told and noted', async (t) => {
  const asked: string[] = [];
  let fails = false;
  const lifeCycle = (): ILifeCycle => ({
    restart: async () => {
      asked.push('restart');
      if (fails) throw new Error('the new process ended with code 1');
    },
    drain: () => void asked.push('drain'),
    live: async () => false,
  });
  const { ask } = await startApi(t, { lifeCycle });
  assert.equal((await ask('POST', 'drain')).status, 200);
  assert.equal((await ask('POST', 'restart')).status, 200);
  fails = true;
  const failed = await ask<{ code: string; detail: string }>('POST', 'restart');
  assert.deepEqual(
    [failed.status, failed.body.code, failed.body.detail],
    [502, 'DCR_API_RESTART', 'the new process ended with code 1'],
  );
  assert.deepEqual(asked, ['drain', 'restart', 'restart']);
  const audit = await ask<{ items: Array<{ action: string; outcome: string }> }>('GET', 'audit');
  assert.deepEqual(
    audit.body.items.slice(0, 4).map(({ action, outcome }) => `${action} ${outcome}`),
    // What fails was asked for, too.
    ['process.restart failed', 'process.restart done', 'process.restart done', 'process.drain done'],
  );
  assert.equal((await ask('GET', '/livez')).status, 503, 'the event loop does not turn in time');
  assert.equal((await ask('GET', '/readyz')).status, 200);
});

test('while the store is away, changes and unknown tokens are refused with 503; tokens used lately are let in', async (t) => {
  let away = false;
  const store = new MemoryStore();
  const gone = async (): Promise<never> => {
    throw new StoreUnavailableError('the store is away');
  };
  const tokens: IStore['tokens'] = {
    create: (token) => store.tokens.create(token),
    remove: (id) => store.tokens.remove(id),
    touch: (id, atMs) => store.tokens.touch(id, atMs),
    bySecretHash: (hash) => (away ? gone() : store.tokens.bySecretHash(hash)),
    list: (page) => (away ? gone() : store.tokens.list(page)),
  };
  const seen: Partial<IStore> = {
    dialect: 'memory',
    node: 'n',
    tokens,
    audit: store.audit,
    withLock: (name, work) => store.withLock(name, work),
    stats: () => ({ ...store.stats(), reachable: !away }),
  };
  const { ask } = await startApi(t, { store: () => seen as IStore });
  const made = await ask<{ secret: string }>('POST', 'tokens', { body: { name: 'a', scopes: ['admin'] } });
  const token = made.body.secret;
  assert.equal((await ask('GET', 'routes', { token })).status, 200);
  away = true;
  assert.equal((await ask('GET', 'routes', { token })).status, 200, 'it was used a moment ago');
  const unknown = await ask<{ code: string }>('GET', 'routes', { token: `dcr_${'B'.repeat(43)}` });
  assert.deepEqual([unknown.status, unknown.body.code], [503, 'DCR_STORE_UNAVAILABLE']);
  assert.ok(Number(unknown.headers.get('retry-after')) > 0);
  assert.equal((await ask('GET', 'routes')).status, 401, 'the door does not open because the store is away');
  const status = await ask<{ warnings: string[] }>('GET', 'status', { token });
  assert.match(status.body.warnings[0]!, /the store is away/);
});
