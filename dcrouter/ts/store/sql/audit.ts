/**
 * The audit log in the database.
 *
 * @module
 */
import type { Transaction } from 'kysely';
import * as check from '../check.ts';
import * as limits from '../limits.ts';
import type { Operations } from '../operations.ts';
import { auditRow } from '../requests.ts';
import { toAudit, type IAuditRow, type ITables } from '../rows.ts';
import type { IAuditStore } from '../types.ts';
import { raise, type ISqlParts } from './backend.ts';

export function sqlAudit({ db, operations, writer, run }: ISqlParts): IAuditStore {
  return {
    append: (entry) =>
      run('audit.append', () => {
        const row = auditRow(entry, writer);
        return db.transaction().execute((transaction) => appendAudit(transaction, row, operations));
      }),
    list: (page) =>
      run('audit.list', async () => {
        const limit = check.pageLimit(page);
        let query = db.selectFrom('audit').selectAll().where('id', '<', check.cursorNumber(page));
        if (page?.action !== undefined) query = query.where('action', '=', page.action);
        if (page?.actor !== undefined) query = query.where('actor', '=', page.actor);
        const rows = await query
          .orderBy('id', 'desc')
          .limit(limit + 1)
          .execute();
        return check.toPage(rows, limit, toAudit, (row) => String(row.id));
      }),
  };
}

/** Numbers without gaps, so that what is too old is known by its number. */
export async function appendAudit(
  transaction: Transaction<ITables>,
  row: Omit<IAuditRow, 'id'>,
  operations: Operations,
): Promise<void> {
  const id = await raise(transaction, 'audit');
  await transaction
    .insertInto('audit')
    .values({ id, ...row })
    .execute();
  const { numDeletedRows } = await transaction
    .deleteFrom('audit')
    .where('id', '<=', id - limits.auditEntriesMax)
    .executeTakeFirstOrThrow();
  operations.dropped.audit += Number(numDeletedRows);
}
