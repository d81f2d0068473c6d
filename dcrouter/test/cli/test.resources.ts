// Every group of resources against a running router: what is made serves, is listed, and goes again.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Resolver } from 'node:dns/promises';
import { connect } from 'node:net';
import { test } from 'node:test';
import { freePorts } from '../../../test/helpers/ports.ts';
import { startWorld } from '../api/world.ts';
import { call, spawned } from './command.ts';

interface IItems {
  readonly items: ReadonlyArray<Readonly<Record<string, unknown>>>;
}

function items(out: string): IItems['items'] {
  return (JSON.parse(out) as IItems).items;
}

test('routes: add, list, get, set, remove', async (t) => {
  const { base: url, proxyPort, backendPort, process } = await startWorld(t);
  const flags = ['--port', `${proxyPort}`, '--domain', 'blog.example.test', '--target', `127.0.0.1:${backendPort}`];
  const tried = await call(['routes', 'add', 'blog', ...flags, '--dry-run'], { url });
  assert.match(
    tried.out,
    /^\+ proxy\.routes\[blog\]: [^]*names gained: blog\.example\.test[^]*dry run: nothing was changed/,
  );
  assert.equal(process.router.config.proxy!.routes.length, 1);

  const added = await call(['routes', 'add', 'blog', ...flags], { url });
  assert.deepEqual([added.code, added.err], [0, '']);
  assert.match(added.out, /version 1, revision 1 serves\n$/);
  const again = await call(['routes', 'add', 'blog', ...flags], { url });
  assert.equal(again.code, 1);
  assert.match(again.err, /^dcrouter: .*\(DCR_CONTROL_PRECONDITION\)\n$/);

  const list = await call(['routes', 'list'], { url });
  assert.match(list.out, /^route +ports +domains +tls +to +open +connections +requests +origin\n/);
  assert.match(
    list.out,
    new RegExp(`^blog +${proxyPort} +blog\\.example\\.test +- +127\\.0\\.0\\.1:${backendPort} .* object$`, 'm'),
  );
  assert.match(list.out, /^shop .* document$/m);
  const json = items((await call(['routes', 'list', '--json'], { url })).out);
  assert.deepEqual(
    json.map(({ name }) => name),
    ['blog', 'shop'],
  );
  const one = await call(['routes', 'list', '--json', '--limit', '1'], { url });
  const { next } = JSON.parse(one.out) as { next: string };
  assert.deepEqual(
    items((await call(['routes', 'list', '--json', '--cursor', next], { url })).out).map(({ name }) => name),
    ['shop'],
  );
  assert.match((await call(['routes', 'list', '--limit', '1'], { url })).err, /go on with --cursor/);

  const { etag } = JSON.parse((await call(['routes', 'get', 'blog', '--json'], { url })).out) as { etag: string };
  assert.match((await call(['routes', 'get', 'blog'], { url })).out, /^name: blog\norigin: object\n/);
  const body = `{ match: { ports: ${proxyPort}, domains: news.example.test }, action: { type: forward, targets: [{ host: 127.0.0.1, port: ${backendPort} }] } }`;
  const stale = await call(['routes', 'set', 'blog', '-', '--if-match', 'other'], { url, input: body });
  assert.match(stale.err, /DCR_CONTROL_PRECONDITION/);
  const set = await call(['routes', 'set', 'blog', '-', '--if-match', etag.replaceAll('"', '')], { url, input: body });
  assert.match(set.out, /names gained: news\.example\.test\nnames lost: blog\.example\.test/);

  const wrong = await call(['routes', 'set', 'blog', '-'], { url, input: '{ match: { ports: 99999 } }' });
  assert.equal(wrong.code, 1);
  assert.match(wrong.err, /\(DCR_CONFIG_INVALID\)\ndcrouter: object route 'blog'.* match\.ports: got 99999/);
  assert.match((await call(['routes', 'remove', 'blog'], { url })).out, /^- proxy\.routes\[blog\]/);
  assert.match(
    (await call(['routes', 'remove', 'shop'], { url })).err,
    /dcrouter apply FILE \(DCR_API_IN_DOCUMENT\)\n$/,
  );
});

