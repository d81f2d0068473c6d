/**
 * Tokens, secret material and history in the database.
 *
 * @module
 */
import * as check from '../check.ts';
import { StoreConflictError } from '../errors.ts';
import * as limits from '../limits.ts';
import { historyRows, materialData, tokenRow } from '../requests.ts';
import { toSample, toToken, toTokenHead } from '../rows.ts';
import type { IHistoryStore, IMaterialStore, ITokenStore } from '../types.ts';
import type { ISqlParts } from './backend.ts';

export function sqlTokens({ backend, db, run }: ISqlParts): ITokenStore {
  return {
    create: (token) =>
      run('tokens.create', async () => {
        const row = tokenRow(token);
        const { count } = await db
          .selectFrom('token')
          .select((select) => select.fn.countAll<number>().as('count'))
          .executeTakeFirstOrThrow();
        check.atMost(count + 1, limits.tokensMax, 'tokens');
        try {
          await db.insertInto('token').values(row).execute();
        } catch (error) {
          if (!backend.translate(error).unique) throw error;
          const message = `token '${row.id}' or its secret exists already: make another one`;
          throw new StoreConflictError(message, { cause: error });
        }
      }),
    bySecretHash: (hash) =>
      run('tokens.bySecretHash', async () => {
        const row = await db.selectFrom('token').selectAll().where('secret_hash', '=', hash).executeTakeFirst();
        return row && toToken(row);
      }),
    touch: (id, atMs) =>
      run('tokens.touch', async () => {
        await db
          .updateTable('token')
          .set({ last_used_at_ms: atMs })
          .where('id', '=', id)
          .where((where) =>
            where.or([
              where('last_used_at_ms', 'is', null),
              where('last_used_at_ms', '<=', atMs - limits.tokenTouchMs),
            ]),
          )
          .execute();
      }),
    remove: (id) =>
      run('tokens.remove', async () => {
        const { numDeletedRows } = await db.deleteFrom('token').where('id', '=', id).executeTakeFirstOrThrow();
        return numDeletedRows > 0n;
      }),
    list: (page) =>
      run('tokens.list', async () => {
        const limit = check.pageLimit(page);
        const later = db
          .selectFrom('token')
          .selectAll()
          .where('id', '>', page?.cursor ?? '');
        const rows = await later
          .orderBy('id')
          .limit(limit + 1)
          .execute();
        return check.toPage(rows, limit, toTokenHead, (row) => row.id);
      }),
  };
}

export function sqlMaterials({ db, run }: ISqlParts): IMaterialStore {
  return {
    get: (purpose, name) =>
      run('materials.get', async () => {
        const row = await db
          .selectFrom('material')
          .select('data')
          .where('purpose', '=', purpose)
          .where('name', '=', name)
          .executeTakeFirst();
        return row && Buffer.from(row.data);
      }),
    put: (purpose, name, data) =>
      run('materials.put', async () => {
        check.name(name, `the name of a ${purpose}`);
        // A copy: the caller may wipe or reuse its buffer before the database has it.
        const kept = Buffer.from(materialData(data, name));
        const { count } = await db
          .selectFrom('material')
          .where('purpose', '=', purpose)
          .where('name', '!=', name)
          .select((select) => select.fn.countAll<number>().as('count'))
          .executeTakeFirstOrThrow();
        check.atMost(count + 1, limits.materialsMax, `materials of ${purpose}`);
        await db
          .insertInto('material')
          .values({ purpose, name, data: kept })
          .onConflict((conflict) => conflict.columns(['purpose', 'name']).doUpdateSet({ data: kept }))
          .execute();
      }),
    remove: (purpose, name) =>
      run('materials.remove', async () => {
        const { numDeletedRows } = await db
          .deleteFrom('material')
          .where('purpose', '=', purpose)
          .where('name', '=', name)
          .executeTakeFirstOrThrow();
        return numDeletedRows > 0n;
      }),
    names: (purpose) =>
      run('materials.names', async () => {
        const rows = await db
          .selectFrom('material')
          .select('name')
          .where('purpose', '=', purpose)
          .orderBy('name')
          .execute();
        return rows.map(({ name }) => name);
      }),
  };
}

export function sqlHistory({ db, operations, writer: { node }, run }: ISqlParts): IHistoryStore {
  return {
    append: (samples) =>
      run('history.append', async () => {
        const rows = historyRows(samples, node);
        if (rows.length === 0) return;
        operations.dropped.history += await db.transaction().execute(async (transaction) => {
          await transaction
            .insertInto('history')
            .values(rows)
            .onConflict((conflict) =>
              conflict.columns(['node', 'at_ms']).doUpdateSet((update) => ({ series: update.ref('excluded.series') })),
            )
            .execute();
          // The time of the first sample that is one too many; the index answers without reading the samples.
          const excess = await transaction
            .selectFrom('history')
            .select('at_ms')
            .where('node', '=', node)
            .orderBy('at_ms', 'desc')
            .offset(limits.historySamplesMax)
            .limit(1)
            .executeTakeFirst();
          if (excess === undefined) return 0;
          const gone = transaction.deleteFrom('history').where('node', '=', node).where('at_ms', '<=', excess.at_ms);
          return Number((await gone.executeTakeFirstOrThrow()).numDeletedRows);
        });
      }),
    range: (fromMs, toMs) =>
      run('history.range', async () => {
        const ofNode = db.selectFrom('history').select(['at_ms', 'series']).where('node', '=', node);
        const rows = await ofNode.where('at_ms', '>=', fromMs).where('at_ms', '<=', toMs).orderBy('at_ms').execute();
        return rows.map(toSample);
      }),
    prune: (beforeMs) =>
      run('history.prune', async () => {
        const old = db.deleteFrom('history').where('node', '=', node).where('at_ms', '<', beforeMs);
        return Number((await old.executeTakeFirstOrThrow()).numDeletedRows);
      }),
  };
}
