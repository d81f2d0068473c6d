/**
 * Reads every table of a database, a page at a time.
 *
 * @module
 */
import { sql, type Kysely } from 'kysely';
import type { ITables } from '../rows.ts';
import { rowsAtOnce, tableKeys, tableNames, type TTable, type TTableRow } from './format.ts';

/** In the order of the keys; what `db` is decides which moment the rows are of. */
export async function* readTables(
  db: Kysely<ITables>,
  tables: readonly TTable[] = tableNames,
): AsyncGenerator<TTableRow> {
  for (const table of tables) {
    const keys = tableKeys[table] as readonly string[];
    const columns = sql.join(keys.map((key) => sql.ref(key)));
    const pageRows = rowsAtOnce(table);
    let after = sql``;
    for (;;) {
      const page = await sql<Record<string, unknown>>`select * from ${sql.table(table)} ${after}
        order by ${columns} limit ${sql.lit(pageRows)}`.execute(db);
      for (const row of page.rows) yield [table, row] as unknown as TTableRow;
      const last = page.rows.at(-1);
      if (last === undefined || page.rows.length < pageRows) break;
      after = sql`where (${columns}) > (${sql.join(keys.map((key) => last[key]))})`;
    }
  }
}
