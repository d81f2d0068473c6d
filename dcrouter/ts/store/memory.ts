/**
 * A store that keeps nothing over a restart: for a router without a configured store, and for tests.
 *
 * @module
 */
import { writeArchive } from './archive/write.ts';
import { ARCHIVE_FORMAT, ARCHIVE_VERSION } from './archive/format.ts';
import * as check from './check.ts';
import { KeyedLock } from './keyed-lock.ts';
import * as parts from './memory/parts.ts';
import { MemoryState, type IParts } from './memory/state.ts';
import { Operations } from './operations.ts';
import { RevisionFeed } from './revision-feed.ts';
import { SCHEMA_VERSION } from './schema-version.ts';
import type * as types from './types.ts';

export interface IMemoryStoreOptions {
  /** The name of this node; `memory` unless told. */
  readonly node?: string;
  /** The clock; `Date.now` unless told. */
  readonly nowMs?: () => number;
  /** Is told what a listener of `onRevision` throws. */
  readonly listenerFailed?: (error: unknown) => void;
}

export class MemoryStore implements types.IStore {
  readonly dialect = 'memory';
  readonly node: string;
  readonly objects: types.IObjectStore;
  readonly versions: types.IVersionStore;
  readonly tokens: types.ITokenStore;
  readonly audit: types.IAuditStore;
  readonly materials: types.IMaterialStore;
  readonly history: types.IHistoryStore;
  readonly #state = new MemoryState();
  readonly #operations = new Operations();
  readonly #locks = new KeyedLock();
  readonly #nowMs: () => number;

  constructor(options: IMemoryStoreOptions = {}) {
    this.node = options.node ?? 'memory';
    this.#nowMs = options.nowMs ?? Date.now;
    const feed = new RevisionFeed(options.listenerFailed ?? (() => {}));
    const shared: IParts = {
      state: this.#state,
      operations: this.#operations,
      writer: { node: this.node, nowMs: this.#nowMs },
    };
    this.objects = parts.memoryObjects(shared, feed);
    this.versions = parts.memoryVersions(shared);
    this.tokens = parts.memoryTokens(shared);
    this.audit = parts.memoryAudit(shared);
    this.materials = parts.memoryMaterials(shared);
    this.history = parts.memoryHistory(shared);
  }

  async withLock<T>(name: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const release = await this.#operations.run('lock', () => this.#locks.acquire(check.name(name, 'the lock')));
    try {
      return await work(new AbortController().signal);
    } finally {
      release();
    }
  }

  backup(file: string): Promise<void> {
    return this.#operations.run('backup', () => {
      const head = { format: ARCHIVE_FORMAT, version: ARCHIVE_VERSION, schemaVersion: SCHEMA_VERSION } as const;
      // Copied at once: what changes while the file is written is not in it.
      const all = [...this.#state.rows()];
      return writeArchive(file, { ...head, dialect: this.dialect, node: this.node, createdAtMs: this.#nowMs() }, all);
    });
  }

  stats(): types.IStoreStats {
    return this.#operations.stats(SCHEMA_VERSION);
  }

  close(): Promise<void> {
    return this.#operations.end();
  }
}
