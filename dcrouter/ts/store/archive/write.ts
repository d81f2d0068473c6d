/**
 * Writes a backup: whole or not at all.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { link, open, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { StoreBackupError } from '../errors.ts';
import { rowLine, type IArchiveEnd, type IArchiveHead, type TTableRow } from './format.ts';

/** Bytes gathered before they are written: one system call for some hundred rows. */
const CHUNK_BYTES = 262_144;

/**
 * Writes everything beside the file first, flushes it and only then gives it its name.
 *
 * @throws StoreBackupError when the file exists or cannot be written
 */
export async function writeArchive(
  file: string,
  head: IArchiveHead,
  rows: AsyncIterable<TTableRow> | Iterable<TTableRow>,
): Promise<void> {
  const part = `${file}.${process.pid}.part`;
  let handle: FileHandle | undefined;
  try {
    // Certificates' keys are in it: nobody else may read it.
    handle = await open(part, 'wx', 0o600);
    await writeLines(handle, head, rows);
    await handle.sync();
    await handle.close();
    handle = undefined;
    // Unlike a rename, a link never replaces a backup that is already there.
    await link(part, file);
    await syncFolder(dirname(file));
  } catch (error) {
    if (!isFileError(error)) throw error;
    const why = error.code === 'EEXIST' ? 'it exists already; name another file' : error.message;
    throw new StoreBackupError(`backup to ${file}: ${why}`, { cause: error });
  } finally {
    await handle?.close();
    await rm(part, { force: true });
  }
}

async function writeLines(
  handle: FileHandle,
  head: IArchiveHead,
  rows: AsyncIterable<TTableRow> | Iterable<TTableRow>,
): Promise<void> {
  const hash = createHash('sha256');
  let chunk = `${JSON.stringify(head)}\n`;
  let count = 0;
  const flush = async (): Promise<void> => {
    hash.update(chunk);
    await handle.writeFile(chunk);
    chunk = '';
  };
  for await (const row of rows) {
    chunk += rowLine(row);
    count += 1;
    if (chunk.length >= CHUNK_BYTES) await flush();
  }
  await flush();
  const end: IArchiveEnd = { rows: count, sha256: hash.digest('hex') };
  await handle.writeFile(`${JSON.stringify(end)}\n`);
}

/** The name itself must survive a power cut too. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}
