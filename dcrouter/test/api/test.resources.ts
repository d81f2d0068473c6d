// Each resource over a router that really serves.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { startWorld, type IWorld } from './world.ts';

interface IList<T = Record<string, unknown>> {
  readonly items: T[];
  readonly next?: string;
}

async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write('GET / HTTP/1.1\r\nHost: shop.example.test\r\n\r\n');
  await once(socket, 'data');
  return socket;
}

async function pages<T>({ ask }: IWorld, path: string, limit: number, between: () => Promise<void>): Promise<T[]> {
  const items: T[] = [];
  let cursor = '';
  do {
    const { status, body } = await ask<IList<T>>(
      'GET',
      `${path}${path.includes('?') ? '&' : '?'}limit=${limit}${cursor}`,
    );
    assert.equal(status, 200, JSON.stringify(body));
    assert.ok(body.items.length <= limit);
    items.push(...body.items);
    cursor = body.next === undefined ? '' : `&cursor=${body.next}`;
    if (cursor !== '') await between();
  } while (cursor !== '');
  return items;
}

test('connections are listed, shown and ended; the audit has it', async (t) => {
  const { ask, proxyPort, process } = await startWorld(t);
  const [kept, killed] = [await open(proxyPort), await open(proxyPort)];
  const { body } = await ask<IList<{ id: string; clientPort: number; routeName: string; requests: number }>>(
    'GET',
    'connections?route=shop&type=http',
  );
  assert.deepEqual(
    body.items.map(({ clientPort }) => clientPort),
    [kept.localPort, killed.localPort],
  );
  const { id } = body.items[1]!;
  assert.equal((await ask<{ clientPort: number }>('GET', `connections/${id}`)).body.clientPort, killed.localPort);
  const ended = once(killed, 'close');
  assert.equal((await ask('DELETE', `connections/${id}`)).status, 200);
  await ended;
  assert.equal((await ask('DELETE', `connections/${id}`)).status, 404);
  assert.equal(process.router.proxy!.stats.getTerminationReasons().get('killed'), 1);
  const audit = await ask<IList>('GET', 'audit?action=connection.kill');
  assert.deepEqual(
    audit.body.items.map(({ target, actor, outcome }) => [target, actor, outcome]),
    [[id, 'local', 'done']],
  );
  assert.deepEqual((await ask<IList>('GET', 'connections?clientIp=192.0.2.1')).body.items, []);
  assert.equal((await ask('GET', 'connections?type=quic')).status, 400);
  kept.destroy();
});

test('pages of connections: every one that stays is on one page, whatever comes and goes', async (t) => {
  const world = await startWorld(t);
  const sockets: Socket[] = [];
  for (let at = 0; at < 12; at += 1) sockets.push(await open(world.proxyPort));
  const staying = new Set(sockets.slice(1).map(({ localPort }) => localPort));
  let went = false;
  const seen = await pages<{ id: string; clientPort: number }>(world, 'connections', 5, async () => {
    sockets.push(await open(world.proxyPort));
    if (!went) sockets[0]!.destroy();
    went = true;
  });
  assert.equal(new Set(seen.map(({ id }) => id)).size, seen.length, 'none twice');
  const ports = new Set(seen.map(({ clientPort }) => clientPort));
  assert.deepEqual(
    [...staying].filter((port) => !ports.has(port!)),
    [],
    'none left out',
  );
  for (const socket of sockets) socket.destroy();
});

test('pages of record sets and routes: the same, while others are made and removed', async (t) => {
  const world = await startWorld(t);
  const put = (name: string) =>
    world.ask('PUT', `zones/example.test/records/${name}/A`, { body: { data: ['192.0.2.1'] } });
  for (let at = 10; at < 24; at += 1) await put(`r${at}`);
  let round = 0;
  const seen = await pages<{ owner: string; type: string }>(world, 'zones/example.test/records?type=A', 4, async () => {
    round += 1;
    await put(`a${round}`);
    await put(`z${round}`);
    await world.ask('DELETE', `zones/example.test/records/r${9 + round}/A`);
  });
  const keys = seen.map(({ owner, type }) => `${owner} ${type}`);
  assert.equal(new Set(keys).size, keys.length, 'none twice');
  for (let at = 20; at < 24; at += 1) assert.ok(keys.includes(`r${at} A`), `r${at}`);
  const versions = await pages<{ id: number }>(world, 'audit', 3, async () => void (await put('more')));
  assert.equal(new Set(versions.map(({ id }) => id)).size, versions.length);
  assert.deepEqual(
    versions.map(({ id }) => id).toSorted((a, b) => b - a),
    versions.map(({ id }) => id),
    'newest first',
  );
});

