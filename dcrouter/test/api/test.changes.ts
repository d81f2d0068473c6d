// Changes through the API: they serve when they are answered, are guarded by tags, planned by dry runs, and noted.
import assert from 'node:assert/strict';
import { Resolver } from 'node:dns/promises';
import { test } from 'node:test';
import { startWorld } from './world.ts';

interface IPlanned {
  readonly dryRun: boolean;
  readonly revision: number;
  readonly version: number;
  readonly plan: { readonly differences: ReadonlyArray<{ readonly path: string; readonly kind: string }> };
}

interface IProblemBody {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly problems?: ReadonlyArray<{ readonly path: string; readonly message: string }>;
}

async function fetchVia(port: number, host: string): Promise<number> {
  const { request } = await import('node:http');
  const { once } = await import('node:events');
  const sent = request({ host: '127.0.0.1', port, agent: false, headers: { Host: host } });
  sent.end();
  const [response] = await once(sent, 'response');
  response.resume();
  return response.statusCode as number;
}

test('a route made through the API serves when it is answered, and is gone when it is removed', async (t) => {
  const { ask, proxyPort, backendPort } = await startWorld(t);
  const route = {
    match: { ports: proxyPort, domains: 'blog.example.test' },
    action: { type: 'forward', targets: [{ host: '127.0.0.1', port: backendPort }] },
  };
  assert.equal(await fetchVia(proxyPort, 'blog.example.test'), 404);

  const planned = await ask<IPlanned>('PUT', 'routes/blog?dryRun=true', { body: route });
  assert.equal(planned.status, 200);
  assert.equal(planned.body.dryRun, true);
  assert.deepEqual(
    planned.body.plan.differences.map(({ path, kind }) => [path, kind]),
    [['proxy.routes[blog]', 'added']],
  );
  assert.equal(await fetchVia(proxyPort, 'blog.example.test'), 404, 'a dry run changes nothing');

  const made = await ask<IPlanned>('PUT', 'routes/blog', { body: route });
  assert.deepEqual([made.status, made.body.dryRun, made.body.revision], [200, false, 1]);
  assert.equal(await fetchVia(proxyPort, 'blog.example.test'), 200);
  const shown = await ask<{ origin: string; etag: string; route: object }>('GET', 'routes/blog');
  assert.equal(shown.body.origin, 'object');
  assert.equal(shown.headers.get('etag'), made.headers.get('etag'));
  assert.equal((await ask<{ origin: string }>('GET', 'routes/shop')).body.origin, 'document');

  assert.equal((await ask('DELETE', 'routes/blog')).status, 200);
  assert.equal(await fetchVia(proxyPort, 'blog.example.test'), 404);
  assert.equal((await ask('DELETE', 'routes/blog')).status, 404);
});

test('If-Match lets only the one change that saw what there is; If-None-Match only makes', async (t) => {
  const { ask } = await startWorld(t);
  const put = (state: string, headers: Record<string, string> = {}) =>
    ask<IProblemBody>('PATCH', 'upstreams/127.0.0.1:9999', { body: { state }, headers });
  const first = await put('drain', { 'if-none-match': '*' });
  assert.equal(first.status, 200);
  const tag = first.headers.get('etag')!;
  assert.equal((await put('ready', { 'if-none-match': '*' })).status, 412);
  // All of them saw the same state: one wins, also when they come at once.
  const both = await Promise.all([
    put('disabled', { 'if-match': tag }),
    put('ready', { 'if-match': tag }),
    put('disabled', { 'if-match': tag }),
  ]);
  assert.deepEqual(both.map(({ status }) => String(status)).sort(), ['200', '412', '412']);
  const lost = both.find(({ status }) => status === 412)!;
  assert.equal(lost.body.code, 'DCR_CONTROL_PRECONDITION');
  assert.match(lost.headers.get('content-type')!, /^application\/problem\+json/);
  assert.equal((await put('ready', { 'if-match': '"other", "more"' })).status, 412);
  const audit = await ask<{ items: Array<{ outcome: string; actor: string; action: string }> }>('GET', 'audit');
  assert.deepEqual(audit.body.items.map(({ outcome, actor }) => `${actor} ${outcome}`).sort(), [
    'local done',
    'local done',
    'local refused',
    'local refused',
    'local refused',
    'local refused',
  ]);
});

