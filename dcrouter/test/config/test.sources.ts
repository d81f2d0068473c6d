import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { inspectConfig, loadConfig, validateConfig } from '../../ts/config/load.ts';
import { flattenDocument, readConfigDocument } from '../../ts/config/read.ts';
import { refused } from './documents.ts';

/** A folder with files, gone after the test. */
async function folderOf(t: TestContext, files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'dcrouter-sources-'));
  t.after(() => rm(folder, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text, { mode: 0o600 });
  }
  return folder;
}

const route = (name: string, port: number | string = 81): string =>
  `    - name: ${name}\n      match: { ports: 80, domains: ${name}.test }\n      action: { type: forward, targets: [{ host: localhost, port: ${port} }] }\n`;

test('included files are merged: groups into groups, named things into lists, sorted by name', async (t) => {
  const folder = await folderOf(t, {
    'router.yaml': `include: conf.d/*.yaml\napi: { port: 9100 }\nproxy:\n  routes:\n${route('first')}`,
    'conf.d/20-b.yaml': `proxy:\n  routes:\n${route('b')}`,
    'conf.d/10-a.yaml': `logging: { level: warn }\nproxy:\n  drainTimeoutMs: \${DRAIN}\n  routes:\n${route('a')}`,
  });
  const config = await loadConfig(join(folder, 'router.yaml'), { DRAIN: '77' });
  assert.equal(config.api.port, 9100);
  assert.equal(config.logging.level, 'warn');
  assert.equal(config.proxy?.drainTimeoutMs, 77);
  assert.deepEqual(
    config.proxy?.routes.map(({ name }) => name),
    ['first', 'a', 'b'],
  );
  assert.equal(config.include, undefined);
});

test('an error in an included file names that file and its line', async (t) => {
  const folder = await folderOf(t, {
    'router.yaml': `include: [routes.yaml]\nproxy:\n  routes:\n${route('first')}`,
    'routes.yaml': `proxy:\n  routes:\n${route('a')}${route('b', 'http')}`,
  });
  assert.match(
    await refused(loadConfig(join(folder, 'router.yaml'), {})),
    new RegExp(
      `^${join(folder, 'routes.yaml')}:8:\\d+: proxy\\.routes\\[2\\]\\.action\\.targets\\[0\\]\\.port: got 'http'`,
    ),
  );
});

test('what two files set is told with both places', async (t) => {
  const folder = await folderOf(t, {
    'router.yaml': `include: more.yaml\napi: { port: 9100 }\nproxy:\n  routes:\n${route('web')}`,
    'more.yaml': `api: { port: 9101 }\nproxy:\n  routes:\n${route('web')}`,
  });
  assert.deepEqual((await refused(loadConfig(join(folder, 'router.yaml'), {}))).split('\n'), [
    `${folder}/more.yaml:1:14: api.port: is already set at ${folder}/router.yaml:2:14; keep one of both`,
    `${folder}/more.yaml:4:13: proxy.routes: got 'web', which is already at ${folder}/router.yaml:5:7; names must be unique`,
  ]);
});

test('records of one owner may come from several files', async (t) => {
  const zone = (records: string): string => `dns:\n  zones:\n    example.test:\n      records:\n${records}`;
  const folder = await folderOf(t, {
    'router.yaml': `include: more.yaml\n${zone("        - { name: '@', type: NS, data: ns.example.org }\n        - { name: www, type: A, data: 192.0.2.1 }\n")}`,
    'more.yaml': zone('        - { name: www, type: A, data: 192.0.2.2 }\n'),
  });
  const config = await loadConfig(join(folder, 'router.yaml'), {});
  assert.equal(config.dns?.zones['example.test']?.records.length, 3);
});

