/**
 * Kysely over the SQLite thread.
 *
 * There is one connection. Single statements are sent as they come; a transaction has the connection for itself from
 * `begin` to its end, and what others ask meanwhile waits in the order of its arrival.
 *
 * @module
 */
import {
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type Kysely,
  type QueryResult,
} from 'kysely';
import type { ISqliteResult, TParameter } from './messages.ts';
import type { SqliteThread } from './thread.ts';

export class SqliteThreadDialect implements Dialect {
  readonly #thread: () => Promise<SqliteThread>;

  /** @param thread gives the thread that runs now, started anew when the one before has ended */
  constructor(thread: () => Promise<SqliteThread>) {
    this.#thread = thread;
  }

  createAdapter(): SqliteAdapter {
    return new SqliteAdapter();
  }

  createDriver(): Driver {
    return new ThreadDriver(this.#thread);
  }

  createIntrospector(db: Kysely<unknown>): SqliteIntrospector {
    return new SqliteIntrospector(db);
  }

  createQueryCompiler(): SqliteQueryCompiler {
    return new SqliteQueryCompiler();
  }
}

class ThreadDriver implements Driver {
  readonly #gate: Gate;

  constructor(thread: () => Promise<SqliteThread>) {
    this.#gate = new Gate(thread);
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<ThreadConnection> {
    return new ThreadConnection(this.#gate);
  }

  beginTransaction(connection: ThreadConnection): Promise<void> {
    return connection.begin();
  }

  async commitTransaction(connection: ThreadConnection): Promise<void> {
    await connection.run('commit', []);
  }

  async rollbackTransaction(connection: ThreadConnection): Promise<void> {
    await connection.run('rollback', []);
  }

  /** Called after a transaction's end however it ended, so this is where the others get their turn. */
  async releaseConnection(connection: ThreadConnection): Promise<void> {
    this.#gate.leave(connection);
  }

  async destroy(): Promise<void> {}
}

class ThreadConnection implements DatabaseConnection {
  readonly #gate: Gate;
  /** The thread that a transaction began on: a thread started since knows nothing of it. */
  #held: SqliteThread | undefined;

  constructor(gate: Gate) {
    this.#gate = gate;
  }

  async begin(): Promise<void> {
    await this.#gate.enter(this);
    this.#held = await this.#gate.thread();
    // Immediate: a reader that becomes a writer half-way could find that it may not.
    await this.#held.query('begin immediate');
  }

  async run(sql: string, parameters: readonly TParameter[]): Promise<QueryResult<Record<string, TParameter>>> {
    const { rows, changes } = await (this.#held?.query(sql, parameters) ?? this.#gate.pass(sql, parameters));
    return { rows: [...rows], numAffectedRows: BigInt(changes) };
  }

  executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    return this.run(query.sql, query.parameters as readonly TParameter[]) as Promise<QueryResult<R>>;
  }

  /** Kysely asks for it; the store reads in pages instead. */
  async *streamQuery<R>(query: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
    yield await this.executeQuery<R>(query);
  }
}

/** Who has the connection for itself, and who waits. */
class Gate {
  readonly thread: () => Promise<SqliteThread>;
  #holder: ThreadConnection | undefined;
  /** In the order of arrival; not empty only while there is a holder. */
  readonly #waiting: Array<{ readonly holder: ThreadConnection | undefined; readonly go: () => void }> = [];

  constructor(thread: () => Promise<SqliteThread>) {
    this.thread = thread;
  }

  /** For a transaction: resolves when nobody else has the connection. */
  async enter(connection: ThreadConnection): Promise<void> {
    if (this.#holder === undefined) this.#holder = connection;
    else await new Promise<void>((resolve) => this.#waiting.push({ holder: connection, go: resolve }));
  }

  leave(connection: ThreadConnection): void {
    if (this.#holder !== connection) return;
    this.#holder = undefined;
    while (this.#waiting.length > 0) {
      const { holder, go } = this.#waiting.shift()!;
      this.#holder = holder;
      go();
      if (holder !== undefined) return;
    }
  }

  /**
   * For a single statement. It is handed to the thread in the same turn as the look at the holder: one turn later a
   * transaction could have begun, and the statement would be part of it.
   */
  async pass(sql: string, parameters: readonly TParameter[]): Promise<ISqliteResult> {
    const thread = await this.thread();
    if (this.#holder === undefined) return thread.query(sql, parameters);
    return new Promise((resolve) => {
      this.#waiting.push({ holder: undefined, go: () => resolve(thread.query(sql, parameters)) });
    });
  }
}