test('what does not fit is told with its place: 422 for the configuration, 400 for the request', async (t) => {
  const { ask, base } = await startWorld(t);
  const wrong = await ask<IProblemBody>('PUT', 'routes/blog', { body: { match: { ports: 70_000 } } });
  assert.deepEqual([wrong.status, wrong.body.code], [422, 'DCR_CONFIG_INVALID']);
  assert.ok(
    wrong.body.problems!.some(({ path }) => path === 'match.ports'),
    JSON.stringify(wrong.body),
  );
  const query = await ask<IProblemBody>('GET', 'routes?limit=0');
  assert.deepEqual([query.status, query.body.code], [400, 'DCR_API_INVALID']);
  assert.deepEqual(
    query.body.problems!.map(({ path }) => path),
    ['querystring.limit'],
  );
  assert.equal((await ask('GET', 'routes?colour=red')).status, 400);
  assert.equal((await ask<IProblemBody>('GET', 'routes?cursor=xyz')).body.code, 'DCR_API_CURSOR');
  const document = await ask<IProblemBody>('PUT', 'routes/shop', { body: {} });
  assert.deepEqual([document.status, document.body.code], [409, 'DCR_API_IN_DOCUMENT']);
  const raw = await fetch(`${base}/api/v1/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"name":',
  });
  assert.deepEqual([raw.status, ((await raw.json()) as IProblemBody).code], [400, 'DCR_API_BAD_JSON']);
  const large = await ask<IProblemBody>('PUT', 'routes/blog', { body: { description: 'x'.repeat(2_100_000) } });
  assert.deepEqual([large.status, large.body.code], [413, 'DCR_API_TOO_LARGE']);
  const nowhere = await ask<IProblemBody>('GET', 'nowhere');
  assert.deepEqual([nowhere.status, nowhere.body.code], [404, 'DCR_API_NOT_FOUND']);
});

test('record sets are answered by DNS when the API has answered, and go again', async (t) => {
  const { ask, process } = await startWorld(t);
  const resolver = new Resolver();
  resolver.setServers([`127.0.0.1:${process.router.config.dns!.port}`]);
  const put = await ask('PUT', 'zones/example.test/records/www/a', {
    body: { ttl: 60, data: ['192.0.2.1', '192.0.2.2'] },
  });
  assert.equal(put.status, 200, JSON.stringify(put.body));
  assert.deepEqual((await resolver.resolve4('www.example.test')).sort(), ['192.0.2.1', '192.0.2.2']);
  const sets = await ask<{ items: Array<{ owner: string; type: string; origin: string; data: string[] }> }>(
    'GET',
    'zones/example.test/records',
  );
  assert.deepEqual(
    sets.body.items.map(({ owner, type, origin }) => [owner, type, origin]),
    [
      ['@', 'NS', 'auto'],
      ['@', 'SOA', 'auto'],
      ['ns1', 'A', 'document'],
      ['shop', 'A', 'document'],
      ['www', 'A', 'object'],
    ],
  );
  assert.equal((await ask('DELETE', 'zones/example.test/records/www/A')).status, 200);
  await assert.rejects(resolver.resolve4('www.example.test'), { code: 'ENOTFOUND' });
  assert.equal((await ask('DELETE', 'zones/example.test/records/www/A')).status, 404);
  assert.equal((await ask('DELETE', 'zones/example.test/records/shop/A')).status, 409, 'it stands in the document');
});

test('a set that came with a zone object can be changed alone, and the zone goes with all of its sets', async (t) => {
  const { ask, process } = await startWorld(t);
  const records = [
    { name: 'a', type: 'A', data: '192.0.2.1' },
    { name: 'b', type: 'A', data: '192.0.2.2' },
  ];
  const zone = await ask('PUT', 'zones/other.test', { body: { nameservers: ['ns1.example.test'], records } });
  assert.equal(zone.status, 200, JSON.stringify(zone.body));
  assert.equal((await ask('PUT', 'zones/other.test/records/a/A', { body: { data: ['192.0.2.9'] } })).status, 200);
  const resolver = new Resolver();
  resolver.setServers([`127.0.0.1:${process.router.config.dns!.port}`]);
  assert.deepEqual(await resolver.resolve4('a.other.test'), ['192.0.2.9']);
  assert.deepEqual(await resolver.resolve4('b.other.test'), ['192.0.2.2']);
  const file = await ask<string>('GET', 'zones/other.test/export');
  assert.match(file.body, /^a\.other\.test\.\s+3600\s+IN\s+A\s+192\.0\.2\.9$/m);
  assert.equal((await ask('DELETE', 'zones/other.test/records/b/A')).status, 200);
  assert.equal((await ask('DELETE', 'zones/other.test')).status, 200);
  assert.equal((await ask('GET', 'zones/other.test')).status, 404);
  assert.equal((await ask('GET', 'domains')).status, 200);
});

test('a document is planned, applied, confirmed, rolled back and reloaded', async (t) => {
  const { ask, process } = await startWorld(t);
  const { body: before } = await ask<{ text: string; version: number }>('GET', 'config');
  const text = before.text.replace('shop.example.test }', 'store.example.test }');
  const diff = await ask<IPlanned['plan']>('POST', 'config/diff', { body: { text } });
  assert.deepEqual(
    diff.body.differences.map(({ path }) => path),
    ['proxy.routes[shop].match.domains'],
  );
  const tag = (await ask('GET', 'config')).headers.get('etag')!;
  const put = await ask<IPlanned>('PUT', 'config', { body: { text }, headers: { 'if-match': tag } });
  assert.deepEqual([put.status, put.body.version], [200, 2], JSON.stringify(put.body));
  assert.equal((await ask('PUT', 'config', { body: { text }, headers: { 'if-match': tag } })).status, 412);
  const tried = await ask<{ confirmByMs: number }>('POST', 'config/apply', {
    body: { text: before.text, confirmMs: 60_000 },
  });
  assert.ok(tried.body.confirmByMs > Date.now());
  assert.equal((await ask<{ version: number }>('POST', 'config/confirm')).body.version, 3);
  assert.equal((await ask<IProblemBody>('POST', 'config/confirm')).body.code, 'DCR_CONTROL_UNCONFIRMED');
  assert.equal((await ask<IPlanned>('POST', 'config/rollback', { body: { version: 2 } })).body.version, 4);
  assert.equal(process.router.config.proxy!.routes[0]!.match.domains, 'store.example.test');
  assert.equal((await ask('POST', 'config/rollback', { body: { version: 99 } })).status, 404);
  assert.equal((await ask('POST', 'config/reload')).status, 200);
  assert.equal(process.router.config.proxy!.routes[0]!.match.domains, 'shop.example.test');
  const wrong = await ask<IProblemBody>('PUT', 'config', { body: { text: 'proxy: { routs: [] }' } });
  assert.deepEqual([wrong.status, wrong.body.problems![0]!.path], [422, 'proxy.routs']);
  const list = await ask<{ items: Array<{ version: number; by: string }> }>('GET', 'config/versions');
  assert.deepEqual(list.body.items.map(({ version }) => version).slice(-4), [4, 3, 2, 1]);
  assert.equal((await ask<{ text: string }>('GET', 'config/versions/2')).body.text, text);
});
