/**
 * What the router keeps: one interface, over SQLite on one node and PostgreSQL for several.
 *
 * A promise that resolves means that the change is durable. Every list is paged: `limit` rows at most, `cursor` goes on
 * where the last page ended.
 *
 * @module
 */
import type { IDurations } from '../telemetry/fill.ts';

/** JSON as it is stored. */
export type TJson = null | boolean | number | string | readonly TJson[] | { readonly [key: string]: TJson };

export interface IPageRequest {
  /** 1 to 1,000; default 100. */
  readonly limit?: number;
  /** `next` of the page before. */
  readonly cursor?: string;
}

export interface IPage<T> {
  readonly items: readonly T[];
  /** Undefined on the last page. */
  readonly next?: string;
}

/** Objects that are made at run time, beside those of the document. All nodes of one store share them. */
export type TObjectKind = 'route' | 'zone' | 'record' | 'rule' | 'upstream';

export interface IStoredObject {
  readonly kind: TObjectKind;
  /** Unique within its kind. */
  readonly id: string;
  readonly value: TJson;
  /** Revision of the store that wrote it last; serves as its entity tag. */
  readonly revision: number;
  readonly updatedAtMs: number;
  readonly updatedBy: string;
}

export type TObjectChange =
  | { readonly op: 'put'; readonly kind: TObjectKind; readonly id: string; readonly value: TJson }
  | { readonly op: 'remove'; readonly kind: TObjectKind; readonly id: string };

export interface IObjectStore {
  /** Everything, with the revision that it is: one consistent read. */
  load(): Promise<{ readonly revision: number; readonly objects: readonly IStoredObject[] }>;
  /** The newest revision; 0 before the first change. */
  revision(): Promise<number>;
  /**
   * Writes all changes and the audit entry in one transaction; the revision grows by one. Removing what is not there is
   * no error.
   *
   * @throws StoreConflictError when the revision is not `expectedRevision` any more
   */
  change(
    changes: readonly TObjectChange[],
    expectedRevision: number,
    audit: Omit<IAuditEntry, 'id' | 'atMs' | 'node'>,
  ): Promise<number>;
  /** Called with the newest revision after a change of any node; at the latest one poll later. */
  onRevision(listener: (revision: number) => void): () => void;
}

/**
 * `active` serves; `unconfirmed` serves until its time is over, and the `active` one is what a revert or a crash goes back
 * to; the others are past.
 */
export type TVersionState = 'pending' | 'unconfirmed' | 'active' | 'superseded' | 'reverted' | 'failed';

/** A configuration document that a node was given. Kept per node: listeners and paths differ between nodes. */
export interface IDocumentVersion {
  /** Counts from 1 within the node. */
  readonly version: number;
  readonly node: string;
  /** The document's text as given, includes put in, environment references not yet replaced. */
  readonly text: string;
  /** SHA-256 of the file, includes put in, that it came from or came after; of the text where there never was one. */
  readonly hash: string;
  readonly source: 'file' | 'api' | 'rollback';
  readonly by: string;
  readonly comment: string;
  readonly state: TVersionState;
  readonly createdAtMs: number;
}

export interface IVersionStore {
  /** Appends a `pending` version. */
  append(version: Omit<IDocumentVersion, 'version' | 'node' | 'state' | 'createdAtMs'>): Promise<IDocumentVersion>;
  /**
   * Sets a version's state. In the same transaction `active` supersedes the one that was active or unconfirmed;
   * `unconfirmed` supersedes another unconfirmed one and leaves the active one in its place until it is confirmed.
   *
   * @throws StoreRequestError when there is no such version
   */
  settle(version: number, state: Exclude<TVersionState, 'pending'>): Promise<void>;
  /** The version that shall serve after a start: the `active` one. */
  active(): Promise<IDocumentVersion | undefined>;
  get(version: number): Promise<IDocumentVersion | undefined>;
  /** Newest first. */
  list(page?: IPageRequest): Promise<IPage<Omit<IDocumentVersion, 'text'>>>;
}

