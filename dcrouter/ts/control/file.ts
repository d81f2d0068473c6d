/**
 * The file that the router was started from, as a document.
 *
 * @module
 */
import { readFile } from 'node:fs/promises';
import { ConfigError } from '../config/error.ts';
import type { IDocumentChange } from './document-change.ts';
import { hashOf } from './document-change.ts';

export interface IFileDocument extends IDocumentChange {
  readonly fileHash: string;
  /** Every file that it was read from. */
  readonly files: readonly string[];
}

/** @throws ConfigError when it cannot be read */
export async function readFileDocument(file: string): Promise<IFileDocument> {
  try {
    const text = await readFile(file, 'utf8');
    return { file, text, source: 'file', fileHash: hashOf(text), files: [file] };
  } catch (error) {
    throw new ConfigError([{ file, path: '', message: `the file cannot be read: ${(error as Error).message}` }]);
  }
}