test('a target that is drained gets nothing new, on the word of the API', async (t) => {
  const { ask, proxyPort, backendPort } = await startWorld(t);
  (await open(proxyPort)).destroy();
  const target = `127.0.0.1:${backendPort}`;
  const patch = await ask('PATCH', `upstreams/${target}`, { body: { state: 'drain', weight: 5 } });
  assert.equal(patch.status, 200, JSON.stringify(patch.body));
  const [shown] = (await ask<IList>('GET', 'upstreams')).body.items;
  assert.deepEqual(
    [shown!['target'], shown!['state'], shown!['weight'], shown!['origin']],
    [target, 'drain', 5, 'object'],
  );
  assert.equal((await ask('PATCH', `upstreams/${target}`, { body: { weight: null } })).status, 200);
  const [after] = (await ask<IList>('GET', 'upstreams')).body.items;
  assert.deepEqual([after!['state'], after!['weight']], ['drain', null], 'what is not named stays');
  assert.equal((await ask('PATCH', 'upstreams/nonsense', { body: { state: 'drain' } })).status, 422);
});

test('secrets are hidden where they are read, and kept where the word is written back', async (t) => {
  const { ask, proxyPort, backendPort, process } = await startWorld(t);
  const route = {
    match: { ports: proxyPort, domains: 'safe.example.test' },
    action: { type: 'forward', targets: [{ host: '127.0.0.1', port: backendPort }] },
    security: { authentication: { type: 'basic', credentials: [{ username: 'me', password: 'hunter2-hunter2' }] } },
  };
  const passwordOf = (): string =>
    JSON.stringify(process.router.config.proxy!.routes.find(({ name }) => name === 'safe')!.security);
  const wrong = await ask('PUT', 'routes/safe', {
    body: JSON.parse(JSON.stringify(route).replace('hunter2-hunter2', '(secret)')) as object,
  });
  assert.equal(wrong.status, 400, JSON.stringify(wrong.body));
  const made = await ask('PUT', 'routes/safe', { body: route });
  assert.equal(made.status, 200, JSON.stringify(made.body));
  assert.match(passwordOf(), /hunter2-hunter2/);
  const shown = await ask<{ route: typeof route }>('GET', 'routes/safe');
  for (const path of ['routes/safe', 'routes', 'config', 'audit']) {
    assert.ok(!JSON.stringify((await ask('GET', path)).body).includes('hunter2'), path);
  }
  const again = await ask('PUT', 'routes/safe', { body: { ...shown.body.route, description: 'mine' } });
  assert.equal(again.status, 200, JSON.stringify(again.body));
  assert.match(passwordOf(), /hunter2-hunter2/, 'the secret is as it was');
});

