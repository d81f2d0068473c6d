// Wrong usage exits with 2 and a hint; what fails exits with 1 and one line; help and version are results.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { freePorts } from '../../../test/helpers/ports.ts';
import { ADMIN, ADMIN_HASH, startWorld } from '../api/world.ts';
import { call, spawned } from './command.ts';

test('a word that is nearly a command is told the command, with exit code 2', async () => {
  const run = await call(['statsu']);
  assert.equal(run.code, 2);
  assert.match(
    run.err,
    /^dcrouter: unknown command 'statsu' \(Did you mean .*status.*\)\ndcrouter: see dcrouter --help\n$/,
  );
  const below = await call(['routes', 'lst']);
  assert.equal(below.code, 2);
  assert.match(below.err, /unknown command 'lst' \(Did you mean list\?\)\ndcrouter: see dcrouter routes --help\n$/);
  assert.match((await call(['logs', '--lvel', 'warn'])).err, /unknown option '--lvel' \(Did you mean --level\?\)/);
});

test('what is missing or does not fit is named, with exit code 2', async () => {
  const cases: ReadonlyArray<readonly [readonly string[], RegExp]> = [
    [[], /required option '--config <file>'/],
    [['routes', 'get'], /missing required argument 'name'/],
    [['check'], /a document is missing/],
    [['apply', 'x.yaml', '--confirm', 'soon'], /Expected a time such as '60s'/],
    [['routes', 'add', 'x', '--port', '99999'], /Expected a port from 1 to 65535/],
    [['routes', 'add', 'x', '--port', '80', '--target', 'nowhere'], /Expected host:port/],
    [['routes', 'add', 'x'], /needs --port and --target/],
    [['tokens', 'create', 'x'], /required option '--scope <scope>'/],
    [['tokens', 'create', 'x', '--scope', 'all'], /Expected one of read, write:routes/],
    [['logs', '--level', 'loud'], /Allowed choices are trace, debug/],
    [['rules', 'test'], /expected one of FILE, --facts and --recorded/],
    [['top'], /this is no terminal/],
    [['--url', 'ftp://x', 'status'], /is no address of an API/],
    [['--token', 'a', '--token-file', 'b', 'status'], /both given/],
    [['status', '--token', 'two words'], /must be one word/],
  ];
  for (const [args, expected] of cases) {
    const run = await call(args);
    assert.equal(run.code, 2, args.join(' '));
    assert.match(run.err, expected);
    assert.equal(run.out, '');
    assert.match(run.err, /dcrouter: see dcrouter .*--help\n$/);
  }
});

test('a group without its command shows its help and exits with 2; help that is asked for exits with 0', async () => {
  const group = await call(['routes']);
  assert.equal(group.code, 2);
  assert.match(group.err, /^Usage: dcrouter routes /);
  assert.match(group.err, /^ +list .*List the running routes\.$/m);
  const help = await call(['routes', 'add', '--help']);
  assert.equal(help.code, 0);
  assert.match(help.out, /--domain <name>[^]*Global Options:[^]*--json/);
  assert.match((await call(['--version'])).out, /^\d+\.\d+\.\d+\n$/);
});

test('the installed program is the same command', async () => {
  const program = join(import.meta.dirname, '../../bin/dcrouter.js');
  const version = await spawned(['--version'], undefined, '', program);
  assert.deepEqual([version.code, version.err], [0, '']);
  assert.match(version.out, /^\d+\.\d+\.\d+\n$/);
  assert.equal((await spawned(['nonsense'], undefined, '', program)).code, 2);
});

test('a router that is not there is one line with the remedy and exit code 1', async () => {
  const [port] = await freePorts(1);
  const run = await call(['status'], { url: `http://127.0.0.1:${port}` });
  assert.equal(run.code, 1);
  assert.match(
    run.err,
    /^dcrouter: no router answers at http:\/\/127\.0\.0\.1:\d+: nothing listens there; .*--url.*\(DCR_CLI_UNREACHABLE\)\n$/,
  );
  assert.equal((await call(['routes', 'list', '--json'], { url: `127.0.0.1:${port}` })).code, 1);
});

test('something else than the API is told apart from it', async (t) => {
  const { proxyPort } = await startWorld(t);
  const run = await call(['status'], { url: `http://127.0.0.1:${proxyPort}` });
  assert.equal(run.code, 1);
  assert.match(
    run.err,
    /^dcrouter: what answers is no management API of dcrouter \(status 404\); check --url \(DCR_CLI_NO_API\)\n$/,
  );
});

test('without the token, with a wrong one and with one of too few scopes, the remedy is told', async (t) => {
  const { base } = await startWorld(t, {
    api: `  tokens:\n    - { name: me, hash: ${ADMIN_HASH}, scopes: [read] }\n`,
  });
  const without = await call(['status'], { url: base });
  assert.equal(without.code, 1);
  assert.match(without.err, /^dcrouter: .*; set --token, --token-file or DCROUTER_TOKEN \(DCR_API_UNAUTHORIZED\)\n$/);
  assert.match((await call(['status', '--token', 'dcr_wrong'], { url: base })).err, /DCR_API_UNAUTHORIZED/);
  assert.equal((await call(['status'], { url: base, env: { DCROUTER_TOKEN: ADMIN } })).code, 0);
  const few = await call(['drain', '--token', ADMIN], { url: base });
  assert.match(few.err, /^dcrouter: this needs the scope 'admin'; .*\(DCR_API_FORBIDDEN\)\n$/);
});

test('an API with a certificate of its own is trusted by --ca alone', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'dcrouter-cli-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '30'];
  const names = ['-subj', '/CN=router', '-addext', 'subjectAltName=IP:127.0.0.1'];
  execFileSync('openssl', [...args, ...names, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  const { base } = await startWorld(t, { api: `  tls: { keyFile: ${key}, certFile: ${cert} }\n` });
  const url = base.replace('http:', 'https:');
  const distrusted = await call(['status'], { url });
  assert.equal(distrusted.code, 1);
  assert.match(
    distrusted.err,
    /^dcrouter: the certificate of https:.* is not trusted .*--ca.*\(DCR_CLI_CERTIFICATE\)\n$/,
  );
  assert.equal((await call(['status', '--ca', cert], { url })).code, 0);
  assert.match((await call(['status'], { url: base })).err, /it does not speak HTTP there; is it HTTPS\?/);
  assert.match(
    (await call(['status', '--ca', join(folder, 'none')], { url })).err,
    /cannot read the certificates from .*\(DCR_CLI_FILE\)\n$/,
  );
});
