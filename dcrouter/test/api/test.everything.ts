// A router that uses every section: its document goes round, a change that fails half-way leaves no trace, and all that
// tells numbers tells the same ones.
import assert from 'node:assert/strict';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { sum } from '../../../test/laws/sum.ts';
import { startEverything, type IEverything } from './everything.ts';

interface IApplied {
  readonly version: number;
  readonly code?: string;
  readonly detail?: string;
  readonly plan: {
    readonly differences: readonly unknown[];
    readonly effects: { readonly warnings: readonly string[] };
  };
}

interface IConfigAnswer {
  readonly version: number;
  readonly text: string;
  readonly config: object;
}

async function get({ http }: IEverything, host: string, path = '/', agent?: Agent): Promise<number> {
  const sent = request({ host: '127.0.0.1', port: http, path, agent: agent ?? false, headers: { host } });
  sent.end();
  const [response] = await once(sent, 'response');
  response.resume();
  await once(response, 'end');
  return response.statusCode;
}

function resolverOf({ dns }: IEverything): Resolver {
  const resolver = new Resolver({ tries: 1 });
  resolver.setServers([`127.0.0.1:${dns}`]);
  return resolver;
}

async function hitsOf({ ask }: IEverything, rule: string): Promise<number> {
  return (await ask<{ hits: number }>('GET', `rules/${rule}`)).body.hits;
}

test('what GET /config answers can be put back without a difference, as text and as it is served', async (t) => {
  const world = await startEverything(t);
  const { ask, text } = world;
  const { body } = await ask<IConfigAnswer>('GET', 'config');
  assert.equal(body.text, text);
  for (const document of [body.text, JSON.stringify(body.config)]) {
    const planned = await ask<IApplied>('PUT', 'config?dryRun=true', { body: { text: document } });
    assert.equal(planned.status, 200, JSON.stringify(planned.body));
    assert.deepEqual(planned.body.plan.differences, []);
    assert.deepEqual(planned.body.plan.effects.warnings, []);
  }
  const put = await ask<IApplied>('PUT', 'config', { body: { text: body.text } });
  assert.deepEqual([put.status, put.body.version], [200, 1], 'what says the same makes no version');
  // What is served says the same in other words: a version of its own, and nothing about it differs.
  const served = await ask<IApplied>('PUT', 'config', { body: { text: JSON.stringify(body.config) } });
  assert.deepEqual([served.status, served.body.plan.differences], [200, []]);
  assert.deepEqual((await ask<IConfigAnswer>('GET', 'config')).body.config, body.config);
});

test('a zone that cannot be signed takes back the routes, rules and records that went over before it', async (t) => {
  const world = await startEverything(t);
  const { ask, running, file, text } = world;
  const resolver = resolverOf(world);
  assert.equal(await get(world, 'app.example.test', '/admin'), 451);
  const before = {
    config: (await ask<IConfigAnswer>('GET', 'config')).body,
    hits: await hitsOf(world, 'admin'),
    ds: (await ask<{ items: unknown[] }>('GET', 'zones/signed.test/ds')).body.items,
  };
  assert.equal(before.hits, 1);
  const changed = text
    .replace('app.example.test, ', 'moved.example.test, ')
    .replace('status: 451', 'status: 410')
    .replace('hidden.example.test', 'app.example.test')
    .replace(
      '{ name: backend, type: A',
      '{ name: added, type: A, data: 192.0.2.1 }\n        - { name: backend, type: A',
    )
    // The keys are to lie in a folder that is a file.
    .replace(
      '    signed.test:',
      `    third.test:\n      nameservers: [ns1.signed.test]\n      dnssec: { keyFolder: ${file} }\n    signed.test:`,
    );
  const refused = await ask<IApplied>('PUT', 'config', { body: { text: changed } });
  assert.equal(refused.status, 409, JSON.stringify(refused.body));
  assert.match(refused.body.detail!, /^zone third\.test cannot be signed: ENOTDIR: .*router\.yaml/);

  assert.equal(await get(world, 'app.example.test'), 200);
  assert.equal(await get(world, 'moved.example.test'), 404);
  assert.equal(await get(world, 'app.example.test', '/admin'), 451);
  assert.deepEqual(await resolver.resolve4('app.example.test'), ['127.0.0.1']);
  await assert.rejects(resolver.resolve4('added.example.test'), { code: 'ENOTFOUND' });
  await assert.rejects(resolver.resolveSoa('third.test'), { code: 'EREFUSED' });
  assert.equal(await hitsOf(world, 'admin'), 2, 'a rule that came back has its hits');
  assert.deepEqual((await ask<{ items: unknown[] }>('GET', 'zones/signed.test/ds')).body.items, before.ds);
  assert.deepEqual((await ask<IConfigAnswer>('GET', 'config')).body, before.config);
  const versions = await ask<{ items: Array<{ version: number; state: string }> }>('GET', 'config/versions');
  assert.deepEqual(
    versions.body.items.map(({ version, state }) => [version, state]),
    [
      [2, 'failed'],
      [1, 'active'],
    ],
  );
  assert.equal(running.control.stats().changes.api.failed, 1);
  const again = await ask<IApplied>('PUT', 'config', { body: { text: changed.replace(file, './keys3') } });
  assert.equal(again.status, 200, JSON.stringify(again.body));
  assert.equal(await get(world, 'app.example.test'), 404);
  assert.equal((await resolver.resolveSoa('third.test')).nsname, 'ns1.signed.test');
});

