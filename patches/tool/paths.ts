// Where the queue and what it makes stand.
import { join } from 'node:path';

/** The checkout. */
export const rootFolder = join(import.meta.dirname, '../..');
export const patchesFolder = join(rootFolder, 'patches');
/** Fetched bases and patched trees; git-ignored. */
export const cacheFolder = join(rootFolder, '.cache/patches');