test('zones and records: what is set is answered by DNS', async (t) => {
  const { base: url, process } = await startWorld(t);
  const resolver = new Resolver();
  resolver.setServers([`127.0.0.1:${process.router.config.dns!.port}`]);
  assert.equal((await call(['zones', 'add', 'other.test', '--nameserver', 'ns1.example.test'], { url })).code, 0);
  const set = await call(['records', 'set', 'other.test', 'www', 'A', '192.0.2.1', '192.0.2.2', '--ttl', '60'], {
    url,
  });
  assert.equal(set.code, 0, set.err);
  assert.deepEqual((await resolver.resolve4('www.other.test')).sort(), ['192.0.2.1', '192.0.2.2']);
  assert.match(
    (await call(['records', 'add', 'other.test', 'www', 'A', '192.0.2.9'], { url })).err,
    /DCR_CONTROL_PRECONDITION/,
  );
  assert.match(
    (await call(['records', 'list', 'other.test', '--owner', 'www'], { url })).out,
    /^owner +ttl +type +data +origin\nwww +60 +A +192\.0\.2\.1 \| 192\.0\.2\.2 +object\n$/,
  );
  assert.match((await call(['zones', 'list'], { url })).out, /^other\.test +\d+ +\d+ +no +object$/m);
  assert.match((await call(['zones', 'get', 'other.test'], { url })).out, /^name: other\.test\n/);
  assert.match(
    (await call(['zones', 'export', 'other.test'], { url })).out,
    /^www\.other\.test\.\s+60\s+IN\s+A\s+192\.0\.2\.1$/m,
  );
  assert.match((await call(['zones', 'ds', 'other.test'], { url })).err, /is not signed/);
  assert.match((await call(['domains', 'list'], { url })).out, /^shop\.example\.test +shop +example\.test +- /m);
  assert.equal((await call(['records', 'remove', 'other.test', 'www', 'A'], { url })).code, 0);
  assert.equal((await call(['zones', 'remove', 'other.test'], { url })).code, 0);
  await assert.rejects(resolver.resolve4('www.other.test'));
});

test('upstreams: drain, weight, disable and ready', async (t) => {
  const { base: url, backendPort, process } = await startWorld(t);
  const target = `127.0.0.1:${backendPort}`;
  const state = () => process.router.config.upstreams?.[target];
  assert.match((await call(['upstreams', 'drain', target], { url })).out, /^\+ upstreams: .*"drain"/);
  assert.equal(state()?.state, 'drain');
  assert.match((await call(['upstreams', 'list'], { url })).out, new RegExp(`^${target} +drain +route +yes`, 'm'));
  assert.equal((await call(['upstreams', 'weight', target, '7'], { url })).code, 0);
  assert.equal(state()?.weight, 7);
  assert.equal((await call(['upstreams', 'weight', target, 'default'], { url })).code, 0);
  assert.equal(state()?.weight, undefined);
  assert.equal((await call(['upstreams', 'disable', target], { url })).code, 0);
  assert.equal(state()?.state, 'disabled');
  assert.equal((await call(['upstreams', 'ready', target], { url })).code, 0);
  assert.equal(state()?.state, 'ready');
});

test('connections: list with filters, get, kill', async (t) => {
  const { base: url, proxyPort } = await startWorld(t);
  const socket = connect(proxyPort, '127.0.0.1');
  socket.on('error', () => undefined);
  const closed = once(socket, 'close');
  await once(socket, 'connect');
  socket.write('GET / HTTP/1.1\r\nHost: shop.example.test\r\n\r\n');
  await once(socket, 'data');
  const [open] = items((await call(['connections', 'list', '--route', 'shop', '--json'], { url })).out);
  assert.equal(open!['clientPort'], socket.localPort);
  assert.match(
    (await call(['connections', 'list'], { url })).out,
    new RegExp(`^${open!['id']} .* 127\\.0\\.0\\.1 ${socket.localPort} `, 'm'),
  );
  assert.match((await call(['connections', 'list', '--client', '192.0.2.1'], { url })).err, /no connection is open/);
  assert.match((await call(['connections', 'get', String(open!['id'])], { url })).out, /^routeName: shop$/m);
  assert.match((await call(['connections', 'kill', String(open!['id'])], { url })).out, /^ended .* on route shop\n$/);
  await closed;
  assert.match((await call(['connections', 'kill', 'nix'], { url })).err, /DCR_API_NOT_FOUND/);
});

