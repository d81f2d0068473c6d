/**
 * The schema, and how an older one becomes it. Only forward; a release never changes a migration that was published.
 *
 * State and history have a set each, because on SQLite they are two files and the history's may be thrown away.
 *
 * @module
 */
import { sql, type Kysely, type RawBuilder, type SchemaModule, type Transaction } from 'kysely';
import { StoreOpenError } from './errors.ts';
import { SCHEMA_VERSION } from './schema-version.ts';

/** What the dialects call the same things. */
export interface IDialectTypes {
  /** Text that sorts by its bytes, whatever the database's locale is. */
  readonly text: 'text' | RawBuilder<unknown>;
  readonly bytes: 'blob' | 'bytea';
  /** Where the history's tables live, when not beside the others. */
  readonly historySchema: string | undefined;
}

export const sqliteTypes: IDialectTypes = { text: 'text', bytes: 'blob', historySchema: 'telemetry' };
export const postgresTypes: IDialectTypes = { text: sql`text collate "C"`, bytes: 'bytea', historySchema: undefined };

interface IMigration {
  readonly version: number;
  up(schema: SchemaModule, types: IDialectTypes, db: Transaction<ISchemaTables>): Promise<void>;
}

interface ISchemaTables {
  schema_version: { version: number; applied_at_ms: number };
  history_schema_version: { version: number; applied_at_ms: number };
  counter: { name: string; value: number };
}

const stateMigrations: readonly IMigration[] = [{ version: SCHEMA_VERSION, up: createState }];
const historyMigrations: readonly IMigration[] = [{ version: 1, up: createHistory }];

/**
 * Brings both sets to this release's schema in one transaction.
 *
 * @param lock keeps another node from doing the same at the same time
 * @throws StoreOpenError when a newer release has written the schema
 */
export async function migrate(
  db: Kysely<ISchemaTables>,
  types: IDialectTypes,
  lock: (transaction: Transaction<ISchemaTables>) => Promise<void>,
): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    await lock(transaction);
    await migrateSet(transaction, types, 'schema_version', stateMigrations);
    const history = types.historySchema === undefined ? transaction : transaction.withSchema(types.historySchema);
    await migrateSet(history, types, 'history_schema_version', historyMigrations);
  });
}

async function migrateSet(
  db: Transaction<ISchemaTables>,
  types: IDialectTypes,
  table: 'schema_version' | 'history_schema_version',
  migrations: readonly IMigration[],
): Promise<void> {
  await db.schema
    .createTable(table)
    .ifNotExists()
    .addColumn('version', 'bigint', (column) => column.primaryKey())
    .addColumn('applied_at_ms', 'bigint', (column) => column.notNull())
    .execute();
  const row = await db
    .selectFrom(table)
    .select((select) => select.fn.max('version').as('version'))
    .executeTakeFirst();
  // An aggregate over no rows is null, which its type does not say.
  const found = Number(row?.version ?? 0);
  const newest = migrations.at(-1)!.version;
  if (found > newest) {
    throw new StoreOpenError(
      `the store has schema ${found} and this release knows ${newest}: start the release that wrote it, or restore a backup into an empty store`,
    );
  }
  for (const migration of migrations.filter(({ version }) => version > found)) {
    await migration.up(db.schema, types, db);
    await db.insertInto(table).values({ version: migration.version, applied_at_ms: Date.now() }).execute();
  }
}

async function createState(schema: SchemaModule, types: IDialectTypes, db: Transaction<ISchemaTables>): Promise<void> {
  const { text, bytes } = types;
  await schema
    .createTable('counter')
    .addColumn('name', text, (column) => column.primaryKey())
    .addColumn('value', 'bigint', (column) => column.notNull())
    .execute();
  await schema
    .createTable('object')
    .addColumn('kind', text, (column) => column.notNull())
    .addColumn('id', text, (column) => column.notNull())
    .addColumn('value', 'text', (column) => column.notNull())
    .addColumn('revision', 'bigint', (column) => column.notNull())
    .addColumn('updated_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('updated_by', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('object_key', ['kind', 'id'])
    .execute();
  await schema
    .createTable('document_version')
    .addColumn('node', text, (column) => column.notNull())
    .addColumn('version', 'bigint', (column) => column.notNull())
    .addColumn('text', 'text', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull())
    .addColumn('source', 'text', (column) => column.notNull())
    .addColumn('made_by', 'text', (column) => column.notNull())
    .addColumn('comment', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('document_version_key', ['node', 'version'])
    .execute();
  await schema
    .createTable('token')
    .addColumn('id', text, (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('secret_hash', text, (column) => column.notNull().unique())
    .addColumn('scopes', 'text', (column) => column.notNull())
    .addColumn('created_at_ms', 'bigint', (column) => column.notNull())
    .addColumn('created_by', 'text', (column) => column.notNull())
    .addColumn('expires_at_ms', 'bigint')
    .addColumn('last_used_at_ms', 'bigint')
    .execute();
  await schema
    .createTable('audit')
    .addColumn('id', 'bigint', (column) => column.primaryKey())
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .addColumn('node', 'text', (column) => column.notNull())
    .addColumn('actor', text, (column) => column.notNull())
    .addColumn('action', text, (column) => column.notNull())
    .addColumn('target', 'text', (column) => column.notNull())
    .addColumn('outcome', 'text', (column) => column.notNull())
    .addColumn('detail', 'text', (column) => column.notNull())
    .execute();
  await schema
    .createTable('material')
    .addColumn('purpose', text, (column) => column.notNull())
    .addColumn('name', text, (column) => column.notNull())
    .addColumn('data', bytes, (column) => column.notNull())
    .addPrimaryKeyConstraint('material_key', ['purpose', 'name'])
    .execute();
  await db
    .insertInto('counter')
    .values([
      { name: 'revision', value: 0 },
      { name: 'audit', value: 0 },
    ])
    .execute();
}

async function createHistory(schema: SchemaModule, { text }: IDialectTypes): Promise<void> {
  await schema
    .createTable('history')
    .addColumn('node', text, (column) => column.notNull())
    .addColumn('at_ms', 'bigint', (column) => column.notNull())
    .addColumn('series', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('history_key', ['node', 'at_ms'])
    .execute();
}
