/**
 * The thread that holds the SQLite connection: its calls block, and may.
 *
 * @module
 */
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import * as limits from '../limits.ts';
import {
  START_ID,
  type ISqliteFailure,
  type ISqliteResult,
  type ISqliteStart,
  type TParameter,
  type TSqliteReply,
  type TSqliteRequest,
} from './messages.ts';

const NOTHING: ISqliteResult = { rows: [], changes: 0 };

/**
 * Opens both files as one connection that nobody else may open.
 *
 * The exclusive locking mode is the guard against a second process: it is the operating system's lock on the file, so a
 * killed process leaves nothing behind. It must be set before the first access, or SQLite would share the log's index.
 */
function openDatabase({ files, waitMs }: ISqliteStart): DatabaseSync {
  const database = new DatabaseSync(files.state, { timeout: waitMs, enableForeignKeyConstraints: true });
  try {
    database.exec('pragma locking_mode = exclusive');
    takeFile(database, 'main', 'full');
    database.prepare('attach ? as telemetry').run(files.history);
    takeFile(database, 'telemetry', 'normal');
    database.exec(`pragma busy_timeout = ${limits.sqliteBusyMs}`);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function takeFile(database: DatabaseSync, schema: 'main' | 'telemetry', synchronous: 'full' | 'normal'): void {
  database.exec(`pragma ${schema}.journal_mode = wal`);
  database.exec(`pragma ${schema}.synchronous = ${synchronous}`);
  database.exec(`pragma ${schema}.journal_size_limit = ${limits.sqliteLogBytesMax}`);
  // A write takes the lock now and not with the first change. In exclusive mode it stays until the close.
  database.exec(`begin immediate; pragma ${schema}.user_version = 1; commit`);
}

class Connection {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(start: ISqliteStart) {
    this.#database = openDatabase(start);
    this.#database.exec(`pragma wal_autocheckpoint = ${limits.sqliteCheckpointPages}`);
  }

  answer(request: TSqliteRequest): ISqliteResult {
    if (request.do === 'query') return this.#query(request.sql, request.parameters);
    this.#statements.clear();
    this.#database.close();
    return NOTHING;
  }

  #query(sql: string, parameters: readonly TParameter[]): ISqliteResult {
    // SQLite ends a transaction itself after some failures (disk full); there is nothing left to roll back then.
    if (sql === 'rollback' && !this.#database.isTransaction) return NOTHING;
    const statement = this.#statement(sql);
    if (statement.columns().length > 0) {
      const rows = statement.all(...parameters) as ISqliteResult['rows'];
      return { rows, changes: rows.length };
    }
    return { rows: [], changes: Number(statement.run(...parameters).changes) };
  }

  #statement(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known) return known;
    if (this.#statements.size >= limits.sqliteStatementsMax) this.#statements.clear();
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}

function failureOf(error: unknown): ISqliteFailure {
  const { message, errcode } = error as { message: string; errcode?: number };
  return { message, errcode: errcode ?? 0 };
}

/** Runs until a `close` request; a failed start is answered and ends the thread. */
function serve(start: ISqliteStart): void {
  const port = parentPort!;
  let connection: Connection;
  try {
    connection = new Connection(start);
  } catch (error) {
    port.postMessage([{ id: START_ID, failure: failureOf(error) } satisfies TSqliteReply]);
    return;
  }
  port.postMessage([{ id: START_ID, result: NOTHING } satisfies TSqliteReply]);
  port.on('message', (requests: readonly TSqliteRequest[]) => {
    port.postMessage(requests.map((request) => answer(connection, request)));
    if (requests.at(-1)?.do === 'close') port.close();
  });
}

function answer(connection: Connection, request: TSqliteRequest): TSqliteReply {
  try {
    return { id: request.id, result: connection.answer(request) };
  } catch (error) {
    return { id: request.id, failure: failureOf(error) };
  }
}

serve(workerData as ISqliteStart);
