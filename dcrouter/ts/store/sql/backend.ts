/**
 * What the store needs to know of a dialect beyond Kysely.
 *
 * @module
 */
import type { Kysely, Transaction } from 'kysely';
import type { TTableRow } from '../archive/format.ts';
import type { Operations } from '../operations.ts';
import type { IWriter } from '../requests.ts';
import type { ITables } from '../rows.ts';

/** A lock that is held. */
export interface IHeldLock {
  /** Aborts when the lock was lost. */
  readonly signal: AbortSignal;
  release(): Promise<void>;
}

export interface IBackend {
  readonly dialect: 'sqlite' | 'postgres';
  readonly db: Kysely<ITables>;
  /** Called before every operation: opens and migrates when that has not happened yet. */
  ready(): Promise<void>;
  /** The dialect's error in the store's terms; `unique` for a key that exists. */
  translate(error: unknown): { readonly unique: boolean; readonly error: unknown };
  /** Wakes the other nodes, as part of the transaction that made the revision. */
  announce(transaction: Transaction<ITables>, revision: number): Promise<void>;
  lock(name: string): Promise<IHeldLock>;
  /** Reads everything as it stood at one moment. */
  snapshot<T>(read: (rows: AsyncIterable<TTableRow>) => Promise<T>): Promise<T>;
  /** Called after {@link Operations.end}: nothing is under way any more. */
  close(): Promise<void>;
}

/** What every part of the store works with. */
export interface ISqlParts {
  readonly backend: IBackend;
  readonly db: Kysely<ITables>;
  readonly operations: Operations;
  readonly writer: IWriter;
  /** One counted operation, with the dialect's errors translated. */
  run: Operations['run'];
}

/** Raises a counter by one inside a transaction; whoever else raises it waits for the transaction's end. */
export async function raise(transaction: Transaction<ITables>, name: string): Promise<number> {
  const row = await transaction
    .insertInto('counter')
    .values({ name, value: 1 })
    .onConflict((conflict) =>
      conflict.column('name').doUpdateSet((update) => ({ value: update('counter.value', '+', 1) })),
    )
    .returning('value')
    .executeTakeFirstOrThrow();
  return row.value;
}
