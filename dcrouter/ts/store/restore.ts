/**
 * Puts a backup into an empty store, of either dialect whichever it came from.
 *
 * @module
 */
import type { Transaction } from 'kysely';
import type { TStoreConfig } from '../config/schema/store.ts';
import { rowsAtOnce, tableNames, type TTable } from './archive/format.ts';
import { archiveRows, checkArchive } from './archive/read.ts';
import { StoreBackupError } from './errors.ts';
import { openBackend, type IOpenStoreOptions } from './open.ts';
import type { ITables } from './rows.ts';

export interface IRestored {
  readonly rows: number;
  /** The node that made the backup, and when. */
  readonly node: string;
  readonly createdAtMs: number;
}

/**
 * Restores everything or nothing. The router must not run: on SQLite this is refused by the file's lock.
 *
 * @throws StoreBackupError when the backup is not whole or the store is not empty
 * @throws StoreInUseError, StoreOpenError, StoreUnavailableError
 */
export async function restoreStore(file: string, config: TStoreConfig, options: IOpenStoreOptions): Promise<IRestored> {
  if (config.type === 'memory')
    throw new StoreBackupError('a store in memory keeps nothing: configure store.type sqlite or postgres first');
  const { head, rows } = await checkArchive(file);
  const backend = await openBackend(config, options);
  try {
    await backend.ready();
    await backend.db.transaction().execute(async (transaction) => {
      await mustBeEmpty(transaction);
      await insertAll(transaction, file, rows);
    });
  } catch (error) {
    throw backend.translate(error).error;
  } finally {
    await backend.close();
  }
  return { rows, node: head.node, createdAtMs: head.createdAtMs };
}

async function mustBeEmpty(transaction: Transaction<ITables>): Promise<void> {
  for (const table of tableNames) {
    // The counters are there from the start.
    if (table === 'counter') continue;
    const row = await transaction
      .selectFrom(table)
      .select((select) => select.lit(1).as('one'))
      .limit(1)
      .executeTakeFirst();
    if (row !== undefined)
      throw new StoreBackupError(`the store is not empty (table ${table}): restore into a new file or database`);
  }
}

async function insertAll(transaction: Transaction<ITables>, file: string, count: number): Promise<void> {
  await transaction.deleteFrom('counter').execute();
  let batch: Array<ITables[TTable]> = [];
  let batchTable: TTable | undefined;
  const flush = async (): Promise<void> => {
    if (batchTable === undefined || batch.length === 0) return;
    // Rows of one table each: the backup writes table after table.
    await transaction
      .insertInto(batchTable)
      .values(batch as never)
      .execute();
    batch = [];
  };
  for await (const [table, row] of archiveRows(file, count)) {
    if (table !== batchTable || batch.length >= rowsAtOnce(table)) await flush();
    batchTable = table;
    batch.push(row);
  }
  await flush();
}