test('certs: list, get, and why one cannot be renewed', async (t) => {
  const { base: url, backendPort } = await startWorld(t);
  const [port] = await freePorts(1);
  const flags = ['--port', `${port}`, '--domain', 'tls.test', '--target', `127.0.0.1:${backendPort}`];
  const added = await call(['routes', 'add', 'tls', ...flags, '--tls', 'terminate', '--certificate', 'self-signed'], {
    url,
  });
  assert.equal(added.code, 0, added.err);
  assert.match((await call(['routes', 'list'], { url })).out, /^tls +\d+ +tls\.test +terminate /m);
  assert.match((await call(['certs', 'list'], { url })).out, /^tls +tls\.test +valid +\w+ +no /m);
  assert.match((await call(['certs', 'get', 'tls'], { url })).out, /^route: tls$/m);
  assert.match((await call(['certs', 'renew', 'tls'], { url })).err, /is not automatic.*\(DCR_API_CONFLICT\)\n$/);
});

test('tokens: the secret is printed once and alone, works, and ends with its removal', async (t) => {
  const { base: url } = await startWorld(t);
  const made = await call(['tokens', 'create', 'me', '--scope', 'admin', '--expires', '90d'], { url });
  assert.match(made.out, /^dcr_[\w-]+\n$/);
  assert.match(made.err, /it is shown only now/);
  const env = { DCROUTER_TOKEN: made.out.trim() };
  assert.equal((await call(['tokens', 'list'], { url })).code, 1, 'a token is needed from now on');
  const list = await call(['tokens', 'list'], { url, env });
  assert.match(list.out, /^me +\S+ +admin /m);
  assert.ok(!list.out.includes(made.out.trim()));
  const json = await call(['tokens', 'create', 'ci', '--scope', 'read', '--scope', 'write:dns', '--json'], {
    url,
    env,
  });
  const ci = JSON.parse(json.out) as { secret: string; scopes: string[] };
  assert.deepEqual(ci.scopes, ['read', 'write:dns']);
  assert.equal((await call(['status', '--token', ci.secret], { url })).code, 0);
  assert.match((await call(['tokens', 'remove', 'ci'], { url, env })).out, /token 'ci' is removed/);
  assert.match((await call(['status', '--token', ci.secret], { url })).err, /DCR_API_UNAUTHORIZED/);
  assert.match(
    (await call(['audit', '--action', 'token.create'], { url, env })).out,
    /token:me +token\.create +ci +done/,
  );
});

test('each group answers as a process of its own, and --json is JSON', async (t) => {
  const { base: url } = await startWorld(t);
  const commands = [
    'status',
    'stats',
    'stats history proxy.*',
    'top --once',
    'routes list',
    'domains list',
    'zones list',
    'records list example.test',
    'certs list',
    'upstreams list',
    'connections list',
    'tokens list',
    'logs --tail 5',
    'audit',
    'config versions',
    'print --running',
  ];
  for (const command of commands) {
    const run = await spawned([...command.split(' '), '--json'], url);
    assert.deepEqual([run.code, run.err], [0, ''], command);
    assert.equal(typeof JSON.parse(run.out), 'object', command);
  }
});

test('what clients send cannot command the terminal, and lines are as wide as it', async (t) => {
  const { base: url, proxyPort, backendPort } = await startWorld(t);
  const body = `{ match: { ports: ${proxyPort}, domains: ${'long.'.repeat(30)}test }, action: { type: forward, targets: [{ host: 127.0.0.1, port: ${backendPort} }] }, description: "\\e[2J" }`;
  assert.equal((await call(['routes', 'set', 'wide', '-'], { url, input: body })).code, 0);
  const plain = await call(['routes', 'list'], { url, columns: 90, env: { NO_COLOR: '1' } });
  assert.ok(
    plain.out.split('\n').every((line) => line.length <= 90),
    plain.out,
  );
  assert.match(plain.out, /…/);
  assert.ok(!plain.out.includes('\u001b'), 'NO_COLOR');
  assert.ok((await call(['routes', 'list'], { url, columns: 90 })).out.includes('\u001b[1m'), 'colours on a terminal');
  assert.ok(!(await call(['routes', 'get', 'wide'], { url })).out.includes('\u001b'));
  assert.ok((await call(['routes', 'list'], { url })).out.includes('long.'.repeat(30)), 'nothing is cut in a pipe');
});
