import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '../..');
const skipped = (name: string) => name.includes('node_modules') || name.includes('dist_ts');
const sources = globSync('{metrics,acme,forks/*,dcrouter}/ts*/**/*.ts', { cwd: root, exclude: skipped });

const LINES_MAX = 400;

test(`no source file has more than ${LINES_MAX} lines`, () => {
  const long = sources
    .map((file) => ({ file, lines: read(file).split('\n').length - 1 }))
    .filter(({ lines }) => lines > LINES_MAX);
  assert.deepEqual(long, []);
});

test('sources switch off neither the type checker nor the linter', () => {
  const offenders = sources.filter((file) =>
    /@ts-ignore|@ts-nocheck|@ts-expect-error|\bas any\s*[;),\]}.]|oxlint-disable|eslint-disable/.test(read(file)),
  );
  assert.deepEqual(offenders, []);
});

test('no left-over marker stands in the sources', () => {
  const offenders = sources.filter((file) => /\b(TODO|FIXME|XXX|HACK)\b|not implemented/i.test(read(file)));
  assert.deepEqual(offenders, []);
});

test('a version written in a source is that of its package', () => {
  const stale: string[] = [];
  for (const file of sources) {
    const [, version] = /\bversion: '(\d+\.\d+\.\d+)'/.exec(read(file)) ?? [];
    if (version === undefined) continue;
    const folder = file.split('/ts')[0]!;
    const manifest = JSON.parse(read(join(folder, 'package.json'))) as { version: string };
    if (manifest.version !== version) stale.push(`${file}: ${version}, the package is ${manifest.version}`);
  }
  assert.deepEqual(stale, []);
});

test('no test is switched off or left alone', () => {
  const tests = globSync('{metrics,acme,forks/*,dcrouter,test,patches}/**/test.*.ts', { cwd: root, exclude: skipped });
  const offenders = tests.filter((file) =>
    /\b(?:it|test|describe)\.(?:only|todo)\b/.test(read(file).replaceAll(/(['"`/]).*?\1/g, '')),
  );
  assert.deepEqual(offenders, []);
});

test('every package has a readme and every relative link in the documents leads somewhere', () => {
  const folders = ['metrics', 'acme', 'forks/smartproxy', 'forks/smartdns', 'dcrouter', 'test', 'bench', 'patches'];
  const missing = folders.filter((folder) => !existsSync(join(root, folder, 'readme.md')));
  const documents = globSync(['*.md', '{metrics,acme,forks/*,dcrouter,test,bench,patches,docs}/**/*.md'], {
    cwd: root,
    exclude: skipped,
  });
  const broken: string[] = [];
  for (const file of documents) {
    for (const [, link] of read(file).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
      if (/^[a-z]+:/.test(link!)) continue;
      if (!existsSync(join(root, dirname(file), link!))) broken.push(`${file}: ${link}`);
    }
  }
  assert.deepEqual({ missing, broken }, { missing: [], broken: [] });
});

function read(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}
