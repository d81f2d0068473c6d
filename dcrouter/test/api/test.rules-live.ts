// Rules end to end: made through the API, seen by a client of the proxy and of the DNS server, counted, explained,
// ordered and taken away, on the engine that serves.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Resolver } from 'node:dns/promises';
import { request, type IncomingHttpHeaders } from 'node:http';
import { test } from 'node:test';
import { startWorld, type IWorld } from './world.ts';

const DOCUMENT_RULES = `rules:
  record: 20
  lists: { hidden: [hidden.example.test] }
  rules:
    - { name: hidden, when: dns.qname in @hidden, action: { type: deny, answer: NXDOMAIN } }
`;

interface IRuleAnswer {
  readonly name: string;
  readonly origin: string;
  readonly order: number;
  readonly hits: number;
  readonly stages: readonly string[];
}

interface IExplained {
  readonly explanation: { readonly decision: string; readonly decidedBy?: string };
}

async function get(
  { proxyPort }: IWorld,
  path: string,
): Promise<{ readonly status: number; readonly headers: IncomingHttpHeaders }> {
  const sent = request({
    host: '127.0.0.1',
    port: proxyPort,
    path,
    agent: false,
    headers: { host: 'shop.example.test' },
  });
  sent.end();
  const [response] = await once(sent, 'response');
  response.resume();
  await once(response, 'end');
  return { status: response.statusCode, headers: response.headers };
}

function resolverOf({ process }: IWorld): Resolver {
  const resolver = new Resolver({ tries: 1 });
  resolver.setServers([`127.0.0.1:${process.router.config.dns!.port}`]);
  return resolver;
}

async function put({ ask }: IWorld, name: string, rule: object): Promise<void> {
  const { status, body } = await ask('PUT', `rules/${name}`, { body: rule });
  assert.equal(status, 200, JSON.stringify(body));
}

async function rulesByOrder({ ask }: IWorld): Promise<string[]> {
  const { body } = await ask<{ items: IRuleAnswer[] }>('GET', 'rules');
  return body.items.toSorted((one, other) => one.order - other.order).map(({ name }) => name);
}

async function hitsOf({ ask }: IWorld, name: string): Promise<number> {
  return (await ask<IRuleAnswer>('GET', `rules/${name}`)).body.hits;
}

test('a rule decides about requests from the answer to its PUT to the answer to its DELETE', async (t) => {
  const world = await startWorld(t, { more: DOCUMENT_RULES });
  const { ask } = world;
  const rule = { when: 'http.path under "/admin"', action: { type: 'deny', status: 451 } };
  assert.equal((await ask('PUT', 'rules/admin?dryRun=true', { body: rule })).status, 200);
  assert.equal((await get(world, '/admin')).status, 200, 'a dry run changes nothing');

  await put(world, 'admin', rule);
  assert.equal((await get(world, '/admin/users')).status, 451);
  assert.equal((await get(world, '/')).status, 200);
  const shown = await ask<IRuleAnswer>('GET', 'rules/admin');
  assert.deepEqual(
    [shown.body.origin, shown.body.hits, shown.body.stages, shown.body.order],
    ['object', 1, ['request'], 2],
  );

  // Another rule under the same name, and one that is switched off.
  await put(world, 'admin', { ...rule, action: { type: 'redirect', to: 'https://login.example.test{http.path}' } });
  const sent = await get(world, '/admin/users');
  assert.deepEqual([sent.status, sent.headers.location], [302, 'https://login.example.test/admin/users']);
  await put(world, 'admin', { ...rule, enabled: false });
  assert.equal((await get(world, '/admin/users')).status, 200);
  await put(world, 'admin', rule);
  assert.equal((await get(world, '/admin/users')).status, 451);

  assert.equal((await ask('DELETE', 'rules/admin')).status, 200);
  assert.equal((await get(world, '/admin/users')).status, 200);
  assert.equal((await ask('GET', 'rules/admin')).status, 404);
  const audit = await ask<{ items: Array<{ action: string; target: string }> }>('GET', 'audit');
  assert.deepEqual(
    audit.body.items.map(({ action, target }) => [action, target]),
    [['rule.remove', 'admin'], ...Array.from({ length: 4 }, () => ['rule.put', 'admin'])],
  );
});

test('a rule decides about queries, and what it denied is counted where it was denied', async (t) => {
  const world = await startWorld(t, { more: DOCUMENT_RULES });
  const resolver = resolverOf(world);
  assert.deepEqual(await resolver.resolve4('shop.example.test'), ['127.0.0.1']);
  await put(world, 'no-shop', { when: 'dns.qname == "shop.example.test"', action: { type: 'deny' } });
  await assert.rejects(resolver.resolve4('shop.example.test'), { code: 'EREFUSED' });
  await assert.rejects(resolver.resolve4('hidden.example.test'), { code: 'ENOTFOUND' });
  assert.deepEqual([await hitsOf(world, 'no-shop'), await hitsOf(world, 'hidden')], [1, 1]);
  assert.equal((await world.ask('DELETE', 'rules/no-shop')).status, 200);
  assert.deepEqual(await resolver.resolve4('shop.example.test'), ['127.0.0.1']);
  const { body } = await world.ask<string>('GET', '/metrics');
  const hits = body.split('\n').filter((line) => line.startsWith('dcrouter_rule_hits_total{'));
  assert.deepEqual(hits, ['dcrouter_rule_hits_total{rule="hidden",action="deny"} 1']);
});

