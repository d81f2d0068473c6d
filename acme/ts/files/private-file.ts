/**
 * Files that nobody else may read, and that are whole or absent after a crash.
 *
 * @module
 */
import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';

import { AccountKey } from '../keys/account-key.ts';

/** Makes a directory, with its parents, that only the owner may enter. */
export async function makePrivateDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
}

/** Puts `content` at `path`, mode 0600: written beside it, flushed, and renamed over it. */
export async function writePrivateFile(path: string, content: string | Buffer): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    // 'wx': a file somebody else has put there is an error, not a place to write a key into.
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
  await syncDirectory(dirname(path));
}

/** Makes renames durable; file systems that cannot do it are taken as they are. */
async function syncDirectory(path: string): Promise<void> {
  try {
    const directory = await open(path, 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  } catch {
    // Not every file system allows flushing a directory; the rename itself has happened.
  }
}

/** The text at `path`, or undefined when there is no such file. */
export async function readFileIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * The account key at `path`; made and stored when there is none.
 *
 * @throws AcmeError `ACME_KEY` when the file holds no usable key: it is never overwritten, the account would be lost.
 */
export async function loadAccountKey(path: string): Promise<AccountKey> {
  const pem = await readFileIfPresent(path);
  if (pem !== undefined) return AccountKey.fromPem(pem);
  const key = AccountKey.generate();
  await makePrivateDirectory(dirname(path));
  await writePrivateFile(path, key.toPem());
  return key;
}
