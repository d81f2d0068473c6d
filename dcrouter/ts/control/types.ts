/**
 * Changing a running router: a candidate becomes a plan, an applied plan becomes the snapshot that serves.
 *
 * @module
 */
import type { TConfig } from '../config/schema/index.ts';
import type { IDocumentVersion, IPage, IPageRequest, IStoredObject, TObjectChange } from '../store/types.ts';

/** What the router serves now; never changed, only replaced. */
export interface ISnapshot {
  /** Version of the document on this node, 0 without a store. */
  readonly version: number;
  /** Revision of the shared objects. */
  readonly revision: number;
  /** The document with the shared objects laid over it, validated, every default filled in. */
  readonly config: TConfig;
  readonly appliedAtMs: number;
  readonly by: string;
}

/** One value that differs, at a path as `proxy.routes[app].action.targets[0].port`; lists of named things by name. */
export interface IDifference {
  readonly path: string;
  readonly kind: 'added' | 'removed' | 'changed';
  readonly before?: unknown;
  readonly after?: unknown;
}

/** What a change would do, beyond the values themselves. */
export interface IEffects {
  readonly portsOpened: readonly number[];
  readonly portsClosed: readonly number[];
  /** Host names that no route serves any more, and names that DNS answers no more. */
  readonly namesLost: readonly string[];
  readonly namesGained: readonly string[];
  /** Names for which a certificate must be ordered. */
  readonly certificatesNeeded: readonly string[];
  /** Settings that take effect only with a restart. */
  readonly needsRestart: readonly string[];
  readonly warnings: readonly string[];
}

export interface IPlan {
  readonly differences: readonly IDifference[];
  readonly effects: IEffects;
}

export interface IApplyOptions {
  /** Who asks: `token:<name>`, `local` (the API without a token), `file`, `signal`, `cli`, `system`. */
  readonly by: string;
  readonly comment?: string;
  /** Milliseconds after which the change is taken back unless {@link IControl.confirm} is called. */
  readonly confirmMs?: number;
  /** Asked about what serves in the moment of the change, when nothing else changes any more; what it throws refuses. */
  readonly guard?: (current: ISnapshot) => void;
}

export interface IApplied {
  readonly snapshot: ISnapshot;
  readonly plan: IPlan;
  /** When the change is taken back unless confirmed. */
  readonly confirmByMs?: number;
}

/** A whole document as text (YAML or JSON), and where it came from. */
export interface IDocumentInput {
  /** File name for error messages and relative paths. */
  readonly file: string;
  readonly text: string;
  readonly source: IDocumentVersion['source'];
}

export interface IControl {
  /** What serves now. */
  readonly snapshot: ISnapshot;
  /** The shared objects of the snapshot. */
  readonly objects: readonly IStoredObject[];
  /** The document of the running version, as text. */
  documentText(): string;
  /** Its file, for error messages and relative paths. */
  documentFile(): string;
  /** Settings applied but not in effect before a restart. */
  readonly pendingRestart: readonly string[];
  /** Validates and compares; changes nothing. @throws ConfigError */
  plan(document: IDocumentInput): Promise<IPlan>;
  /** The same for shared objects. @throws ConfigError */
  planObjects(changes: readonly TObjectChange[]): Promise<IPlan>;
  /**
   * Makes a document the running one. When it resolves, it serves and is stored; when it rejects, what served before
   * serves on.
   *
   * @throws ConfigError, StartError (a port is in use), StoreUnavailableError
   */
  apply(document: IDocumentInput, options: IApplyOptions): Promise<IApplied>;
  /** The same for shared objects. @throws ConfigError, StartError, StoreConflictError, StoreUnavailableError */
  applyObjects(changes: readonly TObjectChange[], options: IApplyOptions): Promise<IApplied>;
  /** Keeps an unconfirmed version. @throws ControlError when there is none */
  confirm(by: string): Promise<ISnapshot>;
  /** Goes back to an earlier version by applying its document as a new one. @throws ControlError */
  rollback(version: number, options: IApplyOptions): Promise<IApplied>;
  history(page?: IPageRequest): Promise<IPage<Omit<IDocumentVersion, 'text'>>>;
  version(version: number): Promise<IDocumentVersion | undefined>;
  /** Reads the file again and applies it, as SIGHUP does. */
  reload(by: string): Promise<IApplied>;
}
