/**
 * Changes of a running router: one after another, each all or nothing, kept, and told to everybody.
 *
 * @module
 */
import type { TConfig } from '../config/schema/index.ts';
import { ConfigError } from '../config/error.ts';
import { flattenDocument } from '../config/read.ts';
import { StoreConflictError, StoreUnavailableError } from '../store/errors.ts';
import type { IDocumentVersion, IPage, IPageRequest, IStore, IStoredObject, TObjectChange } from '../store/types.ts';
import { Bench, type IBenchOptions } from './bench.ts';
import { changeDocument, type IDocumentChange } from './document-change.ts';
import { ControlError } from './error.ts';
import { Follower } from './follower.ts';
import { applyObjectChanges } from './object-change.ts';
import { changeObjects } from './objects.ts';
import { ChangeQueue } from './queue.ts';
import type { IChange } from './report.ts';
import type { IServing } from './serving.ts';
import type { IControlStats, TChangeSource } from './stats.ts';
import { takeBack } from './take-back.ts';
import { prepareTakeOver, type ITakeOver } from './take-over.ts';
import type { IApplied, IApplyOptions, IControl, IDocumentInput, IPlan, ISnapshot } from './types.ts';
import { Unconfirmed } from './unconfirmed.ts';

/** What serves after a change, and whether that is something else than before. */
interface IOutcome {
  readonly applied: IApplied;
  readonly changed: boolean;
}

export interface IControlOptions extends Omit<IBenchOptions, 'owing'> {
  /** Reads the file that the router was started with; undefined: there is none to reload. */
  readonly readFile?: () => Promise<IDocumentChange>;
  /** Null while it cannot be reached: {@link Control.join} brings it. */
  readonly store: IStore | null;
}

export class Control implements IControl {
  readonly #bench: Bench;
  readonly #started: TConfig;
  readonly #queue: ChangeQueue;
  readonly #unconfirmed: Unconfirmed;
  readonly #follower: Follower;
  /** Tells the store what it could not be told when it was away. */
  readonly #settler: Follower;
  readonly #readFile: (() => Promise<IDocumentChange>) | undefined;
  #stopListening: () => void = () => {};

  /** @param serving - what the parts were started with */
  constructor(options: IControlOptions, serving: IServing) {
    this.#bench = new Bench({ ...options, owing: () => this.#settler.tell() }, serving);
    this.#bench.openStore = options.store;
    this.#started = serving.snapshot.config;
    this.#queue = new ChangeQueue(options.clock);
    this.#unconfirmed = new Unconfirmed(options.clock, () => this.#takeBack());
    this.#follower = new Follower(options.clock, () => this.#follow());
    this.#settler = new Follower(options.clock, () => this.#repay());
    this.#readFile = options.readFile;
  }

  get snapshot(): ISnapshot {
    return this.#bench.serving.snapshot;
  }

  get objects(): readonly IStoredObject[] {
    return this.#bench.serving.objects;
  }

  get pendingRestart(): readonly string[] {
    return this.#bench.compiler.pendingRestart(this.#started, this.snapshot.config);
  }

  documentText(): string {
    return this.#bench.serving.document.text;
  }

  documentFile(): string {
    return this.#bench.serving.document.file;
  }

  stats(): IControlStats {
    const { counters } = this.#bench.report;
    const { version, revision } = this.snapshot;
    return {
      changes: structuredClone(counters.changes),
      reverted: counters.reverted,
      confirmed: counters.confirmed,
      busy: this.#queue.refused,
      waiting: this.#queue.waiting,
      conflicts: counters.conflicts,
      lastSuccessAtMs: counters.lastSuccessAtMs,
      lastFailureAtMs: counters.lastFailureAtMs,
      duration: counters.duration(),
      version,
      revision,
      pendingRestart: this.pendingRestart.length,
      confirmByMs: this.#unconfirmed.current?.confirmByMs,
      storeOpen: this.#bench.openStore !== null,
    };
  }

  /** Null while it has not been reached since the start. */
  get store(): IStore | null {
    return this.#bench.openStore;
  }

