/**
 * Reads a backup, line by line, and believes nothing that its checksum does not cover.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { StoreBackupError } from '../errors.ts';
import * as limits from '../limits.ts';
import { SCHEMA_VERSION } from '../schema-version.ts';
import {
  ARCHIVE_FORMAT,
  ARCHIVE_VERSION,
  tableKeys,
  type IArchiveEnd,
  type IArchiveHead,
  type TTableRow,
} from './format.ts';

const NEWLINE = 0x0a;

/**
 * Reads the whole file once: what it is, and that it is whole.
 *
 * @throws StoreBackupError when it is no backup, damaged, cut, or of a newer release
 */
export async function checkArchive(file: string): Promise<{ readonly head: IArchiveHead; readonly rows: number }> {
  const hash = createHash('sha256');
  let head: IArchiveHead | undefined;
  let lines = 0;
  let last: Buffer | undefined;
  for await (const line of readLines(file)) {
    if (head === undefined) head = readHead(file, line);
    // The last line is not part of what it vouches for, and which one it is shows only after it.
    if (last) hash.update(last);
    last = line;
    lines += 1;
  }
  if (head === undefined || last === undefined) throw new StoreBackupError(`${file} is empty: it is not a backup`);
  const end = parse(file, last, lines) as Partial<IArchiveEnd>;
  if (typeof end.sha256 !== 'string')
    throw new StoreBackupError(`${file} has no last line: it was cut; use another backup`);
  if (end.rows !== lines - 2 || end.sha256 !== hash.digest('hex'))
    throw new StoreBackupError(`${file} does not match its checksum: it is damaged; use another backup`);
  return { head, rows: end.rows };
}

/** The rows of a backup that {@link checkArchive} has found to be whole. */
export async function* archiveRows(file: string, rows: number): AsyncGenerator<TTableRow> {
  let number = 0;
  for await (const line of readLines(file)) {
    number += 1;
    if (number === 1) continue;
    if (number > rows + 1) return;
    yield toRow(file, parse(file, line, number), number);
  }
}

function readHead(file: string, line: Buffer): IArchiveHead {
  const head = parse(file, line, 1) as Partial<IArchiveHead>;
  if (head.format !== ARCHIVE_FORMAT) throw new StoreBackupError(`${file} is not a backup of this router's store`);
  if (!(head.version! <= ARCHIVE_VERSION && head.schemaVersion! <= SCHEMA_VERSION)) {
    const of = `form ${head.version}, schema ${head.schemaVersion}`;
    throw new StoreBackupError(`${file} is of a newer release (${of}): restore it with that release or a newer one`);
  }
  return head as IArchiveHead;
}

function parse(file: string, line: Buffer, number: number): unknown {
  try {
    return JSON.parse(line.toString('utf8'));
  } catch (error) {
    throw new StoreBackupError(`${file}:${number} is not JSON: the file is damaged; use another backup`, {
      cause: error,
    });
  }
}

function toRow(file: string, value: unknown, number: number): TTableRow {
  const [table, row] = value as [string, Record<string, unknown>];
  if (!Object.hasOwn(tableKeys, table))
    throw new StoreBackupError(`${file}:${number} is of the unknown table '${table}': restore it with a newer release`);
  const kept = table === 'material' ? { ...row, data: Buffer.from(String(row['data']), 'base64') } : row;
  return [table, kept] as unknown as TTableRow;
}

/** Lines with their line feed, each bounded: a damaged file may have none. */
async function* readLines(file: string): AsyncGenerator<Buffer> {
  let rest: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
      let from = 0;
      for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, from)) {
        yield Buffer.concat([...rest, chunk.subarray(from, at + 1)]);
        [rest, bytes, from] = [[], 0, at + 1];
      }
      if (from < chunk.length) rest.push(chunk.subarray(from));
      bytes += chunk.length - from;
      if (bytes > limits.archiveLineBytesMax)
        throw new StoreBackupError(
          `${file} has a line of more than ${limits.archiveLineBytesMax} bytes: it is damaged`,
        );
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    throw new StoreBackupError(`${file} cannot be read: ${(error as Error).message}`, { cause: error });
  }
  if (rest.length > 0) yield Buffer.concat(rest);
}
