import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, cpSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, test } from 'node:test';
import { formatArchives, nextVersion, release, ReleaseRefused, repositoryUrl } from '../../scripts/release.ts';

const root = join(import.meta.dirname, '../..');
const scratch = mkdtempSync(join(tmpdir(), 'release-test-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

const folders = ['metrics', 'acme', 'forks/smartproxy', 'forks/smartdns', 'dcrouter'];
const pnpm = globSync('.runtime/pnpm-*/bin/pnpm.cjs', { cwd: root })[0];
const built = folders.every((folder) => existsSync(join(root, folder, 'dist_ts/index.js')));
const skip =
  pnpm === undefined
    ? 'the pinned pnpm is not there: npm test fetches it'
    : !built && 'the packages are not built: npm run build';

const tree = join(scratch, 'tree');
const options = {
  root: tree,
  out: join(scratch, 'out'),
  pnpm: join(root, pnpm ?? ''),
  today: '2031-02-03',
  repository: 'git+https://git.example.org/dcrouter.git' as string | undefined,
};

function copyTree(): void {
  rmSync(tree, { recursive: true, force: true });
  const left = new Set(['node_modules', 'test']);
  for (const folder of folders) {
    cpSync(join(root, folder), join(tree, folder), { recursive: true, filter: (path) => !left.has(basename(path)) });
  }
  for (const file of ['LICENSE', 'CHANGELOG.md']) copyFileSync(join(root, file), join(tree, file));
}

function hashTree(): string {
  const hash = createHash('sha256');
  const files = globSync('**/*', { cwd: tree, withFileTypes: true }).filter((entry) => entry.isFile());
  for (const path of files.map((entry) => join(entry.parentPath, entry.name)).sort()) {
    hash.update(path).update(readFileSync(path));
  }
  return hash.digest('hex');
}

const manifest = (folder: string): { name: string; version: string; dependencies?: Record<string, string> } =>
  JSON.parse(readFileSync(join(tree, folder, 'package.json'), 'utf8')) as { name: string; version: string };

test('a step raises its part and clears those behind it', () => {
  assert.deepEqual(
    ['patch', 'minor', 'major', '4.5.6-rc.1', undefined].map((wanted) => nextVersion('1.2.3', wanted)),
    ['1.2.4', '1.3.0', '2.0.0', '4.5.6-rc.1', '1.2.3'],
  );
  assert.throws(() => nextVersion('1.2.3', 'newest'), ReleaseRefused);
});

test('a dry run packs every package after those that it needs, and leaves the tree as it was', { skip }, () => {
  copyTree();
  const before = hashTree();
  const archives = release({ ...options, dryRun: true });
  assert.equal(hashTree(), before);
  const names = archives.map(({ name }) => name.replace('@dcrouter/', ''));
  assert.deepEqual(names.slice(0, 2).sort(), ['acme', 'metrics']);
  assert.deepEqual(names.slice(2, 4).sort(), ['smartdns', 'smartproxy']);
  assert.equal(names[4], 'dcrouter');
  for (const { path, files, bytes } of archives) {
    assert.equal(readFileSync(path).length, bytes);
    assert.ok(files > 4, path);
  }
  assert.equal(formatArchives(archives).trimEnd().split('\n').length, archives.length + 1);
});

test('a version without an entry in the changelogs is refused, each file by its name', { skip }, () => {
  copyTree();
  const before = hashTree();
  assert.throws(
    () => release({ ...options, version: 'major', dryRun: false }),
    (error) =>
      error instanceof ReleaseRefused && folders.every((folder) => error.message.includes(`${folder}/changelog`)),
  );
  assert.equal(hashTree(), before);
});

test('a release writes version and day, keeps workspace ranges, and packs exact ones', { skip }, () => {
  copyTree();
  for (const folder of folders) {
    const file = join(tree, folder, 'changelog.md');
    writeFileSync(file, `${readFileSync(file, 'utf8')}\n## 9.8.7 (unreleased)\n\n- More.\n`);
  }
  const archives = release({ ...options, version: '9.8.7', dryRun: false });
  for (const folder of folders) {
    assert.equal(manifest(folder).version, '9.8.7');
    assert.match(readFileSync(join(tree, folder, 'changelog.md'), 'utf8'), /^## 9\.8\.7 \(2031-02-03\)$/m);
  }
  assert.equal(manifest('dcrouter').dependencies?.['@dcrouter/acme'], 'workspace:*');
  const last = archives.at(-1)!;
  assert.deepEqual([last.name, last.version], ['@dcrouter/dcrouter', '9.8.7']);
  assert.equal(packed(last.path).dependencies?.['@dcrouter/acme'], '9.8.7');
  for (const { path, name } of archives) {
    const { repository, publishConfig } = packed(path);
    const folder = folders.find((each) => manifest(each).name === name);
    assert.deepEqual(repository, { type: 'git', url: options.repository, directory: folder });
    assert.deepEqual(publishConfig, { access: 'public', provenance: true });
  }
});

test('a release without a repository to name is refused, a dry run is not', { skip }, () => {
  copyTree();
  const unknown = { ...options, repository: undefined };
  assert.throws(
    () => release({ ...unknown, dryRun: false }),
    (error) => error instanceof ReleaseRefused && error.message.includes('--repository URL'),
  );
  const [first] = release({ ...unknown, dryRun: true });
  assert.equal(packed(first!.path).repository, undefined);
});

test('every address that git takes becomes the one form that package.json wants', () => {
  for (const address of [
    'https://git.example.org/team/dcrouter.git',
    'git+https://git.example.org/team/dcrouter.git',
    'https://user:secret@git.example.org/team/dcrouter.git/',
    'ssh://git@git.example.org:2222/team/dcrouter.git',
    'git@git.example.org:team/dcrouter.git',
  ]) {
    assert.equal(repositoryUrl(address), 'git+https://git.example.org/team/dcrouter.git');
  }
  for (const address of ['/srv/dcrouter.git', 'file:///srv/dcrouter.git', '../dcrouter', '']) {
    assert.throws(() => repositoryUrl(address), ReleaseRefused);
  }
});

interface IPacked {
  readonly dependencies?: Record<string, string>;
  readonly repository?: unknown;
  readonly publishConfig?: unknown;
}

/** The package.json of an archive. */
function packed(archive: string): IPacked {
  const result = spawnSync('tar', ['-xzOf', archive, 'package/package.json'], { encoding: 'utf8' });
  assert.equal(result.status, 0, result.stderr);
  return JSON.parse(result.stdout) as IPacked;
}