  /** Runs work as a change: nothing else changes meanwhile. */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    return await this.#queue.run(work);
  }

  /** Brings what was taken over to be served, and tells the store how that ended. */
  async settling(store: IStore, { unsettled, isNew }: ITakeOver, serve: () => Promise<void>): Promise<void> {
    const { ledger } = this.#bench;
    await serve().catch(async (error: unknown) => {
      if (unsettled !== undefined && isNew) await ledger.fail(store, unsettled);
      throw error;
    });
    if (unsettled === undefined) return;
    ledger.owe(unsettled, 'active');
    await ledger.tell(store);
  }

  /** The parts serve: what other nodes change is followed from now on. */
  follow(): void {
    const store = this.#bench.store();
    this.#stopListening = store.objects.onRevision(() => this.#follower.tell());
    // What came between the reading at the start and now.
    this.#follower.tell();
  }

  /** The store was away at the start and is back: what it holds is taken over. @throws ConfigError, StartError */
  async join(store: IStore): Promise<void> {
    await this.#change('nodes', 'system', async () => {
      const { document, fileHash, snapshot: before } = this.#bench.serving;
      const prepared = await prepareTakeOver(store, { ...document, fileHash }, this.#bench);
      const { serving } = prepared;
      await this.settling(store, prepared, () => this.#bench.go(serving.snapshot.config));
      this.#bench.replace(serving);
      const plan = this.#bench.compiler.plan(before.config, serving.snapshot.config);
      return { applied: { snapshot: serving.snapshot, plan }, changed: true };
    });
    this.#bench.openStore = store;
    this.follow();
  }

  async plan(document: IDocumentInput): Promise<IPlan> {
    const { compiler, serving } = this.#bench;
    const config = await compiler.compile(document, serving.objects);
    return compiler.plan(serving.snapshot.config, config);
  }

  async planObjects(changes: readonly TObjectChange[]): Promise<IPlan> {
    const { compiler, serving, clock } = this.#bench;
    const stamp = { revision: serving.snapshot.revision + 1, atMs: clock.nowMs(), by: 'plan' };
    const config = await compiler.compile(serving.document, changeObjects(serving.objects, changes, stamp));
    return compiler.plan(serving.snapshot.config, config);
  }

  async apply(document: IDocumentInput, options: IApplyOptions): Promise<IApplied> {
    const confirmMs =
      options.confirmMs ?? (document.source === 'api' ? this.snapshot.config.control.confirmDefaultMs : 0);
    const { confirmMs: _, ...others } = options;
    const asked = confirmMs === 0 ? others : { ...others, confirmMs };
    const read = async (): Promise<IDocumentChange> => {
      // What it includes is kept with it: a rollback must not depend on what the files say by then.
      const { text } = await flattenDocument(document.file, document.text);
      return { ...document, text };
    };
    return await this.#changeDocument(read, document.source, asked);
  }

  async applyObjects(changes: readonly TObjectChange[], options: IApplyOptions): Promise<IApplied> {
    return await this.#change('objects', options.by, async () => {
      return { applied: await applyObjectChanges(this.#bench, changes, options), changed: true };
    });
  }

  async confirm(by: string): Promise<ISnapshot> {
    return await this.#queue.run(async () => {
      const { current } = this.#unconfirmed;
      if (current === null)
        throw new ControlError('DCR_CONTROL_UNCONFIRMED', 'no version waits for its confirmation; nothing to confirm');
      const store = this.#bench.store();
      await store.versions.settle(current.version, 'active');
      this.#unconfirmed.end();
      this.#bench.report.confirmed(current.version, by);
      await this.#bench.report.audit(store, {
        actor: by,
        action: 'config.confirm',
        target: `version ${current.version}`,
        outcome: 'done',
        detail: {},
      });
      return this.snapshot;
    });
  }

  async rollback(version: number, options: IApplyOptions): Promise<IApplied> {
    const comment = options.comment ?? `back to version ${version}`;
    const read = async (): Promise<IDocumentChange> => {
      const stored = await this.#bench.store().versions.get(version);
      if (stored !== undefined)
        return { file: this.#bench.serving.document.file, text: stored.text, source: 'rollback' };
      throw new ControlError(
        'DCR_CONTROL_NO_VERSION',
        `there is no version ${version}; list the versions that are kept`,
      );
    };
    return await this.#changeDocument(read, 'rollback', { ...options, comment });
  }

  async history(page?: IPageRequest): Promise<IPage<Omit<IDocumentVersion, 'text'>>> {
    return await this.#bench.store().versions.list(page);
  }

  async version(version: number): Promise<IDocumentVersion | undefined> {
    return await this.#bench.store().versions.get(version);
  }

  async reload(by: string): Promise<IApplied> {
    const read = this.#readFile;
    if (read === undefined)
      throw new ControlError('DCR_CONTROL_NO_FILE', 'the router was not started from a file; apply a document instead');
    return await this.#changeDocument(read, 'file', { by });
  }

  /** Lets the change under way end, refuses those that wait, and follows nobody any more. */
  async stop(): Promise<void> {
    this.#stopListening();
    this.#follower.stop();
    this.#settler.stop();
    this.#unconfirmed.end();
    await this.#queue.stop();
  }

  async #changeDocument(
    read: () => Promise<IDocumentChange>,
    source: TChangeSource & IDocumentInput['source'],
    options: IApplyOptions,
  ): Promise<IApplied> {
    return await this.#change(source, options.by, async () =>
      changeDocument(this.#bench, this.#unconfirmed, await read(), options),
    );
  }

  /** One change in its turn, with its end counted and told. */
  async #change(source: TChangeSource, by: string, work: () => Promise<IOutcome>): Promise<IApplied> {
    return await this.#queue.run(async () => {
      const change = this.#bench.report.begin(source, by);
      try {
        const { applied, changed } = await work();
        if (changed) this.#bench.report.applied(change, applied);
        else if (source !== 'nodes') this.#bench.report.unchanged(change);
        return applied;
      } catch (error) {
        await this.#failed(change, error);
        throw error;
      }
    });
  }

  async #failed(change: IChange, error: unknown): Promise<void> {
    const { report, openStore } = this.#bench;
    const refused = [ConfigError, ControlError, StoreConflictError].some((kind) => error instanceof kind);
    const outcome = refused ? 'refused' : 'failed';
    report.failed(change, outcome, error);
    // A store that is away would only fail again.
    if (openStore === null || error instanceof StoreUnavailableError || change.source === 'nodes') return;
    const reason = error instanceof Error ? error.message.slice(0, 2_000) : String(error);
    const action = change.source === 'objects' ? 'objects.change' : 'config.apply';
    await report.audit(openStore, { actor: change.by, action, target: change.source, outcome, detail: { reason } });
  }

  async #takeBack(): Promise<void> {
    await this.#change('rollback', 'system', async () => {
      const { current } = this.#unconfirmed;
      // It was confirmed or replaced while this waited for its turn.
      if (current === null || current.confirmByMs > this.#bench.clock.nowMs())
        return { applied: { snapshot: this.snapshot, plan: NOTHING }, changed: false };
      return { applied: await takeBack(this.#bench, this.#unconfirmed, current), changed: true };
    });
  }

  /** In its turn: the change that owes may yet repay. */
  async #repay(): Promise<void> {
    await this.#queue.run(async () => {
      if (this.#bench.ledger.owes) await this.#bench.ledger.repay(this.#bench.store());
    });
  }

  /** The objects of another node. Nothing is said when there is nothing new. */
  async #follow(): Promise<void> {
    const { revision } = this.snapshot;
    if ((await this.#bench.store().objects.revision()) === revision) return;
    await this.#change('nodes', 'nodes', async () => {
      const { previous, changed } = await this.#bench.adoptObjects('nodes');
      const { snapshot } = this;
      const plan = changed ? this.#bench.compiler.plan(previous, snapshot.config) : NOTHING;
      return { applied: { snapshot, plan }, changed };
    });
  }
}

const NOTHING: IPlan = {
  differences: [],
  effects: {
    portsOpened: [],
    portsClosed: [],
    namesLost: [],
    namesGained: [],
    certificatesNeeded: [],
    needsRestart: [],
    warnings: [],
  },
};
