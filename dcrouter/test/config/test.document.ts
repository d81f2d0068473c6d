import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseConfigDocument } from '../../ts/config/document.ts';
import { ConfigError } from '../../ts/config/error.ts';
import { loadConfig, validateConfig } from '../../ts/config/load.ts';

function read(text: string, env: NodeJS.ProcessEnv = {}) {
  return validateConfig(parseConfigDocument('router.yaml', text, env));
}

function complaint(text: string, env: NodeJS.ProcessEnv = {}): string {
  try {
    read(text, env);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error.message;
  }
  return assert.fail('the configuration was accepted');
}

test('an empty document is a valid router with every default', () => {
  const config = read('');
  assert.deepEqual([config.api.address, config.api.port, config.api.tokens], ['127.0.0.1', 9090, []]);
  assert.equal(config.logging.format, 'json');
  assert.equal(config.proxy, undefined);
});

test('the shipped example is valid', () => {
  const file = join(import.meta.dirname, '../../examples/example.yaml');
  const config = validateConfig(parseConfigDocument(file, readFileSync(file, 'utf8'), {}));
  assert.deepEqual(
    config.proxy?.routes.map((route) => [route.name, route.match.ports]),
    [
      ['app-http', 8080],
      ['app-https', 8443],
      ['secure-passthrough', 8443],
    ],
  );
  assert.equal(config.dns?.zones['example.test']?.records.length, 11);
});

test('the same document as JSON is the same configuration', () => {
  assert.deepEqual(read('{"api": {"port": 9191}}'), read('api:\n  port: 9191\n'));
});

test('an error names the file, the line, the path, the value and what would be right', () => {
  assert.equal(complaint('api:\n  port: 99999\n'), 'router.yaml:2:9: api.port: got 99999; expected at most 65535');
  assert.equal(complaint('api:\n  port: web\n'), "router.yaml:2:9: api.port: got 'web'; expected a number");
  assert.match(
    complaint('logging:\n  level: loud\n'),
    /^router\.yaml:2:10: logging\.level: got 'loud'; expected 'debug' or 'info'/,
  );
});

test('a missing setting is named with the place where it belongs', () => {
  const message = complaint(
    'proxy:\n  routes:\n    - name: web\n      match: { ports: 80 }\n      action: { type: forward }\n',
  );
  assert.match(message, /^router\.yaml:5:15: proxy\.routes\[0\]\.action\.targets: is missing; expected a list$/);
});

test('an unknown setting is answered with the one that was probably meant', () => {
  assert.equal(
    complaint('loging:\n  level: info\n'),
    "router.yaml:1:1: loging: is not a known setting; did you mean 'logging'?".replace(
      '1:1',
      positionOf('loging:\n  level: info\n'),
    ),
  );
});

/** The position of an unknown key is that of its value: the parser keeps ranges of values. */
function positionOf(text: string): string {
  const at = parseConfigDocument('x', text, {}).position(['loging'])!;
  return `${at.line}:${at.column}`;
}

test('every problem is told at once, one line each', () => {
  const lines = complaint('api: { port: 0 }\nlogging: { format: xml }\n').split('\n');
  assert.equal(lines.length, 2);
  assert.match(lines[0]!, /api\.port: got 0; expected at least 1/);
  assert.match(lines[1]!, /logging\.format: got 'xml'; expected 'json' or 'pretty'/);
});

test('two routes of one name are refused, because names key the counters', () => {
  const route =
    '{ name: web, match: { ports: 80 }, action: { type: forward, targets: [{ host: localhost, port: 81 }] } }';
  assert.match(
    complaint(`proxy:\n  routes: [${route}, ${route}]\n`),
    /proxy\.routes\[1\]\.name: got 'web', which proxy\.routes\[0\] already has/,
  );
});

test('record data is checked by record type', () => {
  const zone = (record: string) => `dns:\n  zones:\n    example.test:\n      records: [${record}]\n`;
  assert.match(
    complaint(zone("{ name: www, type: A, data: 'not-an-ip' }")),
    /records\[0\]\.data: got 'not-an-ip'; expected an ipv4 value/,
  );
  assert.match(
    complaint(zone('{ name: www, type: MX, data: ten mail }')),
    /records\[0\]\.data: got 'ten mail'; expected text '<preference> <exchange>' or \{ preference, exchange \}/,
  );
  assert.match(complaint(zone('{ name: www, type: BOGUS, data: x }')), /records\[0\]\.type/);
});

