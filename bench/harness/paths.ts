// Where the bench keeps what it makes: everything below the git-ignored .cache folder of the checkout.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout. */
export const rootFolder = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** The bench folder of the checkout. */
export const benchFolder = join(rootFolder, 'bench');

/** A folder below `.cache/bench`, made if it is not there. */
export function cacheFolder(...parts: string[]): string {
  const folder = join(rootFolder, '.cache', 'bench', ...parts);
  mkdirSync(folder, { recursive: true });
  return folder;
}

const scratchFolders: string[] = [];

/** A new folder for configs and data of one run; it goes with the process. */
export function scratchFolder(name: string): string {
  const folder = mkdtempSync(join(cacheFolder('scratch'), `${name}-`));
  scratchFolders.push(folder);
  return folder;
}

process.on('exit', removeScratchFolders);

function removeScratchFolders(): void {
  for (const folder of scratchFolders.splice(0)) rmSync(folder, { recursive: true, force: true });
}
