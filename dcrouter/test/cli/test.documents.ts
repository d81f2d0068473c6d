// Documents: checked, compared and printed without a router; applied, confirmed and rolled back with one.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { parse } from 'yaml';
import { freePorts } from '../../../test/helpers/ports.ts';
import { startWorld } from '../api/world.ts';
import { call, spawned } from './command.ts';

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'dcrouter-cli-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

function written(folder: string, name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

const DOCUMENT = `proxy:
  routes:
    - name: app
      match: { ports: 8080, domains: app.example.test }
      action: { type: forward, targets: [{ host: 127.0.0.1, port: 3000 }] }
      security: { basicAuth: { users: [{ username: ann, password: hush }] } }
`;

test('check tells everything that is wrong with its line, and what should be looked at', async (t) => {
  const folder = folderOf(t);
  const good = written(
    folder,
    'good.yaml',
    `${DOCUMENT}dns: { zones: { example.test: { nameservers: [ns.other.test], records: [] } } }\n`,
  );
  const fine = await call(['check', good]);
  assert.deepEqual([fine.code, fine.out], [0, `${good}: the configuration is valid\n`]);
  assert.match(fine.err, /warning: route 'app': app\.example\.test is in our zone example\.test, which has no address/);
  const json = JSON.parse((await call(['check', '--config', good, '--json'])).out) as {
    valid: boolean;
    warnings: object[];
  };
  assert.deepEqual([json.valid, json.warnings.length], [true, 1]);

  const bad = written(folder, 'bad.yaml', 'api: { port: 99999 }\nproxi: {}\n');
  const run = await spawned(['check', bad]);
  assert.equal(run.code, 1);
  assert.match(
    run.err,
    /^dcrouter: .*bad\.yaml:1:14: api\.port: got 99999;[^\n]*\ndcrouter: .*bad\.yaml:2:8: proxi:[^\n]*proxy[^\n]*\n$/,
  );
  const told = JSON.parse((await call(['check', bad, '--json'])).out) as {
    valid: boolean;
    problems: Array<{ line: number }>;
  };
  assert.deepEqual([told.valid, told.problems.map(({ line }) => line)], [false, [1, 2]]);
  assert.match((await call(['check', join(folder, 'none.yaml')])).err, /^dcrouter: .*none\.yaml: .*\n$/);
});

test('print fills defaults in and hides secrets; diff compares two documents without a router', async (t) => {
  const folder = folderOf(t);
  const file = written(folder, 'a.yaml', DOCUMENT);
  const printed = await call(['print', file]);
  assert.ok(!printed.out.includes('hush'));
  const value = parse(printed.out) as { api: { port: number }; proxy: { routes: Array<{ security: object }> } };
  assert.equal(value.api.port, 9090);
  assert.match(JSON.stringify(value.proxy.routes[0]!.security), /"password":"\(secret\)"/);
  assert.deepEqual(JSON.parse((await call(['print', file, '--json'])).out), value);

  const newer = written(folder, 'b.yaml', DOCUMENT.replace('8080', '8081').replace('hush', 'other'));
  const diff = await call(['diff', file, newer]);
  assert.equal(diff.code, 0);
  assert.match(diff.out, /^~ proxy\.routes\[app\]\.match\.ports: 8080 → 8081$/m);
  assert.match(diff.out, /^ports opened: 8081\nports closed: 8080$/m);
  assert.ok(!diff.out.includes('hush') && !diff.out.includes('other'));
  assert.equal((await call(['diff', file, file])).out, 'nothing differs\n');
  const schema = JSON.parse((await call(['schema'])).out) as { title: string };
  assert.equal(schema.title, 'DcRouter configuration');
});

test('apply with includes, confirm, rollback and the history', async (t) => {
  const { base: url, file, process } = await startWorld(t);
  const text = readFileSync(file, 'utf8');
  const folder = folderOf(t);
  written(folder, 'logging.yaml', 'logging: { level: debug }\n');
  const next = written(
    folder,
    'next.yaml',
    `include: [logging.yaml]\n${text.replace('shop.example.test }', 'store.example.test }')}`,
  );

  assert.match((await call(['diff', next], { url })).out, /domains: "shop\.example\.test" → "store\.example\.test"/);
  assert.match((await call(['apply', next, '--dry-run'], { url })).out, /dry run: nothing was changed; version 1/);
  const applied = await call(['apply', next, '--confirm', '60s', '--comment', 'rename'], { url });
  assert.deepEqual([applied.code, applied.err], [0, '']);
  assert.match(applied.out, /version 2, revision 0 serves\ntaken back in 1m unless you run: dcrouter confirm\n$/);
  assert.equal(process.router.config.logging.level, 'debug', 'what it includes went with it');
  assert.equal((await call(['confirm'], { url })).out, 'version 2 stays\n');
  assert.match((await call(['confirm'], { url })).err, /DCR_CONTROL_UNCONFIRMED/);
  const versions = await call(['config', 'versions'], { url });
  assert.match(versions.out, /^ +2 +active +\S+ \S+ +api +local +rename$/m);
  assert.match((await call(['config', 'show', '2', '--text'], { url })).out, /store\.example\.test/);
  assert.match((await call(['rollback', '1'], { url })).out, /version 3, revision 0 serves/);
  assert.equal(process.router.config.proxy!.routes[0]!.match.domains, 'shop.example.test');
  assert.match(
    (await call(['rollback', '99'], { url })).err,
    /; see them with: dcrouter config versions \(DCR_CONTROL_NO_VERSION\)\n$/,
  );
  assert.match((await call(['apply', '-', '--if-version', '1'], { url, input: text })).err, /DCR_CONTROL_PRECONDITION/);
  assert.equal((await call(['apply', '-', '--if-version', '3'], { url, input: text })).code, 0);
  assert.equal((await call(['config', 'reload'], { url })).code, 0);

  const bad = written(folder, 'bad.yaml', 'proxy:\n  routs: []\n');
  const refused = await call(['apply', bad], { url });
  assert.equal(refused.code, 1);
  assert.match(
    refused.err,
    /^dcrouter: The configuration would not be valid \(DCR_CONFIG_INVALID\)\ndcrouter: .*bad\.yaml:2:10: proxy\.routs: .*routes.*\n$/,
  );
});

test('a backup is for its owner alone, replaces nothing, and is restored into an empty store', async (t) => {
  const folder = folderOf(t);
  const store = join(folder, 'a.db');
  const world = await startWorld(t, { more: `store: { type: sqlite, path: ${store} }\n` });
  const { base: url, proxyPort } = world;
  const added = await call(
    ['routes', 'add', 'kept', '--port', `${proxyPort}`, '--domain', 'kept.test', '--target', '127.0.0.1:1'],
    { url },
  );
  assert.equal(added.code, 0, added.err);
  const file = join(folder, 'all.backup');
  const saved = await spawned(['backup', file, '--json'], url);
  assert.equal(saved.code, 0, saved.err);
  const { size, mode } = statSync(file);
  assert.deepEqual([JSON.parse(saved.out), mode & 0o777], [{ file, bytes: size }, 0o600]);
  assert.match(
    (await call(['backup', file], { url })).err,
    /exists already; name another, or give --force \(DCR_CLI_FILE\)/,
  );
  assert.equal((await call(['backup', file, '--force'], { url })).code, 0);

  const [apiPort, otherPort] = await freePorts(2);
  const other = written(
    folder,
    'other.yaml',
    `api: { port: ${apiPort} }\nstore: { type: sqlite, path: b.db }\nproxy: { address: 127.0.0.1, routes: [{ name: a, match: { ports: ${otherPort} }, action: { type: forward, targets: [{ host: 127.0.0.1, port: 1 }] } }] }\n`,
  );
  const restored = await spawned(['restore', file, '--config', other]);
  assert.equal(restored.code, 0, restored.err);
  assert.match(restored.out, /^restored \d+ rows of node .* start it with: dcrouter run --config /);
  const twice = await call(['restore', file, '--config', other]);
  assert.match(twice.err, /^dcrouter: the store is not empty .*\(DCR_STORE_BACKUP\)\n$/);
  assert.equal(twice.code, 1);
});
