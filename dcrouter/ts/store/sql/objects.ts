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

async function applyChanges(
  transaction: Transaction<ITables>,
  changes: readonly TChangeRow[],
  revision: number,
  audit: Omit<IAuditRow, 'id'>,
): Promise<void> {
  for (const change of changes) {
    const { kind, id } = change;
    if (change.op === 'remove') {
      await transaction.deleteFrom('object').where('kind', '=', kind).where('id', '=', id).execute();
      continue;
    }
    const written = { value: change.value, revision, updated_at_ms: audit.at_ms, updated_by: audit.actor };
    await transaction
      .insertInto('object')
      .values({ kind, id, ...written })
      .onConflict((conflict) => conflict.columns(['kind', 'id']).doUpdateSet(written))
      .execute();
  }
  const { count } = await transaction
    .selectFrom('object')
    .select((select) => select.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  check.atMost(count, limits.objectsMax, 'objects');
}
