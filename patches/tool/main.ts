// The queue's commands.
//
//   npm run patches -- status              every patch and when it was last verified
//   npm run patches -- verify [UPSTREAM]   fetch, apply, test, type-check, conformance; writes "last verified"
//   npm run patches -- apply DIR           a git repository at DIR: the base, and one commit for each patch
//   npm run patches -- export DIR          the patches with their tests and texts, ready to send
//   npm run patches -- refresh DIR         take the commits of such a repository back into the queue
//   npm run patches -- new ID KIND DIR     queue the last commit of such a repository
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { commitSeries, exportCommits, mustGit } from './apply.ts';
import { BaseUnavailable, copyWithoutBinaries, fetchBase } from './base.ts';
import { combine, combinedFile } from './combined.ts';
import { kinds, listUpstreams, readSeries, writeSeries, type ISeries, type TKind } from './series.ts';
import { makeWorkFolder } from './tree.ts';
import { verify } from './verify.ts';

class UsageError extends Error {}

function status(): number {
  for (const upstream of listUpstreams()) {
    const { base, patches } = readSeries(upstream);
    console.log(`${upstream}: ${patches.length} patches on ${base.name} ${base.version}`);
    for (const patch of patches) {
      console.log(`  ${patch.id.padEnd(18)} ${patch.kind.padEnd(10)} ${patch.status.padEnd(10)} ${patch.lastVerified}`);
    }
  }
  return 0;
}

function verifyAll(wanted: readonly string[]): number {
  const write = !wanted.includes('--no-write');
  const names = wanted.filter((name) => !name.startsWith('--'));
  let broken = 0;
  for (const upstream of names.length > 0 ? names : listUpstreams()) {
    const series = readSeries(upstream);
    const verdict = verify(series, { say: (text) => console.log(`${upstream}: ${text}`), conformance: true });
    const at = verdict.patch === undefined ? '' : ` at ${verdict.patch}`;
    console.log(`${upstream}: ${verdict.result}${at}: ${verdict.detail}`);
    if (verdict.result === 'failed') broken++;
    if (verdict.result !== 'unverifiable' && write) record(series, verdict.result);
  }
  return broken === 0 ? 0 : 1;
}

/** Writes the verdict into the series; a base that could not be had changes nothing there. */
function record(series: ISeries, result: string): void {
  const today = new Date().toISOString().slice(0, 'YYYY-MM-DD'.length);
  const lastVerified = `${today} ${series.base.name}@${series.base.version} ${result}`;
  writeSeries({ ...series, patches: series.patches.map((patch) => ({ ...patch, lastVerified })) });
}

function emptyFolder(path: string | undefined): string {
  if (path === undefined) throw new UsageError('name a folder');
  const folder = resolve(process.env['INIT_CWD'] ?? process.cwd(), path);
  if (existsSync(folder) && readdirSync(folder).length > 0) throw new UsageError(`${folder} is not empty`);
  mkdirSync(folder, { recursive: true });
  return folder;
}

function apply(path: string | undefined): number {
  const folder = emptyFolder(path);
  for (const upstream of listUpstreams()) {
    const series = readSeries(upstream);
    const target = join(folder, upstream);
    const scratch = makeWorkFolder();
    try {
      copyWithoutBinaries(fetchBase(series.base, scratch), target);
    } catch (error) {
      if (!(error instanceof BaseUnavailable)) throw error;
      console.log(`${upstream}: left out: ${error.message}`);
      continue;
    } finally {
      rmSync(scratch, { recursive: true });
    }
    commitSeries(series, target);
    console.log(`${upstream}: ${series.patches.length} patches are commits of ${target}`);
  }
  return 0;
}

function exportAll(path: string | undefined): number {
  const folder = emptyFolder(path);
  for (const upstream of listUpstreams()) {
    const series = readSeries(upstream);
    for (const patch of series.patches) {
      const target = join(folder, upstream, patch.id);
      mkdirSync(join(target, 'test'), { recursive: true });
      cpSync(join(series.folder, patch.file), join(target, patch.file));
      cpSync(join(series.folder, 'tests', `${patch.id}.ts`), join(target, 'test', `test.${patch.id}.ts`));
      cpSync(join(series.folder, 'pr', `${patch.id}.md`), join(target, 'pull-request.md'));
    }
    console.log(`${upstream}: ${series.patches.length} patches are in ${join(folder, upstream)}`);
  }
  return 0;
}

/** `DIR/UPSTREAM`, as `apply` made it. */
function repositories(path: string | undefined): Array<{ series: ISeries; folder: string }> {
  if (path === undefined) throw new UsageError('name the folder that `apply` made');
  const parent = resolve(process.env['INIT_CWD'] ?? process.cwd(), path);
  return listUpstreams()
    .map((upstream) => ({ series: readSeries(upstream), folder: join(parent, upstream) }))
    .filter(({ folder }) => existsSync(join(folder, '.git')));
}

function refresh(path: string | undefined): number {
  for (const { series, folder } of repositories(path)) {
    const commits = exportCommits(folder);
    const unknown = [...commits.keys()].filter((subject) => !series.patches.some(({ title }) => title === subject));
    if (unknown.length > 0) throw new UsageError(`these commits are not in the series: ${unknown.join('; ')}`);
    for (const patch of series.patches) {
      const text = commits.get(patch.title);
      if (text === undefined) throw new UsageError(`no commit of ${folder} is titled '${patch.title}'`);
      writeFileSync(join(series.folder, patch.file), text);
    }
    if (series.upstream === 'smartdns') writeFileSync(combinedFile, combine(series));
    console.log(`${series.upstream}: ${commits.size} patches are as in ${folder}`);
  }
  return 0;
}

function queueNew(id: string | undefined, kind: string | undefined, path: string | undefined): number {
  if (id === undefined || !kinds.includes(kind as TKind)) throw new UsageError(`new ID ${kinds.join('|')} DIR`);
  const [found, ...others] = repositories(path);
  if (found === undefined || others.length > 0) throw new UsageError('DIR must hold one repository of `apply`');
  const { series, folder } = found;
  for (const needed of [`tests/${id}.ts`, `pr/${id}.md`]) {
    if (!existsSync(join(series.folder, needed))) throw new UsageError(`write ${join(series.folder, needed)} first`);
  }
  const title = mustGit(folder, 'log', '-1', '--format=%s');
  const file = `${String(series.patches.length + 1).padStart(4, '0')}-${id}.patch`;
  writeFileSync(join(series.folder, file), exportCommits(folder).get(title)!);
  const patch = { id, title, file, kind: kind as TKind, status: 'draft' as const, link: 'none' };
  const rest = { lastVerified: 'never', fork: 'none', forkTests: 'none' };
  writeSeries({ ...series, patches: [...series.patches, { ...patch, ...rest }] });
  console.log(`${file} is queued; fill in Fork and Fork-Tests, then run verify`);
  return 0;
}

function main([command, ...args]: readonly string[]): number {
  if (command === 'status') return status();
  if (command === 'verify') return verifyAll(args);
  if (command === 'apply') return apply(args[0]);
  if (command === 'export') return exportAll(args[0]);
  if (command === 'refresh') return refresh(args[0]);
  if (command === 'new') return queueNew(args[0], args[1], args[2]);
  throw new UsageError(
    readFileSync(import.meta.filename, 'utf8')
      .match(/^\/\/ {3}.+$/gm)!
      .join('\n'),
  );
}

if (import.meta.main) {
  try {
    process.exitCode = main(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof BaseUnavailable)) throw error;
    console.error(error.message);
    process.exitCode = 2;
  }
}
