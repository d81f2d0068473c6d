/**
 * The form of a backup: JSON lines, the same from every dialect.
 *
 * One line that says what this is, one line per row (`["table", { …row }]`; bytes as base64), and one line with the number
 * of rows and the SHA-256 of every byte before it. A file without that last line is not whole.
 *
 * @module
 */
import * as limits from '../limits.ts';
import type { ITables } from '../rows.ts';

export const ARCHIVE_FORMAT = 'dcrouter-store';
export const ARCHIVE_VERSION = 1;

export interface IArchiveHead {
  readonly format: typeof ARCHIVE_FORMAT;
  readonly version: number;
  readonly schemaVersion: number;
  readonly dialect: string;
  readonly node: string;
  readonly createdAtMs: number;
}

export interface IArchiveEnd {
  readonly rows: number;
  readonly sha256: string;
}

export type TTable = keyof ITables;
/** A row of some table. */
export type TTableRow = { readonly [T in TTable]: readonly [T, ITables[T]] }[TTable];

/** The key of each table: what pages of it are ordered by. */
export const tableKeys: { readonly [T in TTable]: ReadonlyArray<keyof ITables[T] & string> } = {
  counter: ['name'],
  object: ['kind', 'id'],
  document_version: ['node', 'version'],
  token: ['id'],
  audit: ['id'],
  material: ['purpose', 'name'],
  history: ['node', 'at_ms'],
};
export const tableNames = Object.keys(tableKeys) as TTable[];

/** Rows of a table that are read or written at once: documents and secrets are the ones that can be large. */
export function rowsAtOnce(table: TTable): number {
  return table === 'document_version' || table === 'material' ? limits.archiveLargeRows : limits.archiveRows;
}

export function rowLine([table, row]: TTableRow): string {
  const plain = table === 'material' ? { ...row, data: Buffer.from(row.data).toString('base64') } : row;
  return `${JSON.stringify([table, plain])}\n`;
}
