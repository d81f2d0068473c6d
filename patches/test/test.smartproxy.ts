// The base is not on the registry, so the series is held to what can be shown without it: over a stand-in for the one
// file that it changes, it applies, compiles to what it carries, and passes its tests.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { applyPatch } from '../tool/apply.ts';
import { rootFolder } from '../tool/paths.ts';
import { run } from '../tool/run.ts';
import { readSeries } from '../tool/series.ts';
import { runTest, verify } from '../tool/verify.ts';

const scratch = mkdtempSync(join(tmpdir(), 'smartproxy-series-'));
after(() => rmSync(scratch, { recursive: true, force: true }));
const series = readSeries('smartproxy');
const [stats, wiring] = series.patches;
assert.ok(stats !== undefined && wiring !== undefined);
const FOLDER = 'proxies/smart-proxy';

function emptyTree(name: string): string {
  const tree = join(scratch, name);
  mkdirSync(tree);
  writeFileSync(join(tree, 'package.json'), '{ "type": "module" }');
  return tree;
}

/** Compiles one new file by itself and compares the outcome with the compiled files of the patch. */
function assertCompiles(tree: string, name: string): void {
  const tsc = join(rootFolder, 'node_modules/typescript/bin/tsc');
  const options = ['--ignoreConfig', '--rootDir', 'ts', '--outDir', 'out', '--strict', '--declaration'];
  const target = ['--module', 'nodenext', '--target', 'es2022', '--types', ''];
  const compiled = run(process.execPath, [tsc, ...options, ...target, `ts/${FOLDER}/${name}.ts`], tree);
  assert.ok(compiled.ok, compiled.output);
  for (const file of [`${name}.js`, `${name}.d.ts`]) {
    const carried = readFileSync(join(tree, 'dist_ts', FOLDER, file), 'utf8');
    assert.equal(readFileSync(join(tree, 'out', FOLDER, file), 'utf8'), carried, file);
  }
}

test('the counting applies to an empty tree, compiles strictly and passes its test', () => {
  const tree = emptyTree('any');
  assert.match(runTest(series, stats, tree).output, /not ok - /);
  const applied = applyPatch(series, stats, tree);
  assert.ok(applied.ok, applied.output);
  assertCompiles(tree, 'connection-stats');
  const tested = runTest(series, stats, tree);
  assert.ok(tested.ok, tested.output);
});

test('the wiring applies over a stand-in for the index, compiles strictly and passes its test', () => {
  const tree = emptyTree('stand-in');
  const lines = ["export { SmartProxy } from './smart-proxy.js';", '', '// Export core supporting classes'];
  const next = "export { ConnectionManager } from './connection-manager.js';";
  const before = ['// Export the main SmartProxy class'];
  for (const [file, text] of [
    [`ts/${FOLDER}/index.ts`, [...before, ...lines, next]],
    [`dist_ts/${FOLDER}/index.js`, [...before, lines[0], lines[2], next]],
    [`dist_ts/${FOLDER}/index.d.ts`, ["export * from './models/index.js';", lines[0], next]],
  ] as const) {
    mkdirSync(join(tree, file, '..'), { recursive: true });
    writeFileSync(join(tree, file), `${text.join('\n')}\n`);
  }
  for (const patch of [stats, wiring]) {
    const applied = applyPatch(series, patch, tree);
    assert.ok(applied.ok, applied.output);
  }
  assertCompiles(tree, 'observed-connections');
  const tested = runTest(series, wiring, tree);
  assert.ok(tested.ok, tested.output);
});

test('without its base the series is unverifiable, never passed', () => {
  const verdict = verify(series, { conformance: false });
  assert.equal(verdict.result, 'unverifiable');
  assert.match(verdict.detail, /@push\.rocks\/smartproxy@21\.1\.7/);
});
