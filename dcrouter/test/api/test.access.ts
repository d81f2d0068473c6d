// Who may do what: every documented endpoint with every scope, tokens, the open door on loopback, limits.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { once } from 'node:events';
import { test } from 'node:test';
import { SCOPES } from '../../ts/api/scopes.ts';
import { ADMIN, ADMIN_HASH, startWorld, type IWorld } from './world.ts';

interface IOperation {
  readonly method: string;
  readonly path: string;
  readonly scope: string;
}

interface IDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { security: Array<{ token?: string[] }> }>>>>;
}

interface ICode {
  readonly code: string;
}

async function operations(world: IWorld, token?: string): Promise<IOperation[]> {
  const { body } = await world.ask<IDocument>('GET', 'openapi.json', { token });
  return Object.entries(body.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { security }]) => {
      const scope = security[0]?.token?.[0];
      // Names that nothing has, so that whoever gets through changes nothing.
      return scope === undefined ? [] : [{ method: method.toUpperCase(), path: path.replace(/\{\w+\}/g, '1'), scope }];
    }),
  );
}

const makeToken = async (world: IWorld, name: string, scopes: readonly string[], token?: string) => {
  const made = await world.ask<{ id: string; secret: string }>('POST', 'tokens', { token, body: { name, scopes } });
  assert.equal(made.status, 201, JSON.stringify(made.body));
  return made.body;
};

test('every endpoint lets in its scope and admin, and no other', async (t) => {
  const world = await startWorld(t);
  const all = await operations(world);
  assert.ok(all.length > 45, `${all.length} operations`);
  const admin = (await makeToken(world, 'admin', ['admin'])).secret;
  for (const scope of SCOPES) {
    const { secret } = await makeToken(world, `only-${scope.replace(':', '-')}`, [scope], admin);
    for (const { method, path, scope: needed } of all) {
      // These would end the run or never answer, once they let somebody in.
      if (/^\/api\/v1\/(events|restart|drain)$/.test(path) && (scope === needed || scope === 'admin')) continue;
      const { status, body } = await world.ask<ICode>(method, path, { token: secret });
      const refused = status === 403 && body.code === 'DCR_API_FORBIDDEN';
      assert.equal(
        refused,
        scope !== needed && scope !== 'admin',
        `${scope}: ${method} ${path} (${needed}): ${status}`,
      );
      assert.notEqual(status, 401, `${method} ${path}`);
      assert.notEqual(status, 500, `${method} ${path}`);
    }
  }
  for (const { method, path } of all) {
    const { status, body } = await world.ask<ICode>(method, path);
    assert.deepEqual([status, body.code], [401, 'DCR_API_UNAUTHORIZED'], `without a token: ${method} ${path}`);
  }
  const audit = await world.ask<{ items: object[] }>('GET', 'audit?action=api.refused&limit=1000', { token: admin });
  assert.ok(audit.body.items.length > 100, 'refused changes are in the audit');
});

test('without any token this machine may do everything and is told so; with the first one it needs one', async (t) => {
  const world = await startWorld(t);
  const open = await world.ask('GET', 'status');
  assert.equal(open.status, 200);
  assert.match(open.headers.get('warning')!, /no token has been made/);
  const forwarded = await world.ask('GET', 'status', { headers: { 'x-forwarded-for': '192.0.2.1' } });
  assert.equal(forwarded.status, 401, 'who comes through a proxy is not on this machine');
  const { id, secret } = await makeToken(world, 'first', ['admin']);
  assert.equal((await world.ask('GET', 'status')).status, 401);
  const known = await world.ask('GET', 'status', { token: secret });
  assert.deepEqual([known.status, known.headers.get('warning')], [200, null]);
  assert.equal(
    (await world.ask('POST', 'tokens', { token: secret, body: { name: 'first', scopes: ['read'] } })).status,
    409,
  );
  const list = await world.ask<{ items: Array<Record<string, unknown>> }>('GET', 'tokens', { token: secret });
  assert.deepEqual(
    list.body.items.map(({ name }) => name),
    ['first'],
  );
  assert.ok(!JSON.stringify(list.body).includes(secret) && !('secretHash' in list.body.items[0]!));
  assert.equal((await world.ask('DELETE', `tokens/${id}`, { token: secret })).status, 200);
  assert.equal((await world.ask('GET', 'status', { token: secret })).status, 401, 'at once');
  assert.equal((await world.ask('GET', 'status')).status, 200, 'the last one is gone');
});