test('counters, metrics, history, lists and access log tell the same numbers', { timeout: 30_000 }, async (t) => {
  const world = await startEverything(t);
  const { ask, folder } = world;
  const resolver = resolverOf(world);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (let index = 0; index < 5; index += 1)
    assert.equal(await get(world, 'app.example.test', `/${index}`, agent), 200);
  for (const host of ['a.apps.example.test', 'named.example.test']) assert.equal(await get(world, host), 200);
  for (const name of ['app.example.test', 'www.example.test']) await resolver.resolve4(name);
  await assert.rejects(resolver.resolve4('none.example.test'), { code: 'ENOTFOUND' });
  agent.destroy();
  const { router } = world.running;
  while (router.stats().proxy!.activeConnections > 0) await new Promise((resolve) => setImmediate(resolve));

  const { proxy, dns } = router.stats();
  assert.equal(proxy!.totals.requests, 7);
  assert.equal(proxy!.totals.connections, 3);
  assert.equal(sum(Object.values(proxy!.terminationReasons)), 3);
  const routes = await ask<{ items: Array<{ name: string; total: number; requests: number }> }>('GET', 'routes');
  assert.deepEqual(
    routes.body.items.map(({ name, total, requests }) => [name, total, requests]),
    [
      ['named', 1, 1],
      ['plain', 2, 6],
      ['secure', 0, 0],
    ],
  );
  const upstreams = await ask<{ items: Array<{ requests: number }> }>('GET', 'upstreams');
  assert.equal(sum(upstreams.body.items.map(({ requests }) => requests)), 7);
  const page = (await ask<string>('GET', '/metrics')).body;
  const metric = (name: string): number =>
    sum(
      page
        .split('\n')
        .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
        .map((line) => Number(line.slice(line.lastIndexOf(' ')))),
    );
  assert.equal(metric('dcrouter_proxy_requests_total'), 7);
  assert.equal(metric('dcrouter_dns_queries_total'), dns!.totals.received);

  // The second under way ends by itself.
  const series = ['proxy.requests', 'proxy.connections', 'dns.queries', 'proxy.route.requests:plain'];
  const wanted = [7, 3, dns!.totals.received, 6];
  let told: number[] = [];
  while (told.join() !== wanted.join()) {
    const now = Date.now();
    const { body } = await ask<{ series: Array<{ name: string; points: Array<number | null> }> }>(
      'GET',
      `stats/history?series=${series.join(',')}&from=${now - 60_000}&to=${now + 1_000}&step=1000`,
    );
    told = series.map((name) =>
      sum(body.series.find((one) => one.name === name)?.points.map((point) => point ?? 0) ?? []),
    );
    for (const [at, value] of told.entries()) assert.ok(value <= wanted[at]!, `${series[at]}: ${value}`);
  }

  await world.stop();
  const lines = readFileSync(join(folder, 'access.log'), 'utf8').trimEnd().split('\n');
  assert.equal(lines.length, proxy!.totals.requests);
  assert.ok(lines.every((line) => /^127\.0\.0\.1 - - \[[^\]]+\] "GET \/\S* HTTP\/1\.1" 200 \d+ "-" "-"$/.test(line)));
});

test('draining says so to load balancers only; after the stop nothing listens', async (t) => {
  const world = await startEverything(t);
  const { ask } = world;
  const probes = async (): Promise<number[]> =>
    await Promise.all(['/livez', '/readyz', '/healthz'].map(async (path) => (await ask('GET', path)).status));
  assert.deepEqual(await probes(), [200, 200, 200]);
  const { router } = world.running;
  router.readiness.set('draining');
  assert.deepEqual(await probes(), [200, 503, 503]);
  assert.equal(await get(world, 'app.example.test'), 200);
  assert.equal((await ask<{ ready: boolean }>('GET', 'status')).body.ready, false);
  await world.stop();
  for (const port of [world.api, world.http, world.https, world.dns]) {
    const socket = connect(port, '127.0.0.1');
    const [error] = await once(socket, 'error');
    assert.equal(error.code, 'ECONNREFUSED', String(port));
  }
});