test('a test says what the next request meets, of given facts and of recorded ones, and counts nothing', async (t) => {
  const world = await startWorld(t, { more: DOCUMENT_RULES });
  await put(world, 'admin', { when: 'http.path under "/admin"', action: { type: 'deny', status: 404 } });
  await put(world, 'mark', {
    when: 'true',
    stages: ['request'],
    priority: 5,
    action: { type: 'set-header', message: 'response', name: 'x-marked', value: 'yes' },
  });
  const given = await world.ask<{ items: IExplained[] }>('POST', 'rules/test', {
    body: { facts: { client: { ip: '192.0.2.7' }, http: { method: 'GET', path: '/admin' } } },
  });
  assert.equal(given.status, 200, JSON.stringify(given.body));
  assert.deepEqual(
    [given.body.items[0]!.explanation.decision, given.body.items[0]!.explanation.decidedBy],
    ['deny', 'admin'],
  );
  assert.equal(await hitsOf(world, 'admin'), 0);

  const open = await get(world, '/');
  assert.deepEqual([open.status, open.headers['x-marked']], [200, 'yes']);
  assert.equal((await get(world, '/admin')).status, 404);
  const recorded = await world.ask<{ items: Array<IExplained & { facts: { stage?: string } }> }>('POST', 'rules/test', {
    body: { recorded: 20 },
  });
  assert.equal(recorded.status, 200, JSON.stringify(recorded.body));
  const requests = recorded.body.items.filter(({ facts }) => facts.stage === 'request');
  assert.deepEqual(requests.map(({ explanation }) => explanation.decision).sort(), ['continue', 'deny']);
  assert.deepEqual([await hitsOf(world, 'admin'), await hitsOf(world, 'mark')], [1, 2]);

  const neither = await world.ask<{ problems: Array<{ path: string }> }>('POST', 'rules/test', { body: {} });
  assert.deepEqual([neither.status, neither.body.problems.map(({ path }) => path)], [400, ['body']]);
});

test('another order is another decision, and rules of the document keep their place', async (t) => {
  const world = await startWorld(t, { more: DOCUMENT_RULES });
  await put(world, 'first', { when: 'http.path == "/both"', action: { type: 'deny', status: 410 } });
  await put(world, 'second', { when: 'http.path == "/both"', action: { type: 'deny', status: 451 } });
  assert.deepEqual(await rulesByOrder(world), ['hidden', 'first', 'second']);
  assert.equal((await get(world, '/both')).status, 410);
  const reordered = await world.ask('POST', 'rules/reorder', { body: { names: ['second', 'first'], base: 10 } });
  assert.equal(reordered.status, 200, JSON.stringify(reordered.body));
  assert.deepEqual(await rulesByOrder(world), ['second', 'first', 'hidden']);
  assert.equal((await get(world, '/both')).status, 451);
  assert.deepEqual([await hitsOf(world, 'first'), await hitsOf(world, 'second')], [1, 1]);
});

test('a rule that cannot be is refused with its place, and what decided before decides on', async (t) => {
  const world = await startWorld(t, { more: DOCUMENT_RULES });
  await put(world, 'admin', { when: 'http.path under "/admin"', action: { type: 'deny', status: 451 } });
  for (const [rule, told] of [
    [{ when: 'http.pat == "/"', action: { type: 'deny' } }, /did you mean http\.path/],
    [{ when: 'client.ip in @nowhere', action: { type: 'deny' } }, /nowhere/],
    [{ when: 'true', action: { type: 'route', route: 'no-such-route' } }, /no-such-route/],
    [{ when: 'http.path == "/"', action: { type: 'deny', status: 200 } }, /status/],
  ] as const) {
    const { status, body } = await world.ask<{ detail: string; code: string }>('PUT', 'rules/admin', { body: rule });
    assert.equal(status, 422, JSON.stringify(body));
    assert.match(body.detail, told);
  }
  assert.equal(
    (await world.ask('PUT', 'rules/hidden', { body: { when: 'true', action: { type: 'allow' } } })).status,
    409,
  );
  assert.equal((await get(world, '/admin')).status, 451);
});

test('removing the list or the route that a rule needs is refused, with the name of the rule', async (t) => {
  const world = await startWorld(t, { more: DOCUMENT_RULES });
  const { ask, proxyPort, backendPort } = world;
  const blog = {
    match: { ports: proxyPort, domains: 'blog.example.test' },
    action: { type: 'forward', targets: [{ host: '127.0.0.1', port: backendPort }] },
  };
  assert.equal((await ask('PUT', 'routes/blog', { body: blog })).status, 200);
  await put(world, 'to-blog', { when: 'http.path == "/blog"', action: { type: 'route', route: 'blog' } });
  const gone = await ask<{ detail: string }>('DELETE', 'routes/blog');
  assert.equal(gone.status, 422, JSON.stringify(gone.body));
  assert.match(gone.body.detail, /to-blog/);
  assert.equal((await get(world, '/blog')).status, 200);
  await put(world, 'uses-list', { when: 'dns.qname in @hidden', action: { type: 'log' } });
  const { text } = (await ask<{ text: string }>('GET', 'config')).body;
  const without = text.replace(/rules:[\s\S]*/, '');
  const refused = await ask<{ detail: string }>('PUT', 'config', { body: { text: without } });
  assert.equal(refused.status, 422, JSON.stringify(refused.body));
  assert.match(refused.body.detail, /uses-list/);
});
