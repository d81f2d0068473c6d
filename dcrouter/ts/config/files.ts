/**
 * Reading the files that settings name.
 *
 * @module
 */
import { readFile, stat } from 'node:fs/promises';
import { ConfigError } from './error.ts';
import { fileLimits } from './limits.ts';

/**
 * The content of a file that a setting names.
 *
 * @param path of the setting, for the error
 * @throws ConfigError when it cannot be read or is larger than `bytesMax`
 */
export async function readNamedFile(
  file: string,
  path: string,
  bytesMax: number = fileLimits.pemBytesMax,
): Promise<Buffer> {
  try {
    const { size } = await stat(file);
    if (size > bytesMax) throw new Error(`it has ${size} bytes, at most ${bytesMax} are read`);
    return await readFile(file);
  } catch (error) {
    throw new ConfigError([{ file, path, message: `the file cannot be read: ${(error as Error).message}` }]);
  }
}

/** The same as text. */
export async function readNamedText(file: string, path: string): Promise<string> {
  return (await readNamedFile(file, path)).toString('utf8');
}