test('circles, files included twice and missing files are named', async (t) => {
  const folder = await folderOf(t, {
    'circle.yaml': 'include: sub/b.yaml\n',
    'sub/b.yaml': 'include: ../circle.yaml\n',
    'twice.yaml': 'include: [leaf.yaml, "l*.yaml"]\n',
    'leaf.yaml': 'api: { port: 9100 }\n',
    'missing.yaml': 'include: nowhere.yaml\n',
    'empty.yaml': 'include: nothing/*.yaml\n',
    'anchored.yaml': 'include: anchors.yaml\n',
    'anchors.yaml': 'api: &x { port: 9100 }\n',
  });
  const message = (name: string): Promise<string> => refused(loadConfig(join(folder, name), {}));
  assert.equal(
    await message('circle.yaml'),
    `${folder}/sub/b.yaml:1:10: include: the files include each other in a circle: ${folder}/circle.yaml → ${folder}/sub/b.yaml → ${folder}/circle.yaml`,
  );
  assert.match(
    await message('twice.yaml'),
    /include: .*leaf\.yaml is already included at .*twice\.yaml:1; include it once/,
  );
  assert.match(await message('missing.yaml'), /missing\.yaml:1:10: include: there is no file nowhere\.yaml$/);
  assert.match(await message('anchored.yaml'), /anchors\.yaml:1:1: include: anchors and aliases cannot stand/);
  assert.equal((await loadConfig(join(folder, 'empty.yaml'), {})).api.port, 9090);
});

test('a document is flattened for the store: includes put in, references as written', async (t) => {
  const folder = await folderOf(t, {
    'router.yaml': `include: more.yaml # what else\napi: { port: '\${PORT}' }\n`,
    'more.yaml': 'logging: { level: warn }\n',
  });
  const file = join(folder, 'router.yaml');
  const flat = await flattenDocument(file, `include: more.yaml\napi: { port: '\${PORT}' }\n`);
  assert.deepEqual(flat.files, [join(folder, 'more.yaml')]);
  assert.doesNotMatch(flat.text, /include/);
  assert.match(flat.text, /\$\{PORT\}/);
  const again = validateConfig(await readConfigDocument(file, { PORT: '9107' }, flat.text));
  assert.deepEqual([again.api.port, again.logging.level], [9107, 'warn']);
});

test('a secret may stand in a file of its own, and a warning tells when everybody can read it', async (t) => {
  const users = (secret: string): string =>
    `proxy:\n  routes:\n${route('web')}      security: { basicAuth: { users: [{ username: ann, password: ${secret} }] } }\n`;
  const folder = await folderOf(t, {
    'router.yaml': users('{ fromFile: secrets/ann }'),
    'secrets/ann': 'correct horse\n\n',
    'large.yaml': users('{ fromFile: secrets/large }'),
    'secrets/large': 'x'.repeat(65_537),
    'none.yaml': users('{ fromFile: secrets/none }'),
  });
  const file = join(folder, 'router.yaml');
  const password = async (): Promise<string | undefined> =>
    (await loadConfig(file, {})).proxy?.routes[0]?.security?.basicAuth?.users[0]?.password;
  assert.equal(await password(), 'correct horse\n');
  assert.deepEqual(inspectConfig(await readConfigDocument(file, {})).warnings, []);
  await chmod(join(folder, 'secrets/ann'), 0o644);
  const document = await readConfigDocument(file, {});
  assert.deepEqual(document.files, [join(folder, 'secrets/ann')]);
  const [warning] = inspectConfig(document).warnings;
  assert.equal(warning?.line, 6);
  assert.match(warning.message, /secrets\/ann can be read by everybody on this machine; chmod o-r /);
  assert.match(await refused(loadConfig(join(folder, 'large.yaml'), {})), /it has 65537 bytes, at most 65536 are read/);
  assert.match(
    await refused(loadConfig(join(folder, 'none.yaml'), {})),
    /none\.yaml:6:\d+: proxy\.routes\[0\]\.security\.basicAuth\.users\[0\]\.password: cannot read .*: there is no such file/,
  );
});

test('names of files are relative to the file that names them', async (t) => {
  const folder = await folderOf(t, {
    'router.yaml': 'include: sub/tls.yaml\n',
    'sub/tls.yaml': `proxy:\n  tls: { certificate: { keyFile: key.pem, certFile: /etc/cert.pem } }\n`,
  });
  const config = await loadConfig(join(folder, 'router.yaml'), {});
  assert.deepEqual(config.proxy?.tls?.certificate, { keyFile: join(folder, 'sub/key.pem'), certFile: '/etc/cert.pem' });
});