test('certificates, domains, zones and status tell what serves', async (t) => {
  const { ask, proxyPort, backendPort } = await startWorld(t);
  const route = {
    match: { ports: proxyPort, domains: ['tls.example.test'] },
    action: {
      type: 'forward',
      targets: [{ host: '127.0.0.1', port: backendPort }],
      tls: { mode: 'terminate', certificate: 'self-signed' },
    },
  };
  const made = await ask('PUT', 'routes/tls', { body: route });
  assert.equal(made.status, 200, JSON.stringify(made.body));
  const list = await ask<IList>('GET', 'certificates');
  assert.deepEqual(
    list.body.items.map(({ route: of, status, automatic, names }) => [of, status, automatic, names]),
    [['tls', 'valid', false, ['tls.example.test']]],
  );
  assert.equal((await ask('POST', 'certificates/tls/renew')).status, 409, 'it is not automatic');
  assert.equal((await ask('GET', 'certificates/shop')).status, 404);
  const domains = await ask<IList<{ name: string; routes: string[]; zone?: string; certificate?: { route: string } }>>(
    'GET',
    'domains',
  );
  assert.deepEqual(
    domains.body.items.map(({ name, routes, zone, certificate }) => [name, routes, zone, certificate?.route]),
    [
      ['example.test', [], 'example.test', undefined],
      ['shop.example.test', ['shop'], 'example.test', undefined],
      ['tls.example.test', ['tls'], 'example.test', 'tls'],
    ],
  );
  const status = await ask<{ ready: boolean; revision: number; store: { dialect: string }; warnings: string[] }>(
    'GET',
    'status',
  );
  assert.deepEqual([status.body.ready, status.body.revision, status.body.store.dialect], [true, 1, 'memory']);
  assert.equal(status.body.warnings.length, 1);
  assert.deepEqual((await ask<IList>('GET', 'zones/example.test/ds')).body.items, [], 'it is not signed');
  const stats = await ask<{ proxy: { totals: object }; dns: object }>('GET', 'stats');
  assert.ok('totals' in stats.body.proxy);
  assert.equal((await ask('GET', 'stats/dns')).status, 200);
  const schema = await ask<{ properties: object }>('GET', 'config/schema');
  assert.ok('proxy' in schema.body.properties);
});

test('a signed zone shows the DS records that its parent needs', async (t) => {
  const { ask } = await startWorld(t);
  const body = { nameservers: ['ns1.example.test'], dnssec: { algorithm: 'ECDSAP256SHA256' } };
  const made = await ask('PUT', 'zones/signed.test', { body });
  assert.equal(made.status, 200, JSON.stringify(made.body));
  const { body: ds } = await ask<IList<{ algorithm: number; digest: string; text: string }>>(
    'GET',
    'zones/signed.test/ds',
  );
  assert.equal(ds.items.length, 1);
  assert.equal(ds.items[0]!.algorithm, 13);
  assert.match(ds.items[0]!.digest, /^[0-9a-f]{64}$/i);
  assert.ok(ds.items[0]!.text.toLowerCase().endsWith(ds.items[0]!.digest.toLowerCase()));
  assert.equal((await ask<{ signed: boolean }>('GET', 'zones/signed.test')).body.signed, true);
});

test('history answers series of the last seconds', async (t) => {
  const { ask } = await startWorld(t);
  const now = Date.now();
  const { status, body } = await ask<{ stepMs: number; series: Array<{ name: string; points: unknown[] }> }>(
    'GET',
    `stats/history?series=proxy.requests&from=${now - 10_000}&to=${now}&step=1000`,
  );
  assert.equal(status, 200, JSON.stringify(body));
  assert.deepEqual([body.stepMs, body.series.map(({ name }) => name)], [1_000, ['proxy.requests']]);
  assert.ok(body.series[0]!.points.length >= 10);
  assert.equal((await ask('GET', 'stats/history?series=no.such.series')).status, 400);
});

test('a backup downloads whole, and holds what the store holds', async (t) => {
  const { ask, base } = await startWorld(t);
  await ask('PUT', 'zones/example.test/records/kept/A', { body: { data: ['192.0.2.77'] } });
  const response = await fetch(`${base}/api/v1/backup`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
  });
  assert.equal(response.status, 200);
  assert.match(
    response.headers.get('content-disposition')!,
    /^attachment; filename="dcrouter-\d{4}-\d\d-\d\d\.backup"$/,
  );
  const bytes = Buffer.from(await response.arrayBuffer());
  assert.equal(bytes.length, Number(response.headers.get('content-length')));
  assert.ok(bytes.length > 100);
  const audit = await ask<IList>('GET', 'audit?action=store.backup');
  assert.equal(audit.body.items.length, 1);
});

test('the process is restarted and drained only where something can do it', async (t) => {
  const { ask } = await startWorld(t);
  for (const path of ['restart', 'drain']) {
    const answer = await ask<{ code: string }>('POST', path);
    assert.deepEqual([answer.status, answer.body.code], [503, 'DCR_API_NOT_RUNNING']);
  }
  const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');
  assert.match(page, /DCR_API_NOT_RUNNING/);
});
