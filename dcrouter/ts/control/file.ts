/**
 * The file that the router was started from, as a document.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { readNamedFile } from '../config/files.ts';
import { readConfigFile } from '../config/include.ts';
import { fileLimits } from '../config/limits.ts';
import { flattenDocument, readConfigDocument } from '../config/read.ts';
import { hashOf, type IDocumentChange } from './document-change.ts';

/** As it can be stored: everything that it includes is in its text. */
export interface IFileDocument extends IDocumentChange {
  readonly fileHash: string;
}

/** @throws ConfigError when it, or what it includes, cannot be read */
export async function readFileDocument(file: string): Promise<IFileDocument> {
  const { text } = await flattenDocument(file, await readConfigFile(file));
  return { file, text, source: 'file', fileHash: hashOf(text) };
}

export interface IFileState {
  /** Every file that it is made of: itself, what it includes, secrets, zones. */
  readonly files: readonly string[];
  /** SHA-256 over all of them: another one means that the configuration may be another one. */
  readonly hash: string;
}

/** What a change of which changes the configuration. @throws ConfigError when a file cannot be read */
export async function readFileState(file: string, env: NodeJS.ProcessEnv): Promise<IFileState> {
  const { files: named } = await readConfigDocument(file, env);
  const files = [resolve(file), ...named];
  const hash = createHash('sha256');
  for (const name of files) {
    const content = await readNamedFile(name, '', fileLimits.documentBytesMax);
    hash.update(`${name}\0${content.length}\0`).update(content);
  }
  return { files, hash: hash.digest('hex') };
}
