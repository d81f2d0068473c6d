// Trees of a package with its dependencies, each run in a folder of its own.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { applyPatch } from './apply.ts';
import { copyWithoutBinaries } from './base.ts';
import { cacheFolder, rootFolder } from './paths.ts';
import type { ISeries } from './series.ts';

/** A new folder; whoever asks for it takes it away. */
export function makeWorkFolder(): string {
  mkdirSync(cacheFolder, { recursive: true });
  return mkdtempSync(join(cacheFolder, 'work-'));
}

/** The base's dependencies, as the workspace has them installed, where its modules look for them. */
export function linkDependencies(series: ISeries, workFolder: string): void {
  const installed = join(rootFolder, 'test/node_modules', series.base.name);
  if (!existsSync(installed)) return;
  const siblings = dirname(dirname(realpathSync(installed)));
  const target = join(workFolder, 'node_modules');
  for (const entry of readdirSync(siblings)) {
    const names = entry.startsWith('@') ? readdirSync(join(siblings, entry)).map((name) => join(entry, name)) : [entry];
    for (const name of names) {
      if (name === series.base.name || name.startsWith('.')) continue;
      mkdirSync(dirname(join(target, name)), { recursive: true });
      symlinkSync(realpathSync(join(siblings, name)), join(target, name));
    }
  }
  // Type declarations that upstream's own name.
  mkdirSync(join(target, '@types'), { recursive: true });
  symlinkSync(realpathSync(join(rootFolder, 'node_modules/@types/node')), join(target, '@types/node'));
}

/** The patched package, made from the copy that the workspace has installed; `binaries` is linked as its own. */
export function patchInstalled(series: ISeries, workFolder: string, binaries: string): string {
  linkDependencies(series, workFolder);
  const tree = join(workFolder, 'patched');
  copyWithoutBinaries(realpathSync(join(rootFolder, 'test/node_modules', series.base.name)), tree);
  for (const patch of series.patches) {
    const applied = applyPatch(series, patch, tree);
    if (!applied.ok) throw new Error(`${patch.id} does not apply: ${applied.output}`);
  }
  symlinkSync(binaries, join(tree, 'dist_rust'));
  return tree;
}
