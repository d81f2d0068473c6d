/**
 * Documents' versions in the database, per node.
 *
 * @module
 */
import type { Transaction } from 'kysely';
import * as check from '../check.ts';
import * as limits from '../limits.ts';
import { LASTING_STATES, supersededBy, unknownVersion } from '../meaning.ts';
import type { Operations } from '../operations.ts';
import { versionRow } from '../requests.ts';
import { toVersion, toVersionHead, type ITables } from '../rows.ts';
import type { IVersionStore } from '../types.ts';
import { raise, type ISqlParts } from './backend.ts';

const HEAD = ['node', 'version', 'hash', 'source', 'made_by', 'comment', 'state', 'created_at_ms'] as const;

export function sqlVersions({ db, operations, writer, run }: ISqlParts): IVersionStore {
  const { node } = writer;
  const ofNode = () => db.selectFrom('document_version').where('node', '=', node);
  return {
    append: (version) =>
      run('versions.append', () => {
        const given = versionRow(version, writer);
        return db.transaction().execute(async (transaction) => {
          const row = { ...given, version: await raise(transaction, `version:${node}`) };
          await transaction.insertInto('document_version').values(row).execute();
          await dropOldest(transaction, node, operations);
          return toVersion(row);
        });
      }),
    settle: (version, state) =>
      run('versions.settle', () =>
        db.transaction().execute(async (transaction) => {
          await lockVersions(transaction, node);
          await settle(transaction, node, version, state);
        }),
      ),
    active: () =>
      run('versions.active', async () => {
        const row = await ofNode().selectAll().where('state', '=', 'active').executeTakeFirst();
        return row && toVersion(row);
      }),
    get: (version) =>
      run('versions.get', async () => {
        const row = await ofNode().selectAll().where('version', '=', version).executeTakeFirst();
        return row && toVersion(row);
      }),
    list: (page) =>
      run('versions.list', async () => {
        const limit = check.pageLimit(page);
        const older = ofNode().select(HEAD).where('version', '<', check.cursorNumber(page));
        const rows = await older
          .orderBy('version', 'desc')
          .limit(limit + 1)
          .execute();
        return check.toPage(rows, limit, toVersionHead, (row) => String(row.version));
      }),
  };
}

/** Two settlements at once, of the old and the new process of a hand-over, must not leave two active versions. */
async function lockVersions(transaction: Transaction<ITables>, node: string): Promise<void> {
  await transaction
    .updateTable('counter')
    .set((update) => ({ value: update.ref('value') }))
    .where('name', '=', `version:${node}`)
    .execute();
}

async function settle(transaction: Transaction<ITables>, node: string, version: number, state: string): Promise<void> {
  const superseded = supersededBy(state);
  if (superseded.length > 0) {
    await transaction
      .updateTable('document_version')
      .set({ state: 'superseded' })
      .where('node', '=', node)
      .where('version', '!=', version)
      .where('state', 'in', superseded)
      .execute();
  }
  const { numUpdatedRows } = await transaction
    .updateTable('document_version')
    .set({ state })
    .where('node', '=', node)
    .where('version', '=', version)
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) throw unknownVersion(version, node);
}

async function dropOldest(transaction: Transaction<ITables>, node: string, operations: Operations): Promise<void> {
  const { count } = await transaction
    .selectFrom('document_version')
    .where('node', '=', node)
    .select((select) => select.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow();
  if (count <= limits.versionsMax) return;
  const oldest = transaction
    .selectFrom('document_version')
    .select('version')
    .where('node', '=', node)
    .where('state', 'not in', LASTING_STATES)
    .orderBy('version')
    .limit(count - limits.versionsMax);
  const { numDeletedRows } = await transaction
    .deleteFrom('document_version')
    .where('node', '=', node)
    .where('version', 'in', oldest)
    .executeTakeFirstOrThrow();
  operations.dropped.versions += Number(numDeletedRows);
}