test('an expired token, and one that is none of ours, are not known', async (t) => {
  const world = await startWorld(t);
  const made = await world.ask<{ secret: string }>('POST', 'tokens', {
    body: { name: 'old', scopes: ['admin'], expiresAtMs: Date.now() - 1 },
  });
  for (const token of [made.body.secret, 'dcr_x', 'x', `dcr_${'B'.repeat(43)}`]) {
    const answer = await world.ask<ICode>('GET', 'status', { token });
    assert.deepEqual([answer.status, answer.body.code], [401, 'DCR_API_UNAUTHORIZED']);
    assert.match(answer.headers.get('www-authenticate')!, /^Bearer/);
  }
});

test('tokens of the document are known by their hash, and change with it', async (t) => {
  const world = await startWorld(t, { api: `  tokens: [{ name: ci, hash: ${ADMIN_HASH}, scopes: [admin] }]` });
  assert.equal((await world.ask('GET', 'status')).status, 401);
  const config = await world.ask<{ text: string }>('GET', 'config', { token: ADMIN });
  const text = config.body.text.replace('scopes: [admin]', 'scopes: [read]');
  assert.equal((await world.ask('PUT', 'config', { token: ADMIN, body: { text } })).status, 200);
  assert.equal((await world.ask('PUT', 'config', { token: ADMIN, body: { text } })).status, 403);
  const shown = await world.ask('GET', 'config', { token: ADMIN });
  assert.deepEqual([shown.status, 'text' in shown.body], [200, false], 'the text may hold secrets');
});

test('too many requests of one token are refused, and told when to come back', async (t) => {
  const world = await startWorld(t, { api: '  rateLimit: { perMinute: 5 }' });
  const statuses: number[] = [];
  for (let at = 0; at < 7; at += 1) statuses.push((await world.ask('GET', 'routes')).status);
  assert.deepEqual(statuses, [200, 200, 200, 200, 200, 429, 429]);
  const refused = await world.ask<ICode>('GET', 'routes');
  assert.equal(refused.body.code, 'DCR_API_RATE_LIMITED');
  assert.ok(Number(refused.headers.get('retry-after')) > 0);
});

test('guessing tokens is stopped after a few tries; who has one already is let in', async (t) => {
  const world = await startWorld(t, { api: '  rateLimit: { failedPerMinute: 3 }' });
  const { secret } = await makeToken(world, 'ours', ['read']);
  assert.equal((await world.ask('GET', 'routes', { token: secret })).status, 200);
  const statuses: number[] = [];
  for (const letter of 'BCDEF') {
    statuses.push((await world.ask('GET', 'routes', { token: `dcr_${letter.repeat(43)}` })).status);
  }
  assert.deepEqual(statuses, [401, 401, 401, 429, 429]);
  assert.equal((await world.ask('GET', 'routes', { token: secret })).status, 200);
});

test('requests from web pages are refused: other names, other origins, other media types', async (t) => {
  const world = await startWorld(t, { api: '  hosts: [router.lan]' });
  const { port } = new URL(world.base);
  const raw = async (headers: Record<string, string>, method = 'GET', path = '/api/v1/status'): Promise<number> => {
    const sent = request({ host: '127.0.0.1', port, method, path, agent: false, headers });
    sent.end();
    const [response] = await once(sent, 'response');
    response.resume();
    return response.statusCode as number;
  };
  for (const host of ['127.0.0.1', `localhost:${port}`, `[::1]:${port}`, 'Router.LAN']) {
    assert.equal(await raw({ host }), 200, host);
  }
  for (const path of ['/api/v1/status', '/metrics', '/healthz', '/nowhere']) {
    assert.equal(await raw({ host: `evil.example:${port}` }, 'GET', path), 421, path);
  }
  const host = `127.0.0.1:${port}`;
  assert.equal(await raw({ host, origin: 'http://evil.example' }), 403);
  assert.equal(await raw({ host, origin: `http://${host}` }), 200);
  assert.equal(await raw({ host, 'sec-fetch-site': 'cross-site' }), 403);
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    undefined,
  ]) {
    const headers: Record<string, string> = { host, ...(type !== undefined && { 'content-type': type }) };
    assert.equal(await raw(headers, 'POST', '/api/v1/config/reload'), 415, String(type));
  }
  const answer = await world.ask('GET', 'status');
  assert.equal(answer.headers.get('access-control-allow-origin'), null);
  assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
});

test('networks that are not allowed get nothing but metrics and probes', async (t) => {
  const world = await startWorld(t, { api: '  allow: [10.0.0.0/8]' });
  const answer = await world.ask<ICode>('GET', 'status');
  assert.deepEqual([answer.status, answer.body.code], [403, 'DCR_API_NETWORK']);
  for (const path of ['/livez', '/readyz', '/metrics']) assert.equal((await world.ask('GET', path)).status, 200, path);
});