test('log files stand beside the document, wherever the router was started', async (t) => {
  const folder = await folderOf(t, {
    'router.yaml': 'logging: { file: router.log, access: { format: combined, file: logs/access.log } }\n',
  });
  const { logging } = await loadConfig(join(folder, 'router.yaml'), {});
  assert.equal(logging.file, join(folder, 'router.log'));
  assert.deepEqual(logging.access, { format: 'combined', file: join(folder, 'logs/access.log'), sample: 1 });
});

test('a zone may come from a master file, whose errors tell its line', async (t) => {
  const folder = await folderOf(t, {
    'router.yaml': 'dns: { zones: { example.test: { file: zones/example.test } } }\n',
    'zones/example.test':
      '$TTL 60\n@ SOA ns1 hostmaster 7 3600 600 86400 60\n@ NS ns1\nns1 A 192.0.2.1\nwww MX 10 mail\n',
  });
  const file = join(folder, 'router.yaml');
  const config = await loadConfig(file, {});
  assert.match(config.dns?.zones['example.test']?.text ?? '', /^\$TTL 60/);
  await writeFile(
    join(folder, 'zones/example.test'),
    '$TTL 60\n@ SOA ns1 h 7 3600 600 86400 60\n@ NS ns1\nns1 A 192.0.2\n',
  );
  assert.match(await refused(loadConfig(file, {})), /dns\.zones\.example\.test: .*zones\/example\.test:4: /);
});

const NAMED = `proxy:\n  routes:\n${route('my-shop')}dns:\n  zones:\n    example.test: { ttl: 60, records: [{ name: '@', type: NS, data: ns.example.org }] }\n`;

test('variables set single settings, whatever their letter case', async () => {
  const document = await readConfigDocument(
    'router.yaml',
    {
      DCROUTER__PROXY__DRAINTIMEOUTMS: '4321',
      dcrouter__proxy__routes__my_shop__action__targets__0__port: '8123',
      DCROUTER__DNS__ZONES__EXAMPLE_TEST__TTL: '90',
      DCROUTER__PROXY__TIMEOUTS__SOCKETTIMEOUTMS: '5',
      DCROUTER__LOGGING__LEVEL: 'warn',
      DCROUTER_URL: 'not ours',
    },
    NAMED,
  );
  const config = validateConfig(document);
  assert.equal(config.proxy?.drainTimeoutMs, 4321);
  assert.equal(config.proxy.routes[0]?.action.targets?.[0]?.port, 8123);
  assert.equal(config.dns?.zones['example.test']?.ttl, 90);
  assert.equal(config.proxy.timeouts?.socketTimeoutMs, 5);
  assert.equal(config.logging.level, 'warn');
});

test('a variable that means nothing, and a value that is wrong, name the variable', async () => {
  const message = (env: NodeJS.ProcessEnv): Promise<string> =>
    refused(readConfigDocument('router.yaml', env, NAMED).then(validateConfig));
  assert.equal(
    await message({ DCROUTER__PROXY__DRAINTIMEOUT: '1' }),
    "environment variable DCROUTER__PROXY__DRAINTIMEOUT: there is no 'DRAINTIMEOUT' in proxy; did you mean 'drainTimeoutMs'?",
  );
  assert.match(
    await message({ DCROUTER__PROXY__ROUTES__SHOP__PRIORITY: '1' }),
    /there is no 'SHOP' in proxy\.routes; .*my-shop/,
  );
  assert.match(
    await message({ DCROUTER__PROXY__LIMITS: '1' }),
    /proxy\.limits is a group of settings; go on with __ and one of MAXCONNECTIONS/,
  );
  assert.match(
    await message({ DCROUTER__API__PORT: 'web' }),
    /^environment variable DCROUTER__API__PORT: api\.port: got 'web'; expected a number/,
  );
});
