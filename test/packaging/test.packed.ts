/**
 * What would be published: packed, installed into an empty project under both names, and used.
 *
 * @module
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';

const root = join(import.meta.dirname, '../..');
const scratch = mkdtempSync(join(tmpdir(), 'packed-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

const STEP_TIMEOUT_MS = 120_000;
/** In dependency order. */
const packages: Readonly<Record<string, string>> = {
  '@dcrouter/metrics': 'metrics',
  '@dcrouter/acme': 'acme',
  '@dcrouter/smartdns': 'forks/smartdns',
  '@dcrouter/smartproxy': 'forks/smartproxy',
};

const runtime = join(root, '.runtime');
const pnpmFolder = existsSync(runtime) ? readdirSync(runtime).find((name) => name.startsWith('pnpm-')) : undefined;
const pnpm = join(runtime, pnpmFolder ?? '', 'bin/pnpm.cjs');
const built = Object.values(packages).every((folder) => existsSync(join(root, folder, 'dist_ts/index.js')));
const skip =
  pnpmFolder === undefined
    ? 'the pinned pnpm is not there: npm test fetches it'
    : !built && 'the packages are not built: npm run build';

function run(cwd: string, ...args: string[]): string {
  const env = { ...process.env, CI: 'true', PATH: `${dirname(process.execPath)}:${process.env['PATH']}` };
  const result = spawnSync(process.execPath, args, { cwd, encoding: 'utf8', timeout: STEP_TIMEOUT_MS, env });
  assert.equal(result.status, 0, `${args.slice(0, 3).join(' ')}: ${result.stdout}${result.stderr}`);
  return result.stdout;
}

const tool = (name: string, script: string): string => join(root, 'test/node_modules', name, script);

const archives = new Map<string, string>();

test('every package packs to sources, built files and papers, and nothing else', { skip }, () => {
  for (const [name, folder] of Object.entries(packages)) {
    const output = run(join(root, folder), pnpm, 'pack', '--json', '--pack-destination', scratch);
    const { filename, files } = JSON.parse(output) as { filename: string; files: Array<{ path: string }> };
    archives.set(name, join(scratch, filename.split('/').at(-1)!));
    const paths = files.map(({ path }) => path);
    const papers = ['package.json', 'readme.md', 'changelog.md', 'LICENSE'];
    const others = paths.filter(
      (path) => !papers.includes(path) && !/^(?:dist_)?ts(?:_[a-z]+)?\/(?:.+\.(?:ts|js|map)|readme\.md)$/.test(path),
    );
    assert.deepEqual(others, [], name);
    assert.ok(paths.includes('LICENSE') && paths.includes('dist_ts/index.d.ts'), name);
    assert.deepEqual(
      paths.filter((path) => /test\.|tsbuildinfo/.test(path)),
      [],
      name,
    );
  }
});

test('publint and attw find nothing wrong with the packed packages', { skip }, () => {
  for (const archive of archives.values()) {
    run(scratch, tool('publint', 'src/cli.js'), archive, '--strict');
    // The packages are ES modules: CommonJS gets at them by Node's require(esm), which the last test proves.
    run(scratch, tool('@arethetypeswrong/cli', 'dist/index.js'), archive, '--profile', 'esm-only', '--no-color');
  }
});

test('installed under both names, they serve TypeScript, import and require', { skip }, () => {
  const project = join(scratch, 'project');
  mkdirSync(project);
  const file = (name: string): string => `file:${archives.get(name)}`;
  const dependencies = {
    '@dcrouter/metrics': file('@dcrouter/metrics'),
    '@dcrouter/smartdns': file('@dcrouter/smartdns'),
    '@dcrouter/smartproxy': file('@dcrouter/smartproxy'),
    '@push.rocks/smartdns': file('@dcrouter/smartdns'),
    '@push.rocks/smartproxy': file('@dcrouter/smartproxy'),
  };
  const overrides = { '@dcrouter/metrics': file('@dcrouter/metrics'), '@dcrouter/acme': file('@dcrouter/acme') };
  const manifest = { name: 'empty', private: true, type: 'module', dependencies, pnpm: { overrides } };
  writeFileSync(join(project, 'package.json'), JSON.stringify(manifest));
  run(project, pnpm, 'install', '--prefer-offline', '--ignore-scripts', '--no-frozen-lockfile');
  const uses = ['@dcrouter', '@push.rocks'].map((scope, index) => ({ scope, index }));
  const imports = uses.map(
    ({ scope, index }) => `
import { DnsServer as Dns${index} } from '${scope}/smartdns/server';
import { Smartdns as Client${index} } from '${scope}/smartdns/client';
import { SmartProxy as Proxy${index} } from '${scope}/smartproxy';
const dns${index}: number = new Dns${index}({ udpPort: 0, dnssecZone: 'a.test' }).getStats().getTotalQueries();
const proxy${index}: number = new Proxy${index}({ routes: [] }).getStats().getTotalConnections();
if (dns${index} + proxy${index} !== 0 || typeof Client${index} !== 'function') throw new Error('not empty');`,
  );
  writeFileSync(join(project, 'use.ts'), imports.join('\n'));
  const names = ['smartdns', 'smartdns/server', 'smartdns/client', 'smartdns/wrap', 'smartproxy', 'smartproxy/wrap'];
  const required = uses.flatMap(({ scope }) => names.map((name) => `require('${scope}/${name}');`));
  writeFileSync(join(project, 'use.cjs'), required.join('\n'));
  run(project, 'use.ts');
  run(project, 'use.cjs');
  const types = join(root, 'node_modules/@types');
  const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2024', '--skipLibCheck', 'false'];
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  run(project, tsc, ...options, '--typeRoots', types, '--types', 'node', 'use.ts');
});
