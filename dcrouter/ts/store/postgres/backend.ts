/**
 * PostgreSQL as the store's database, for several nodes.
 *
 * @module
 */
import { Kysely, PostgresDialect, sql, type Transaction } from 'kysely';
import { readTables } from '../archive/read-tables.ts';
import type { TTableRow } from '../archive/format.ts';
import { StoreOpenError, StoreUnavailableError } from '../errors.ts';
import * as limits from '../limits.ts';
import { migrate, postgresTypes } from '../migrations.ts';
import type { Operations } from '../operations.ts';
import type { RevisionFeed } from '../revision-feed.ts';
import type { ITables } from '../rows.ts';
import type { IBackend, IHeldLock } from '../sql/backend.ts';
import { readRevision } from '../sql/objects.ts';
import { translate } from './errors.ts';
import { AdvisoryLocks } from './locks.ts';
import { GuardedPool } from './pool.ts';
import { notifyChannel, RevisionWatch } from './revisions.ts';

/** server_version_num of the oldest server that the tests run on. */
const SERVER_VERSION_MIN = 150_000;
/** Any constant serves: it keeps two nodes that start together from migrating together. */
const MIGRATION_LOCK = '7235410893452';

export interface IPostgresBackendOptions {
  readonly url: string;
  readonly node: string;
  readonly poolSize: number;
  readonly operations: Operations;
  readonly feed: RevisionFeed;
  readonly warn: (fields: object, message: string) => void;
}

export class PostgresBackend implements IBackend {
  readonly dialect = 'postgres';
  readonly db: Kysely<ITables>;
  readonly #options: IPostgresBackendOptions;
  readonly #pool: GuardedPool;
  readonly #locks: AdvisoryLocks;
  /** Host and database as messages show them: never the password. */
  readonly #server: string;
  #ready: Promise<void> | undefined;
  #watch: RevisionWatch | undefined;

  constructor(options: IPostgresBackendOptions) {
    const { url, node, poolSize, warn } = options;
    this.#options = options;
    this.#server = describeUrl(url);
    this.#locks = new AdvisoryLocks(url, node);
    const idleFailed = (error: Error): void => warn({ err: error }, 'an idle database connection failed');
    this.#pool = new GuardedPool({ url, node, server: this.#server, size: poolSize, idleFailed });
    this.db = new Kysely<ITables>({ dialect: new PostgresDialect({ pool: this.#pool }) });
  }

  /** Checks the server and brings the schema up to date, once; a failure is tried again by the next operation. */
  ready(): Promise<void> {
    this.#ready ??= this.#prepare().catch((error: unknown) => {
      this.#ready = undefined;
      throw error;
    });
    return this.#ready;
  }

  translate(error: unknown): { readonly unique: boolean; readonly error: unknown } {
    return translate(error, this.#server);
  }

  async announce(transaction: Transaction<ITables>, revision: number): Promise<void> {
    await sql`select pg_notify(${notifyChannel}, ${String(revision)})`.execute(transaction);
  }

  lock(name: string): Promise<IHeldLock> {
    return this.#locks.acquire(name);
  }

  snapshot<T>(read: (rows: AsyncIterable<TTableRow>) => Promise<T>): Promise<T> {
    const transaction = this.db.transaction().setIsolationLevel('repeatable read').setAccessMode('read only');
    return transaction.execute(async (db) => {
      // The disk that the backup goes to may be slow; the default is meant for a client that has vanished.
      await sql`set local idle_in_transaction_session_timeout = ${sql.lit(limits.backupStatementMs)}`.execute(db);
      return read(readTables(db));
    });
  }

  /** Opens now what would open with the first operation; nobody needs to be told of the revision found. */
  async open(): Promise<void> {
    try {
      await this.ready();
      this.#options.feed.startAt(await readRevision(this.db));
    } catch (error) {
      throw openError(this.translate(error).error, this.#server);
    }
  }

  /** Starts hearing of other nodes; from now on the statistics tell whether the database is there. */
  watch(): void {
    const { url, node, operations, feed, warn } = this.#options;
    const look = (): Promise<void> =>
      operations.run('poll', async () => {
        try {
          await this.ready();
          feed.tell(await readRevision(this.db));
        } catch (error) {
          throw this.translate(error).error;
        }
      });
    this.#watch = new RevisionWatch({ url, node, look, warn });
  }

  async close(): Promise<void> {
    await this.#watch?.stop();
    await this.#locks.close();
    // Kysely ends the pool only when it has used it.
    await this.db.destroy();
    await this.#pool.end();
  }

  async #prepare(): Promise<void> {
    const { rows } = await sql<{ version: number }>`
      select current_setting('server_version_num')::int as version`.execute(this.db);
    const version = rows[0]?.version ?? 0;
    if (version < SERVER_VERSION_MIN)
      throw new StoreOpenError(`${this.#server} has version ${version}: use PostgreSQL 15 or newer`);
    await migrate(this.db as unknown as Parameters<typeof migrate>[0], postgresTypes, async (transaction) => {
      await sql`select pg_advisory_xact_lock(${MIGRATION_LOCK}::bigint)`.execute(transaction);
    });
  }
}

/** What waiting does not mend is an error of the configuration. */
function openError(error: unknown, server: string): unknown {
  const cause = error instanceof StoreUnavailableError ? error.cause : error;
  const { code = '', message } = cause as { code?: string; message: string };
  const remedy = code.startsWith('28')
    ? 'check user and password in the URL, and pg_hba.conf'
    : code === '3D000'
      ? 'create the database first'
      : code === '42501'
        ? 'let the user create tables in the schema (it should own the database)'
        : undefined;
  return remedy === undefined ? error : new StoreOpenError(`${server}: ${message}: ${remedy}`, { cause: error });
}

/** `postgres://host:port/database` without user, password and options. */
export function describeUrl(url: string): string {
  if (!URL.canParse(url)) return 'the PostgreSQL server';
  const { protocol, host, pathname, searchParams } = new URL(url);
  return `${protocol}//${host || (searchParams.get('host') ?? '')}${pathname}`;
}
