// Holds a series to its word: it applies to the real base, each patch's test fails without it and passes with it, the
// types check, and the conformance suite passes on the result.
import { existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { preparedUpstream, prepareUpstream, UpstreamUnavailable } from '../../bench/dns/peer-upstream.ts';
import { applyPatch, missingHeaders } from './apply.ts';
import { BaseUnavailable, copyWithoutBinaries, fetchBase } from './base.ts';
import { patchesFolder, rootFolder } from './paths.ts';
import { run } from './run.ts';
import type { IPatch, ISeries } from './series.ts';
import { linkDependencies, makeWorkFolder } from './tree.ts';

export type TResult = 'passed' | 'failed' | 'unverifiable';

export interface IVerdict {
  readonly result: TResult;
  /** The patch that was at fault, where it was one. */
  readonly patch?: string;
  readonly detail: string;
}

export interface IVerifyOptions {
  /** Told of each step that passed. */
  readonly say?: (text: string) => void;
  /** Whether each patch's test runs; default true. */
  readonly tests?: boolean;
  /** Whether the conformance suite runs too. */
  readonly conformance: boolean;
}

const failed = (detail: string, patch?: IPatch): IVerdict => ({
  result: 'failed',
  detail,
  ...(patch === undefined ? {} : { patch: patch.id }),
});

export function verify(series: ISeries, options: IVerifyOptions): IVerdict {
  const workFolder = makeWorkFolder();
  try {
    return verifyIn(workFolder, series, options);
  } catch (error) {
    if (error instanceof BaseUnavailable) return { result: 'unverifiable', detail: error.message };
    throw error;
  } finally {
    rmSync(workFolder, { recursive: true, force: true });
  }
}

function verifyIn(
  workFolder: string,
  series: ISeries,
  { say = () => {}, tests = true, conformance }: IVerifyOptions,
): IVerdict {
  const base = fetchBase(series.base, workFolder);
  say(`${series.base.name} ${series.base.version} has the hash that the series names`);
  linkDependencies(series, workFolder);
  const tree = (index: number): string => join(workFolder, 'trees', String(index).padStart(4, '0'));
  copyWithoutBinaries(base, tree(0));
  for (const [index, patch] of series.patches.entries()) {
    copyWithoutBinaries(tree(index), tree(index + 1));
    const problem = checkPatch(series, patch, tests ? tree(index) : undefined, tree(index + 1));
    if (problem !== undefined) return failed(problem, patch);
    say(`${patch.id}: applies${tests ? '; its test fails without it and passes with it' : ''}`);
  }
  const last = tree(series.patches.length);
  const types = checkTypes(series, last, workFolder);
  if (types !== undefined) return failed(types);
  say('the types check');
  if (!conformance) return { result: 'passed', detail: 'what was asked for' };
  // The suite for DNS is the only one that takes a patched package.
  if (series.upstream !== 'smartdns') return { result: 'passed', detail: 'without a conformance run' };
  return checkConformance(series, last, say);
}

function checkPatch(series: ISeries, patch: IPatch, before: string | undefined, after: string): string | undefined {
  const headers = missingHeaders(series, patch);
  if (headers.length > 0) return `its header lacks ${headers.join(', ')}`;
  if (!existsSync(join(series.folder, 'pr', `${patch.id}.md`))) return 'it has no text for its pull request';
  const applied = applyPatch(series, patch, after);
  if (!applied.ok) return `it does not apply: ${applied.output}`;
  if (before === undefined) return undefined;
  const without = runTest(series, patch, before);
  if (without.ok) return 'its test passes without it';
  // A test that cannot even be loaded proves nothing.
  if (!without.output.includes('not ok - ')) return `its test breaks without it, instead of failing: ${without.output}`;
  const tested = runTest(series, patch, after);
  return tested.ok ? undefined : `its test fails: ${tested.output}`;
}

/** Runs a patch's test, written in upstream's spelling, against one tree. */
export function runTest(series: ISeries, patch: IPatch, tree: string): { ok: boolean; output: string } {
  const test = join(series.folder, 'tests', `${patch.id}.ts`);
  const register = join(patchesFolder, 'shim/register.ts');
  return run(process.execPath, ['--disable-warning=ExperimentalWarning', '--import', register, test], tree, {
    PATCHED_PACKAGE: tree,
  });
}

function checkTypes(series: ISeries, tree: string, workFolder: string): string | undefined {
  const link = join(workFolder, 'node_modules', series.base.name);
  rmSync(link, { force: true });
  mkdirSync(dirname(link), { recursive: true });
  symlinkSync(tree, link);
  const consumer = join(workFolder, 'consumer');
  rmSync(consumer, { recursive: true, force: true });
  copyWithoutBinaries(join(series.folder, 'consumer'), consumer);
  const tsc = join(rootFolder, 'node_modules/typescript/bin/tsc');
  const result = run(process.execPath, [tsc, '-p', consumer, '--pretty', 'false'], workFolder);
  if (result.ok) return undefined;
  // Declarations of packages that upstream depends on are not ours to mend.
  const ourPaths = ['consumer/', `node_modules/${series.base.name}/`];
  const ours = result.output.split('\n').filter((line) => ourPaths.some((path) => line.startsWith(path)));
  return ours.length === 0 ? undefined : `the types do not check:\n${ours.join('\n')}`;
}

function checkConformance(series: ISeries, tree: string, say: (text: string) => void): IVerdict {
  let binaries: string;
  try {
    binaries = join((preparedUpstream() ?? prepareUpstream()).folder, 'dist_rust');
  } catch (error) {
    if (!(error instanceof UpstreamUnavailable)) throw error;
    return {
      result: 'unverifiable',
      detail: `applied, tested and type-checked; its binary does not run here: ${error.message}`,
    };
  }
  symlinkSync(binaries, join(tree, 'dist_rust'));
  const suite = join(rootFolder, 'test/conformance/test.dns-stats.ts');
  const result = run(process.execPath, ['--conditions=dcrouter-source', '--test', suite], rootFolder, {
    PATCHED_PACKAGE: tree,
    NODE_TEST_CONTEXT: '',
  });
  if (!result.ok) return failed(`the conformance suite fails on the patched package:\n${result.output}`);
  say('the conformance suite passes on the patched package');
  return { result: 'passed', detail: `${series.patches.length} patches` };
}
