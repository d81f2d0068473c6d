// The sample consumer's copy of the series: one difference, as pnpm's `patchedDependencies` takes it.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { commitSeries, exportCombined } from './apply.ts';
import { copyWithoutBinaries, fetchBase } from './base.ts';
import { patchesFolder } from './paths.ts';
import type { ISeries } from './series.ts';
import { makeWorkFolder } from './tree.ts';

export const combinedFile = join(patchesFolder, 'examples/pnpm-patched/patches/smartdns-7.9.0.patch');

/** The difference between the fetched base and the base with the whole series. */
export function combine(series: ISeries): string {
  const workFolder = makeWorkFolder();
  try {
    const repository = join(workFolder, 'repository');
    copyWithoutBinaries(fetchBase(series.base, workFolder), repository);
    commitSeries(series, repository);
    return exportCombined(repository);
  } finally {
    rmSync(workFolder, { recursive: true, force: true });
  }
}
