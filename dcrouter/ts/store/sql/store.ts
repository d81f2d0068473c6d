/**
 * The store over a database, whichever it is.
 *
 * @module
 */
import { ARCHIVE_FORMAT, ARCHIVE_VERSION } from '../archive/format.ts';
import { writeArchive } from '../archive/write.ts';
import * as check from '../check.ts';
import { KeyedLock } from '../keyed-lock.ts';
import type { Operations, TOperation } from '../operations.ts';
import type { RevisionFeed } from '../revision-feed.ts';
import { SCHEMA_VERSION } from '../schema-version.ts';
import type * as types from '../types.ts';
import { sqlAudit } from './audit.ts';
import type { IBackend, ISqlParts } from './backend.ts';
import { sqlHistory, sqlMaterials, sqlTokens } from './kept.ts';
import { sqlObjects } from './objects.ts';
import { sqlVersions } from './versions.ts';

export interface ISqlStoreOptions {
  readonly node: string;
  readonly backend: IBackend;
  readonly operations: Operations;
  readonly feed: RevisionFeed;
}

export class SqlStore implements types.IStore {
  readonly dialect: 'sqlite' | 'postgres';
  readonly node: string;
  readonly objects: types.IObjectStore;
  readonly versions: types.IVersionStore;
  readonly tokens: types.ITokenStore;
  readonly audit: types.IAuditStore;
  readonly materials: types.IMaterialStore;
  readonly history: types.IHistoryStore;
  readonly #backend: IBackend;
  readonly #operations: Operations;
  readonly #locks = new KeyedLock();
  #closing: Promise<void> | undefined;

  constructor({ node, backend, operations, feed }: ISqlStoreOptions) {
    this.dialect = backend.dialect;
    this.node = node;
    this.#backend = backend;
    this.#operations = operations;
    const run = <T>(name: TOperation, work: () => T | Promise<T>): Promise<T> => this.#run(name, work);
    const parts: ISqlParts = { backend, db: backend.db, operations, writer: { node, nowMs: Date.now }, run };
    this.objects = sqlObjects(parts, feed);
    this.versions = sqlVersions(parts);
    this.tokens = sqlTokens(parts);
    this.audit = sqlAudit(parts);
    this.materials = sqlMaterials(parts);
    this.history = sqlHistory(parts);
  }

  async withLock<T>(name: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { free, held } = await this.#run('lock', async () => {
      // First in this process: one connection per name and node waits in the database, not one per caller.
      const free = await this.#locks.acquire(check.name(name, 'the lock'));
      try {
        return { free, held: await this.#backend.lock(name) };
      } catch (error) {
        free();
        throw error;
      }
    });
    try {
      return await work(held.signal);
    } finally {
      await held.release();
      free();
    }
  }

  backup(file: string): Promise<void> {
    const head = {
      format: ARCHIVE_FORMAT,
      version: ARCHIVE_VERSION,
      schemaVersion: SCHEMA_VERSION,
      dialect: this.dialect,
      node: this.node,
      createdAtMs: Date.now(),
    } as const;
    return this.#run('backup', () => this.#backend.snapshot((rows) => writeArchive(file, head, rows)));
  }

  stats(): types.IStoreStats {
    return this.#operations.stats(SCHEMA_VERSION);
  }

  close(): Promise<void> {
    this.#closing ??= this.#operations.end().then(() => this.#backend.close());
    return this.#closing;
  }

  #run<T>(name: TOperation, work: () => T | Promise<T>): Promise<T> {
    return this.#operations.run(name, async () => {
      try {
        await this.#backend.ready();
        return await work();
      } catch (error) {
        throw this.#backend.translate(error).error;
      }
    });
  }
}
