/**
 * From the configuration to an open store.
 *
 * @module
 */
import { readFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import type { TStoreConfig } from '../config/schema/store.ts';
import type { TLogger } from '../log/logger.ts';
import { StoreOpenError, StoreUnavailableError } from './errors.ts';
import { MemoryStore } from './memory.ts';
import { Operations } from './operations.ts';
import { PostgresBackend } from './postgres/backend.ts';
import { RevisionFeed } from './revision-feed.ts';
import { SqliteBackend } from './sqlite/backend.ts';
import type { IBackend } from './sql/backend.ts';
import { SqlStore } from './sql/store.ts';
import type { IStore } from './types.ts';

export interface IOpenStoreOptions {
  /** The name of this node; versions and history are kept by it. */
  readonly node: string;
  /** Where relative paths start: the folder of the configuration file. */
  readonly folder: string;
  readonly logger: Pick<TLogger, 'warn'>;
  /**
   * How long another process may take to let go of the SQLite file, in milliseconds; at a hand-over
   * {@link limits.handOverWaitMs}. 0 unless told: somebody started the router twice and shall hear it at once.
   */
  readonly waitMs?: number;
  /**
   * Opens also while the PostgreSQL server cannot be reached: operations are refused until it can, and a listener of
   * `onRevision` is told the revision then. Otherwise the opening is refused.
   */
  readonly startUnreachable?: boolean;
}

/**
 * Opens the store; the schema is brought up to date.
 *
 * @throws StoreInUseError when another process has the SQLite file open
 * @throws StoreOpenError when the store cannot be opened as configured
 * @throws StoreUnavailableError when the PostgreSQL server cannot be reached
 */
export async function openStore(config: TStoreConfig, options: IOpenStoreOptions): Promise<IStore> {
  const { node, logger } = options;
  const listenerFailed = (error: unknown): void => logger.warn({ err: error }, 'a listener for revisions failed');
  if (config.type === 'memory') return new MemoryStore({ node, listenerFailed });
  const operations = new Operations();
  const feed = new RevisionFeed(listenerFailed);
  const backend = await openDatabase(config, options, operations, feed);
  if (backend instanceof PostgresBackend) backend.watch();
  return new SqlStore({ node, backend, operations, feed });
}

/** The database alone, for work on it that is not the router's: a restore. */
export function openBackend(config: TDatabaseConfig, options: IOpenStoreOptions): Promise<IBackend> {
  return openDatabase(config, options, new Operations(), new RevisionFeed(() => {}));
}

type TDatabaseConfig = Exclude<TStoreConfig, { type: 'memory' }>;

async function openDatabase(
  config: TDatabaseConfig,
  options: IOpenStoreOptions,
  operations: Operations,
  feed: RevisionFeed,
): Promise<IBackend> {
  if (config.type === 'postgres') return openPostgres(config, options, operations, feed);
  const state = isAbsolute(config.path) ? config.path : join(options.folder, config.path);
  return SqliteBackend.open({ files: { state, history: `${state}-history` }, waitMs: options.waitMs ?? 0 });
}

async function openPostgres(
  config: Extract<TStoreConfig, { type: 'postgres' }>,
  { node, folder, logger, startUnreachable = false }: IOpenStoreOptions,
  operations: Operations,
  feed: RevisionFeed,
): Promise<PostgresBackend> {
  const url = config.url ?? (await readUrl(config.urlFile!, folder));
  const warn = (fields: object, message: string): void => logger.warn(fields, message);
  const backend = new PostgresBackend({ url, node, poolSize: config.poolSize, operations, feed, warn });
  try {
    await backend.open();
  } catch (error) {
    if (!startUnreachable || !(error instanceof StoreUnavailableError)) {
      await backend.close();
      throw error;
    }
    operations.reachable = false;
    warn({ err: error }, 'the store cannot be reached; changes are refused until it can');
  }
  return backend;
}

async function readUrl(file: string, folder: string): Promise<string> {
  const path = isAbsolute(file) ? file : join(folder, file);
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    throw new StoreOpenError(`store.urlFile ${path}: ${(error as Error).message}`, { cause: error });
  }
}