export interface IStoredToken {
  readonly id: string;
  readonly name: string;
  /** Hex SHA-256 of the secret (secrets are 256 random bits: a slow hash would add nothing). */
  readonly secretHash: string;
  readonly scopes: readonly string[];
  readonly createdAtMs: number;
  readonly createdBy: string;
  readonly expiresAtMs?: number;
  /** Written at most once a minute. */
  readonly lastUsedAtMs?: number;
}

export interface ITokenStore {
  /** @throws StoreConflictError when the id or the secret exists */
  create(token: IStoredToken): Promise<void>;
  bySecretHash(hash: string): Promise<IStoredToken | undefined>;
  touch(id: string, atMs: number): Promise<void>;
  remove(id: string): Promise<boolean>;
  list(page?: IPageRequest): Promise<IPage<Omit<IStoredToken, 'secretHash'>>>;
}

export interface IAuditEntry {
  readonly id: number;
  readonly atMs: number;
  readonly node: string;
  /** `token:<name>`, `file`, `signal`, `cli`, `system`. */
  readonly actor: string;
  /** `route.put`, `config.apply`, `connection.kill`, … */
  readonly action: string;
  readonly target: string;
  readonly outcome: 'done' | 'refused' | 'failed';
  readonly detail: TJson;
}

/** Bounded: the oldest entries go when there are too many. */
export interface IAuditStore {
  append(entry: Omit<IAuditEntry, 'id' | 'atMs' | 'node'>): Promise<void>;
  /** Newest first. */
  list(page?: IPageRequest & { readonly action?: string; readonly actor?: string }): Promise<IPage<IAuditEntry>>;
}

/** Secret material by purpose and name: certificates, the ACME account, challenges under way, DNSSEC keys. */
export interface IMaterialStore {
  get(purpose: TMaterialPurpose, name: string): Promise<Buffer | undefined>;
  put(purpose: TMaterialPurpose, name: string, data: Buffer): Promise<void>;
  remove(purpose: TMaterialPurpose, name: string): Promise<boolean>;
  names(purpose: TMaterialPurpose): Promise<readonly string[]>;
}
export type TMaterialPurpose = 'certificate' | 'acme-account' | 'acme-challenge' | 'dnssec-key';

/** One sample of the rolled-up history: values by series name over one step. */
export interface IHistorySample {
  readonly atMs: number;
  readonly values: Readonly<Record<string, number>>;
}

/** Kept per node at one step (60 s), for a bounded time. */
export interface IHistoryStore {
  append(samples: readonly IHistorySample[]): Promise<void>;
  range(fromMs: number, toMs: number): Promise<readonly IHistorySample[]>;
  /** Drops samples older than `beforeMs`; returns how many. */
  prune(beforeMs: number): Promise<number>;
}

/** What went because a bound was reached. */
export interface IStoreDropped {
  /** Audit entries beyond the number kept. */
  readonly audit: number;
  /** Past versions beyond the number kept. */
  readonly versions: number;
  /** History samples beyond the number kept; pruning by age is not a loss and not counted. */
  readonly history: number;
  /** Operations refused because too many were under way. */
  readonly refused: number;
}

export interface IStoreStats {
  /** By `<part>.<operation>`; `failed` holds conflicts and refused requests too. */
  readonly operations: Readonly<Record<string, { readonly done: number; readonly failed: number } & IDurations>>;
  readonly dropped: IStoreDropped;
  /** Whether the last operation reached the store. */
  readonly reachable: boolean;
  readonly schemaVersion: number;
}

export interface IStore {
  readonly dialect: 'sqlite' | 'postgres' | 'memory';
  readonly node: string;
  readonly objects: IObjectStore;
  readonly versions: IVersionStore;
  readonly tokens: ITokenStore;
  readonly audit: IAuditStore;
  readonly materials: IMaterialStore;
  readonly history: IHistoryStore;
  /**
   * Runs `work` while no other node holds the same name; waits for its turn. The signal aborts when the lock was lost
   * under way (the connection to the database broke): another node may hold it from then on.
   *
   * @throws StoreLockTimeoutError when the turn does not come in time
   */
  withLock<T>(name: string, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
  /** Writes a consistent copy of everything to a file that must not exist; the store stays in use. */
  backup(file: string): Promise<void>;
  stats(): IStoreStats;
  /** Waits for the operations under way and lets go of the database, so that another process may open it. */
  close(): Promise<void>;
}
