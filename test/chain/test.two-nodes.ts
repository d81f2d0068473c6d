/**
 * Two routers on one PostgreSQL: what is changed on one serves on the other, and a database that is away stops
 * nothing but changes.
 *
 * @module
 */
import { RouterProcess, createLogger, type TObjectChange } from '@dcrouter/dcrouter';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';
import { steadyPorts } from '../helpers/ports.ts';
import { postgresMissing, startPostgres, type IPostgres } from '../helpers/postgres.ts';

/** The contract: a change of one node serves on the others within two seconds. */
const FOLLOWED_WITHIN_MS = 2_000;
/** After the database is back; the longest wait of a node for its next try is 15 seconds. */
const RECOVERED_WITHIN_MS = 30_000;
const by = { by: 'token:test' } as const;
const skip = postgresMissing;

let server: IPostgres;
let backend: ReturnType<typeof createServer>;
let target: number;

before(async () => {
  if (skip !== false) return;
  server = await startPostgres();
  backend = createServer((_request, response) => response.end('here'));
  backend.listen(0, '127.0.0.1');
  await once(backend, 'listening');
  target = (backend.address() as AddressInfo).port;
});

after(async () => {
  if (skip !== false) return;
  await server.stop();
  backend.closeAllConnections();
  backend.close();
});

interface INode {
  readonly running: RouterProcess;
  /** Loopback addresses stand for machines: each node has the same port on its own. */
  readonly address: string;
  readonly http: number;
}

async function startNodes(t: TestContext, url: string): Promise<[INode, INode]> {
  const [http, ...api] = (await steadyPorts(3)) as [number, number, number];
  return [
    await startNode(t, { url, http, name: 'one', address: '127.0.0.1', api: api[0]! }),
    await startNode(t, { url, http, name: 'two', address: '127.0.0.2', api: api[1]! }),
  ];
}

async function startNode(
  t: TestContext,
  { url, http, name, address, api }: { url: string; http: number; name: string; address: string; api: number },
): Promise<INode> {
  const folder = await mkdtemp(join(tmpdir(), 'dcrouter-node-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'router.yaml');
  const document = {
    node: { name },
    api: { port: api },
    store: { type: 'postgres', url },
    proxy: { address, drainTimeoutMs: 100, routes: [route('own', http)] },
  };
  await writeFile(file, JSON.stringify(document));
  const running = await RouterProcess.start(file, { logger: createLogger({ level: 'silent', format: 'json' }) });
  t.after(() => running.stop());
  return { running, address, http };
}

function route(name: string, port: number) {
  return {
    name,
    match: { ports: port, domains: `${name}.test` },
    action: { type: 'forward', targets: [{ host: '127.0.0.1', port: target }] },
  };
}

function put(name: string, { http }: INode): TObjectChange {
  return { op: 'put', kind: 'route', id: name, value: route(name, http) };
}

function statusOf({ address, http }: INode, name: string): Promise<number> {
  return new Promise((resolve, reject) => {
    request({ host: address, port: http, agent: false, headers: { host: `${name}.test` } }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode!));
    })
      .on('error', reject)
      .end();
  });
}

/** Resolves when the node has taken over a revision of another one; rejects after the contract's time. */
async function followed({ running }: INode, withinMs: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const off = running.router.events.subscribe(['config.applied'], ({ data }) => {
    if (data['source'] === 'nodes') resolve();
  });
  const late = setTimeout(() => reject(new Error(`not followed within ${withinMs} ms`)), withinMs);
  await promise.finally(() => {
    off();
    clearTimeout(late);
  });
}

