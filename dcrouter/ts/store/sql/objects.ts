/**
 * Objects in the database, guarded by the revision.
 *
 * @module
 */
import type { Transaction } from 'kysely';
import * as check from '../check.ts';
import * as limits from '../limits.ts';
import { conflict } from '../meaning.ts';
import { auditRow, changeRows, type TChangeRow } from '../requests.ts';
import type { RevisionFeed } from '../revision-feed.ts';
import { toObject, type IAuditRow, type ITables } from '../rows.ts';
import type { IObjectStore } from '../types.ts';
import { appendAudit } from './audit.ts';
import type { ISqlParts } from './backend.ts';

export function sqlObjects({ backend, db, operations, writer, run }: ISqlParts, feed: RevisionFeed): IObjectStore {
  return {
    load: () =>
      run('objects.load', () =>
        // Repeatable read: revision and objects are of the same moment.
        db
          .transaction()
          .setIsolationLevel('repeatable read')
          .execute(async (transaction) => {
            const revision = await readRevision(transaction);
            const rows = await transaction.selectFrom('object').selectAll().orderBy('kind').orderBy('id').execute();
            return { revision, objects: rows.map(toObject) };
          }),
      ),
    revision: () => run('objects.revision', () => readRevision(db)),
    change: async (changes, expectedRevision, audit) => {
      const revision = await run('objects.change', () => {
        const rows = changeRows(changes);
        const entry = auditRow(audit, writer);
        return db.transaction().execute(async (transaction) => {
          const revision = await raiseRevision(transaction, expectedRevision);
          await applyChanges(transaction, rows, revision, entry);
          await appendAudit(transaction, entry, operations);
          await backend.announce(transaction, revision);
          return revision;
        });
      });
      feed.tell(revision);
      return revision;
    },
    onRevision: (listener) => feed.listen(listener),
  };
}

export async function readRevision(db: Pick<Transaction<ITables>, 'selectFrom'>): Promise<number> {
  const row = await db.selectFrom('counter').select('value').where('name', '=', 'revision').executeTakeFirst();
  return row?.value ?? 0;
}

/** The guard: of two changes with the same base the second finds no row any more. */
async function raiseRevision(transaction: Transaction<ITables>, expected: number): Promise<number> {
  const row = await transaction
    .updateTable('counter')
    .set({ value: expected + 1 })
    .where('name', '=', 'revision')
    .where('value', '=', expected)
    .returning('value')
    .executeTakeFirst();
  if (row === undefined) throw conflict(expected, undefined);
  return row.value;
}

/** Few large statements instead of one per change: the others wait for the end of this transaction. */
async function applyChanges(
  transaction: Transaction<ITables>,
  changes: readonly TChangeRow[],
  revision: number,
  audit: Omit<IAuditRow, 'id'>,
): Promise<void> {
  // Of several changes of one object the last counts; PostgreSQL refuses to write a row twice in one statement.
  const last = [...new Map(changes.map((change) => [`${change.kind}\0${change.id}`, change])).values()];
  for (let from = 0; from < last.length; from += limits.changeRows) {
    const rows = last.slice(from, from + limits.changeRows);
    await removeObjects(
      transaction,
      rows.filter((change) => change.op === 'remove'),
    );
    const puts = rows.filter((change) => change.op === 'put');
    if (puts.length === 0) continue;
    const written = { revision, updated_at_ms: audit.at_ms, updated_by: audit.actor };
    await transaction
      .insertInto('object')
      .values(puts.map(({ kind, id, value }) => ({ kind, id, value, ...written })))
      .onConflict((conflict) =>
        conflict.columns(['kind', 'id']).doUpdateSet((update) => ({ value: update.ref('excluded.value'), ...written })),
      )
      .execute();
  }
  const { count } = await transaction
    .selectFrom('object')
    .select((select) => select.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  check.atMost(count, limits.objectsMax, 'objects');
}

async function removeObjects(transaction: Transaction<ITables>, changes: readonly TChangeRow[]): Promise<void> {
  if (changes.length === 0) return;
  await transaction
    .deleteFrom('object')
    .where((where) => where.or(changes.map(({ kind, id }) => where.and({ kind, id }))))
    .execute();
}
