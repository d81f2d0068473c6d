// The OpenAPI document, docs/api.md and docs/errors.md are what the API does.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  apiPage,
  endpointTable,
  errorsPage,
  errorTable,
  operationsOf,
  withGenerated,
  type IOpenApi,
} from './api-document.ts';
import { PROBLEMS } from '../../ts/api/problems.ts';
import { ADMIN, ADMIN_HASH, startWorld, type IWorld } from './world.ts';

async function documentOf({ ask }: IWorld, token?: string): Promise<IOpenApi> {
  return (await ask<IOpenApi>('GET', 'openapi.json', { token })).body;
}

/** The endpoints of docs/control-plane.md. */
const PROMISED = `GET /livez, GET /readyz, GET /healthz, GET openapi.json, GET status, GET stats, GET stats/proxy, GET stats/dns,
GET stats/history, GET connections, GET connections/{id}, DELETE connections/{id}, GET routes, GET routes/{name},
PUT routes/{name}, DELETE routes/{name}, GET domains, GET zones, GET zones/{name}, PUT zones/{name}, DELETE zones/{name},
GET zones/{name}/records, PUT zones/{name}/records/{owner}/{type}, DELETE zones/{name}/records/{owner}/{type},
GET zones/{name}/ds, GET zones/{name}/export, GET rules, GET rules/{name}, PUT rules/{name}, DELETE rules/{name},
POST rules/reorder, POST rules/test, GET certificates, GET certificates/{route}, POST certificates/{route}/renew,
GET upstreams, PATCH upstreams/{target}, GET config, PUT config, POST config/diff, POST config/apply, POST config/confirm,
POST config/rollback, POST config/reload, GET config/versions, GET config/versions/{version}, GET config/schema,
GET logs, GET events, GET tokens, POST tokens, DELETE tokens/{id}, GET audit, POST backup, POST restart, POST drain`;

test('the document has every endpoint, each whole: id, summary, parameters, security, answers, examples', async (t) => {
  const document = await documentOf(await startWorld(t));
  assert.match(document.openapi, /^3\.1\./);
  const operations = operationsOf(document);
  const promised = PROMISED.split(/,\s+/).map((text) => {
    const [method, at] = text.split(' ') as [string, string];
    return `${method} ${at.startsWith('/') ? at : `/api/v1/${at}`}`;
  });
  assert.deepEqual(operations.map(({ method, path }) => `${method} ${path}`).sort(), promised.sort());
  assert.equal(new Set(operations.map(({ operationId }) => operationId)).size, operations.length, 'ids are unique');
  for (const { method, path, summary, tags, parameters = [], responses, security, requestBody } of operations) {
    const where = `${method} ${path}`;
    assert.match(summary, /^[A-Z].*[.]$/, where);
    assert.equal(tags.length, 1, where);
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const declared = parameters.filter(({ in: place }) => place === 'path');
    assert.deepEqual(declared.map(({ name }) => name).sort(), inPath.map(String).sort(), where);
    assert.ok(
      declared.every(({ required }) => required === true),
      where,
    );
    assert.ok(
      Object.keys(responses).some((status) => status.startsWith('2')),
      where,
    );
    if (!path.startsWith('/api/')) {
      assert.deepEqual(security, [], where);
      continue;
    }
    assert.deepEqual(
      security.map((each) => Object.keys(each)),
      [['token']],
      where,
    );
    assert.ok('application/problem+json' in responses['default']!.content, where);
    const body = requestBody?.content['application/json'];
    assert.ok(body === undefined || body.example !== undefined, `${where}: a body without an example`);
  }
});

test('every reference in the document leads somewhere', async (t) => {
  const document = await documentOf(await startWorld(t));
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, to]) => to!);
  assert.ok(references.length > 10);
  for (const reference of new Set(references)) {
    assert.match(reference, /^#\//);
    let at: unknown = document;
    for (const part of reference.slice(2).split('/')) at = (at as Record<string, unknown> | undefined)?.[part];
    assert.notEqual(at, undefined, reference);
  }
});

test('each documented path answers, and answers what is documented', async (t) => {
  const world = await startWorld(t);
  for (const { method, path, responses } of operationsOf(await documentOf(world))) {
    if (method !== 'GET' || path.endsWith('/events')) continue;
    const real = path
      .replace('zones/{name}', 'zones/example.test')
      .replace('routes/{name}', 'routes/shop')
      .replace('{version}', '1')
      .replace(/\{\w+\}/, 'nothing');
    const { status, headers } = await world.ask('GET', real);
    const documented = Object.keys(responses).includes(String(status));
    const type = headers.get('content-type')!.split(';')[0]!;
    if (documented) assert.ok(type in responses[String(status)]!.content, `${real}: ${type}`);
    else assert.ok([404, 503].includes(status) && type === 'application/problem+json', `${real}: ${status} ${type}`);
  }
});

test('docs/api.md and docs/errors.md are as they would be generated; UPDATE_DOCS=1 writes them anew', async (t) => {
  const document = await documentOf(await startWorld(t));
  for (const [page, generated] of [
    [apiPage, endpointTable(document)],
    [errorsPage, errorTable()],
  ] as const) {
    const made = withGenerated(page, generated);
    if (process.env.UPDATE_DOCS === '1') writeFileSync(page, made);
    assert.equal(readFileSync(page, 'utf8'), made);
  }
});

test('every code of the API is used, and every code of control and store that can come up is known', () => {
  const sources = (folder: string): string =>
    readdirSync(new URL(`../../ts/${folder}/`, import.meta.url), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name !== 'problems.ts')
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
      .join('\n');
  const own = sources('api');
  const framework = readFileSync(new URL('../../ts/api/problems.ts', import.meta.url), 'utf8').split(
    'const FRAMEWORK',
  )[1]!;
  for (const code of Object.keys(PROBLEMS).filter((each) => each.startsWith('DCR_API_'))) {
    assert.ok(own.includes(`'${code}'`) || framework.includes(`'${code}'`), `${code} is never answered`);
  }
  const foreign = [...`${sources('control')}${sources('store')}`.matchAll(/'(DCR_(?:CONTROL|STORE)_\w+)'/g)].map(
    ([, code]) => code!,
  );
  // These come up before the API listens, or in the command alone.
  const elsewhere = ['DCR_STORE_IN_USE', 'DCR_STORE_OPEN', 'DCR_STORE_BACKUP'];
  assert.deepEqual(
    [...new Set(foreign)].filter((code) => !(code in PROBLEMS) && !elsewhere.includes(code)),
    [],
  );
});

test('the examples of docs/api.md work as they stand', async (t) => {
  const open = await startWorld(t);
  const closed = await startWorld(t, { api: `  tokens: [{ name: me, hash: ${ADMIN_HASH}, scopes: [admin] }]` });
  const blocks = [...readFileSync(apiPage, 'utf8').matchAll(/```sh\n([\s\S]*?)```/g)].map(([, script]) => script!);
  assert.ok(blocks.length >= 5);
  for (const block of blocks) {
    const { base, proxyPort } = block.includes('$DCROUTER_TOKEN') ? closed : open;
    const script = block
      .replaceAll('http://127.0.0.1:9090', base)
      .replaceAll('curl -s', 'curl -sS --fail-with-body')
      .replaceAll('"ports": 8080', `"ports": ${proxyPort}`);
    const shell = spawn('sh', ['-ec', script], { env: { ...process.env, DCROUTER_TOKEN: ADMIN } });
    let said = '';
    for (const stream of [shell.stdout, shell.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
    }
    const [code] = await once(shell, 'close');
    assert.equal(code, 0, `${block}\n${said}`);
  }
});
