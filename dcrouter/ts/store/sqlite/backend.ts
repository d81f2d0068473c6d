/**
 * SQLite as the store's database: one node, two files, no server.
 *
 * @module
 */
import { randomUUID } from 'node:crypto';
import { chmod, mkdir, open as openFile, readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Kysely, sql } from 'kysely';
import { readTables } from '../archive/read-tables.ts';
import type { TTableRow } from '../archive/format.ts';
import { StoreInUseError, StoreOpenError, StoreUnavailableError } from '../errors.ts';
import * as limits from '../limits.ts';
import { migrate, sqliteTypes } from '../migrations.ts';
import type { ITables } from '../rows.ts';
import type { IBackend, IHeldLock } from '../sql/backend.ts';
import { SqliteThreadDialect } from './dialect.ts';
import type { ISqliteFiles } from './messages.ts';
import { SqliteError, SqliteThread } from './thread.ts';

/** Primary result codes (sqlite.org/rescode.html) after which the file cannot be used now. */
const UNAVAILABLE = new Map([
  [5, 'it is locked'],
  [6, 'it is locked'],
  [7, 'there is no memory left'],
  [8, 'it may only be read: check the rights of file and folder'],
  [10, 'the disk failed: see the system log'],
  [11, 'it is damaged: restore a backup into a new file'],
  [13, 'the disk is full: make room'],
  [14, 'it cannot be opened: check the folder and its rights'],
  [26, 'it is not a SQLite database: name another file'],
]);
const BUSY = 5;
/** SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE. */
const UNIQUE = [1555, 2067];

/** Between a file's name and the random end of the name of a copy that a backup reads. */
const COPY_MARK = '.copy-';

export interface ISqliteBackendOptions {
  readonly files: ISqliteFiles;
  /** How long another process may take to let go of the files, in milliseconds. */
  readonly waitMs: number;
}

export class SqliteBackend implements IBackend {
  readonly dialect = 'sqlite';
  readonly db: Kysely<ITables>;
  readonly #options: ISqliteBackendOptions;
  #thread: SqliteThread | undefined;
  #starting: Promise<SqliteThread> | undefined;
  #startedAtMs = -Infinity;

  /**
   * Opens the files, made when they are missing, and brings the schema up to date.
   *
   * @throws StoreInUseError, StoreOpenError
   */
  static async open(options: ISqliteBackendOptions): Promise<SqliteBackend> {
    for (const file of [options.files.state, options.files.history]) await prepareFile(file);
    const backend = new SqliteBackend(options);
    try {
      await backend.#current();
      // The file is ours alone now: what an earlier process left in the middle of a backup can go.
      await removeCopies(options.files.state + COPY_MARK);
      await removeCopies(options.files.history + COPY_MARK);
      await migrate(backend.db as unknown as Parameters<typeof migrate>[0], sqliteTypes, async () => {});
    } catch (error) {
      await backend.close();
      throw openError(error, options.files.state);
    }
    return backend;
  }

  private constructor(options: ISqliteBackendOptions) {
    this.#options = options;
    this.db = new Kysely<ITables>({ dialect: new SqliteThreadDialect(() => this.#current()) });
  }

  async ready(): Promise<void> {}

  translate(error: unknown): { readonly unique: boolean; readonly error: unknown } {
    if (!(error instanceof SqliteError)) return { unique: false, error };
    const why = UNAVAILABLE.get(error.errcode & 0xff);
    if (why === undefined) return { unique: UNIQUE.includes(error.errcode), error };
    const message = `${this.#options.files.state}: ${why} (${error.message})`;
    return { unique: false, error: new StoreUnavailableError(message, { cause: error }) };
  }

  /** Nobody else has the file open. */
  async announce(): Promise<void> {}

  /** The process is the only one on the file, and its callers have queued up before. */
  async lock(): Promise<IHeldLock> {
    return { signal: new AbortController().signal, release: async () => {} };
  }

  /**
   * Copies both files and reads the copies: others wait for the copying only, however slow the reader is. The runtime's
   * own online backup fails when a transaction is open on the same connection, so the copy is a statement of its own.
   */
  async snapshot<T>(read: (rows: AsyncIterable<TTableRow>) => Promise<T>): Promise<T> {
    const { files } = this.#options;
    const mark = COPY_MARK + randomUUID();
    const copies = { state: files.state + mark, history: files.history + mark };
    try {
      for (const copy of Object.values(copies)) await (await openFile(copy, 'wx', 0o600)).close();
      await sql`vacuum main into ${copies.state}`.execute(this.db);
      await sql`vacuum telemetry into ${copies.history}`.execute(this.db);
      return await readCopies(copies, read);
    } finally {
      for (const copy of Object.values(copies)) await removeCopies(copy);
    }
  }

  async close(): Promise<void> {
    await this.#thread?.close();
  }

  /** The thread; a new one when it has ended unasked, which only a failure inside SQLite or of memory can cause. */
  async #current(): Promise<SqliteThread> {
    if (this.#thread && !this.#thread.over) return this.#thread;
    this.#starting ??= this.#start().finally(() => (this.#starting = undefined));
    return this.#starting;
  }

  async #start(): Promise<SqliteThread> {
    const nowMs = performance.now();
    if (nowMs - this.#startedAtMs < limits.sqliteRestartMs)
      throw new StoreUnavailableError("the store's thread has just ended; it starts again within a second");
    this.#startedAtMs = nowMs;
    const { files, waitMs } = this.#options;
    this.#thread = await SqliteThread.open({ files, waitMs });
    return this.#thread;
  }
}

async function readCopies<T>(files: ISqliteFiles, read: (rows: AsyncIterable<TTableRow>) => Promise<T>): Promise<T> {
  const thread = await SqliteThread.open({ files, waitMs: limits.sqliteBusyMs });
  try {
    return await read(readTables(new Kysely<ITables>({ dialect: new SqliteThreadDialect(async () => thread) })));
  } finally {
    await thread.close();
  }
}

/**
 * Makes the file for its owner only; SQLite gives its logs the same rights.
 *
 * An existing file is not opened here: closing it again would drop this process's locks on it (POSIX), and with them the
 * guard of a store that is open.
 */
async function prepareFile(file: string): Promise<void> {
  try {
    await mkdir(dirname(file), { mode: 0o700 }).catch(unlessThere);
    const made = await openFile(file, 'wx', 0o600).catch(unlessThere);
    if (made) await made.close();
    else await chmod(file, 0o600);
  } catch (error) {
    throw new StoreOpenError(`${file} cannot be made: ${(error as Error).message}`, { cause: error });
  }
}

function unlessThere(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'EEXIST') throw error;
}

/** Removes every file whose path starts so, SQLite's logs beside it included. */
async function removeCopies(start: string): Promise<void> {
  const folder = dirname(start);
  for (const name of await readdir(folder))
    if (name.startsWith(basename(start))) await rm(join(folder, name), { force: true });
}

function openError(error: unknown, file: string): unknown {
  if (!(error instanceof SqliteError)) return error;
  const code = error.errcode & 0xff;
  if (code === BUSY) {
    const message = `${file} is open in another process: stop that one first (lsof ${file} names it), or let it hand over`;
    return new StoreInUseError(message, { cause: error });
  }
  return new StoreOpenError(`${file}: ${UNAVAILABLE.get(code) ?? 'it cannot be opened'} (${error.message})`, {
    cause: error,
  });
}
