import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { commitSeries, exportCommits } from '../tool/apply.ts';
import { BaseUnavailable, copyWithoutBinaries, fetchBase } from '../tool/base.ts';
import { patchesFolder } from '../tool/paths.ts';
import { listUpstreams, readSeries, SeriesError, writeSeries } from '../tool/series.ts';
import { verify } from '../tool/verify.ts';

const scratch = mkdtempSync(join(tmpdir(), 'patch-queue-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

/** A copy of one upstream's queue that a test may damage. */
function copyQueue(name: string): string {
  const parent = join(scratch, name);
  cpSync(join(patchesFolder, 'smartdns'), join(parent, 'smartdns'), { recursive: true });
  return parent;
}

const offline = (() => {
  try {
    fetchBase(readSeries('smartdns').base, join(scratch, 'probe'));
    return false;
  } catch (error) {
    if (error instanceof BaseUnavailable) return error.message;
    throw error;
  }
})();

test('every series reads, writes back the same, and names files that exist', () => {
  for (const upstream of listUpstreams()) {
    const series = readSeries(upstream);
    const before = readFileSync(join(series.folder, 'series'), 'utf8');
    const copy = join(scratch, 'round');
    cpSync(series.folder, join(copy, upstream), { recursive: true });
    writeSeries(readSeries(upstream, copy));
    assert.equal(readFileSync(join(copy, upstream, 'series'), 'utf8'), before);
    const files = readdirSync(series.folder).filter((file) => file.endsWith('.patch'));
    assert.deepEqual(files.sort(), series.patches.map(({ file }) => file).sort());
  }
});

test('an unknown kind, an unknown status and a line without a field are refused', () => {
  const parent = copyQueue('bad-series');
  const file = join(parent, 'smartdns/series');
  const good = readFileSync(file, 'utf8');
  for (const [from, to] of [
    ['Kind: fix', 'Kind: idea'],
    ['Status: ready', 'Status: perhaps'],
    ['Link: none', 'nothing'],
  ] as const) {
    writeFileSync(file, good.replace(from, to));
    assert.throws(() => readSeries('smartdns', parent), SeriesError);
  }
});

test('a whole series passes', { skip: offline }, () => {
  assert.equal(verify(readSeries('smartdns'), { conformance: false }).result, 'passed');
});

test('a patch whose context is gone fails by its name', { skip: offline }, () => {
  const parent = copyQueue('context');
  const file = join(parent, 'smartdns/0004-pattern-match.patch');
  writeFileSync(file, readFileSync(file, 'utf8').replace('-        this.handlers.push(', '-        this.other.push('));
  const verdict = verify(readSeries('smartdns', parent), { conformance: false });
  assert.deepEqual([verdict.result, verdict.patch], ['failed', 'pattern-match']);
  assert.match(verdict.detail, /does not apply/);
});

test('a patch that applies and does not do what it says fails by its test', { skip: offline }, () => {
  const parent = copyQueue('broken');
  const file = join(parent, 'smartdns/0001-ttl-zero.patch');
  writeFileSync(file, readFileSync(file, 'utf8').replace('answer.ttl ?? 300', 'answer.ttl || 301'));
  const verdict = verify(readSeries('smartdns', parent), { conformance: false });
  assert.deepEqual([verdict.result, verdict.patch], ['failed', 'ttl-zero']);
  assert.match(verdict.detail, /its test fails/);
});

test('a patch whose types are broken fails', { skip: offline }, () => {
  const parent = copyQueue('types');
  const file = join(parent, 'smartdns/0012-stats-events.patch');
  writeFileSync(file, readFileSync(file, 'utf8').replace('getStats(): IDnsStats;', 'getStats(): IDnsTotals;'));
  const verdict = verify(readSeries('smartdns', parent), { tests: false, conformance: false });
  assert.equal(verdict.result, 'failed');
  assert.match(verdict.detail, /types do not check/);
});

test('a base with another hash, and one that was never had, are unverifiable and not passed', { skip: offline }, () => {
  const series = readSeries('smartdns');
  const other = { ...series, base: { ...series.base, integrity: 'unknown' } };
  assert.equal(verify(other, { conformance: false }).result, 'unverifiable');
  const forged = { ...series, base: { ...series.base, integrity: `sha512-${'A'.repeat(86)}==` } };
  assert.equal(verify(forged, { conformance: false }).result, 'unverifiable');
});

test('applied as commits and exported again, the patches are the same', { skip: offline }, () => {
  const series = readSeries('smartdns');
  const folder = join(scratch, 'repository');
  copyWithoutBinaries(fetchBase(series.base, join(scratch, 'unpacked')), folder);
  commitSeries(series, folder);
  const commits = exportCommits(folder);
  assert.deepEqual(
    [...commits.keys()],
    series.patches.map(({ title }) => title),
  );
  for (const { title, file } of series.patches) {
    assert.equal(commits.get(title)!.trimEnd(), readFileSync(join(series.folder, file), 'utf8').trimEnd());
  }
});
