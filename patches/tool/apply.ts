// Applies patches to a folder, as files or as commits.
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { run, type IOutcome } from './run.ts';
import type { IPatch, ISeries } from './series.ts';

/** The name and the address under which the queue's own commits are made. */
const committer = { name: 'DcRouter contributors', email: 'dcrouter@users.noreply.invalid' };
export const baseTag = 'base';

/** Applies one patch; the folder is taken for itself even inside another repository. */
export function applyPatch(series: ISeries, patch: IPatch, folder: string): IOutcome {
  const file = join(series.folder, patch.file);
  return run('git', ['apply', '--whitespace=nowarn', file], folder, { GIT_CEILING_DIRECTORIES: dirname(folder) });
}

/** git, as the queue's committer, without the settings of whoever runs it. */
export function git(folder: string, ...args: string[]): IOutcome {
  return run('git', args, folder, {
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_AUTHOR_NAME: committer.name,
    GIT_AUTHOR_EMAIL: committer.email,
    GIT_COMMITTER_NAME: committer.name,
    GIT_COMMITTER_EMAIL: committer.email,
  });
}

export function mustGit(folder: string, ...args: string[]): string {
  const result = git(folder, ...args);
  if (!result.ok) throw new Error(`git ${args[0]} failed: ${result.output}`);
  return result.output;
}

/** Makes `folder` a repository with the base as a tagged commit and one commit for each patch. */
export function commitSeries(series: ISeries, folder: string): void {
  mustGit(folder, 'init', '--quiet');
  writeFileSync(join(folder, '.git/info/exclude'), 'dist_rust\n');
  mustGit(folder, 'add', '--all');
  mustGit(folder, 'commit', '--quiet', '--message', `${series.base.name} ${series.base.version}`);
  mustGit(folder, 'tag', baseTag);
  for (const patch of series.patches) {
    mustGit(folder, 'am', '--quiet', '--keep-cr', join(series.folder, patch.file));
  }
}

/** The commit range as patch files: subject → text. */
export function exportCommits(folder: string): Map<string, string> {
  const patches = new Map<string, string>();
  const commits = mustGit(folder, 'rev-list', '--reverse', `${baseTag}..HEAD`).split('\n').filter(Boolean);
  for (const commit of commits) {
    const subject = mustGit(folder, 'log', '-1', '--format=%s', commit);
    const options = ['--zero-commit', '--no-signature', '--no-stat', '--no-numbered', '--unified=2', '--stdout'];
    patches.set(subject, `${mustGit(folder, 'format-patch', ...options, '-1', commit)}\n`);
  }
  return patches;
}

/** The whole series as one difference, the form that `patchedDependencies` of pnpm takes. */
export function exportCombined(folder: string): string {
  return `${mustGit(folder, 'diff', '--no-color', '--unified=2', baseTag, 'HEAD')}\n`;
}

/** The DEP-3 fields that every patch carries in its message. */
export const headerFields = ['Description', 'Forwarded', 'Applied-Upstream', 'Last-Update'] as const;

export function missingHeaders(series: ISeries, patch: IPatch): string[] {
  const [header = ''] = readFileSync(join(series.folder, patch.file), 'utf8').split('\n---\n');
  return headerFields.filter((field) => !new RegExp(`^${field}: .+`, 'm').test(header));
}