test('a syntax error names its line', () => {
  assert.match(complaint('api: {\n  port: 1\n'), /^router\.yaml:\d+:\d+: /);
});

test('environment references are put in and typed, unless tagged as text', () => {
  assert.equal(read('{"api": {"port": "${P}"}}', { P: '9099' }).api.port, 9099);
  assert.equal(read('api:\n  port: ${P:-9098}\n').api.port, 9098);
  assert.match(complaint('api:\n  port: !!str ${P}\n', { P: '9099' }), /api\.port: got '9099'; expected a number/);
  assert.match(
    complaint('api:\n  port: ${P}\n'),
    /^router\.yaml:2:9: \$\{P\} is used, but the environment has no P; set it or write \$\{P:-default\}$/,
  );
});

test('a file that cannot be read is one clear line', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'dcrouter-config-'));
  t.after(() => rm(folder, { recursive: true }));
  const missing = join(folder, 'missing.yaml');
  await assert.rejects(loadConfig(missing), { name: 'ConfigError', message: `${missing}: there is no such file` });
  await assert.rejects(loadConfig(folder), /this is a folder; name a YAML or JSON file/);
  const file = join(folder, 'router.yaml');
  await writeFile(file, 'api: { port: 9100 }\n');
  assert.equal((await loadConfig(file)).api.port, 9100);
});

test('what the proxy refuses about a route is told with its place in the document', () => {
  const text =
    'proxy:\n  routes:\n    - name: web\n      match: { ports: 80, clientIp: [10.0.0.0/99] }\n      action: { type: forward, targets: [{ host: localhost, port: 81 }] }\n';
  assert.match(complaint(text), /^router\.yaml:4:\d+: proxy\.routes\[0\]\.match\.clientIp\[0\]: /);
});

test('what the DNS server refuses about a zone is told with its place in the document', () => {
  const zone = (records: string) => `dns:\n  zones:\n    example.test:\n      records: [${records}]\n`;
  assert.match(complaint(zone('')), /^router\.yaml:4:\d+: dns\.zones\.example\.test: /);
  const ns = "{ name: '@', type: NS, data: ns1.example.test }";
  const alias = '{ name: www, type: CNAME, data: example.test }';
  assert.match(
    complaint(zone(`${ns}, ${alias}, { name: www, type: A, data: 192.0.2.1 }`)),
    /dns\.zones\.example\.test: .*CNAME/,
  );
});

test('a certificate by ACME needs the settings for it', () => {
  const text = (acme: string) =>
    `proxy:\n${acme}  routes:\n    - name: web\n      match: { ports: 443, domains: web.test }\n      action:\n        type: forward\n        targets: [{ host: localhost, port: 81 }]\n        tls: { mode: terminate, certificate: auto }\n`;
  assert.match(
    complaint(text('')),
    /proxy\.routes\[0\]\.action\.tls\.certificate: got 'auto', which needs proxy\.acme/,
  );
  assert.match(
    complaint(text('  acme: { email: nobody }\n')),
    /proxy\.acme\.email: got 'nobody'; expected an email value/,
  );
  assert.equal(read(text('  acme: { email: ops@web.test }\n')).proxy?.acme?.certificateStore, './certs');
});

test('the store is in memory unless configured, and a database needs exactly one address', () => {
  assert.deepEqual(read('').store, { type: 'memory' });
  assert.equal(read('').node.name, hostname());
  assert.deepEqual(read('store: { type: sqlite }').store, { type: 'sqlite', path: './dcrouter.db' });
  const url = 'postgres://db.example.test/router';
  assert.deepEqual(read(`store: { type: postgres, url: '${url}' }`).store, { type: 'postgres', url, poolSize: 5 });
  for (const addresses of ['', `, url: '${url}', urlFile: ./url`])
    assert.match(complaint(`store: { type: postgres${addresses} }`), /expected either url or urlFile/);
  assert.match(complaint('store: { type: sqlite, pth: ./a.db }'), /store/);
});