test('a route added on one node serves on the other within two seconds, and goes as fast', { skip }, async (t) => {
  const [one, two] = await startNodes(t, await server.createDatabase());
  assert.equal(await statusOf(two, 'fresh'), 404);
  const arrival = followed(two, FOLLOWED_WITHIN_MS);
  await one.running.control.applyObjects([put('fresh', one)], by);
  assert.equal(await statusOf(one, 'fresh'), 200);
  await arrival;
  assert.equal(await statusOf(two, 'fresh'), 200);
  const departure = followed(one, FOLLOWED_WITHIN_MS);
  await two.running.control.applyObjects([{ op: 'remove', kind: 'route', id: 'fresh' }], by);
  await departure;
  assert.equal(await statusOf(one, 'fresh'), 404);
  assert.equal(await statusOf(one, 'own'), 200);
});

test('changes of both nodes at the same time are all kept, and both nodes serve all of them', { skip }, async (t) => {
  const nodes = await startNodes(t, await server.createDatabase());
  const names = Array.from({ length: 10 }, (_, index) => `both${index}`);
  await Promise.all(
    names.map((name, index) => nodes[index % 2]!.running.control.applyObjects([put(name, nodes[0])], by)),
  );
  const revision = Math.max(...nodes.map(({ running }) => running.control.snapshot.revision));
  assert.equal(revision, names.length);
  for (const node of nodes) {
    while (node.running.control.snapshot.revision < revision) await followed(node, FOLLOWED_WITHIN_MS);
    for (const name of names) assert.equal(await statusOf(node, name), 200);
  }
});

test('a database that stops: traffic goes on, changes are refused, and all recovers by itself', { skip }, async (t) => {
  const url = await server.createDatabase();
  const nodes = await startNodes(t, url);
  const [one, two] = nodes;
  const arrival = followed(two, FOLLOWED_WITHIN_MS);
  await one.running.control.applyObjects([put('before', one)], by);
  await arrival;

  await server.halt('fast');
  for (const node of nodes) {
    const { control } = node.running;
    const before = control.snapshot;
    const document = { file: 'x', text: control.documentText(), source: 'rollback' } as const;
    await assert.rejects(control.applyObjects([put('during', one)], by), { code: 'DCR_STORE_UNAVAILABLE' });
    await assert.rejects(control.apply({ ...document, text: `${document.text}\n` }, by), {
      code: 'DCR_STORE_UNAVAILABLE',
    });
    assert.equal(control.snapshot, before);
    for (const name of ['own', 'before']) assert.equal(await statusOf(node, name), 200);
    assert.equal(await statusOf(node, 'during'), 404);
  }
  await server.resume();

  // Nobody does anything to the nodes: one of them can change again as soon as it reaches the database.
  const recovered = followed(two, RECOVERED_WITHIN_MS);
  for (let changed = false; !changed;) {
    changed = await one.running.control.applyObjects([put('after', one)], by).then(
      () => true,
      (error: unknown) => {
        assert.equal((error as { code?: string }).code, 'DCR_STORE_UNAVAILABLE');
        return false;
      },
    );
  }
  await recovered;
  for (const node of nodes) assert.equal(await statusOf(node, 'after'), 200);
});

test(
  'a database that is away at the start: the file serves, and the rest joins when it is back',
  { skip },
  async (t) => {
    const url = await server.createDatabase();
    const [one] = await startNodes(t, url);
    await one.running.control.applyObjects([put('shared', one)], by);
    await server.halt('fast');
    const [http, api] = (await steadyPorts(2)) as [number, number];
    const late = await startNode(t, { url, http, name: 'late', address: '127.0.0.3', api });
    assert.equal(await statusOf(late, 'own'), 200);
    assert.equal(late.running.control.stats().storeOpen, false);
    await assert.rejects(late.running.control.applyObjects([put('x', late)], by), { code: 'DCR_STORE_UNAVAILABLE' });
    const joined = followed(late, RECOVERED_WITHIN_MS);
    await server.resume();
    await joined;
    assert.equal(late.running.control.snapshot.revision, 1);
    assert.equal(await statusOf({ ...late, http: one.http }, 'shared'), 200);
    assert.equal(await statusOf(late, 'own'), 200);
  },
);
