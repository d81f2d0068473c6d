/**
 * What every change works on: what serves, and the way to something else and back.
 *
 * @module
 */
import type { TConfig } from '../config/schema/index.ts';
import { StoreUnavailableError } from '../store/errors.ts';
import type { IStore, IStoredObject } from '../store/types.ts';
import type { IClock } from './clock.ts';
import type { ICompiler } from './compiler.ts';
import type { Reporter } from './report.ts';
import type { IServing, TReconcile } from './serving.ts';
import { VersionLedger } from './versions.ts';

export interface IBenchOptions {
  readonly compiler: ICompiler;
  readonly clock: IClock;
  readonly report: Reporter;
  readonly reconcile: TReconcile;
  /** There is something that the store must be told as soon as it can be reached. */
  readonly owing: () => void;
}

export class Bench {
  readonly compiler: ICompiler;
  readonly clock: IClock;
  readonly report: Reporter;
  readonly ledger: VersionLedger;
  /** Null while it has not been reached yet. */
  openStore: IStore | null = null;
  #serving: IServing;
  readonly #reconcile: TReconcile;

  constructor(options: IBenchOptions, serving: IServing) {
    this.compiler = options.compiler;
    this.clock = options.clock;
    this.report = options.report;
    this.ledger = new VersionLedger(options.report, options.owing);
    this.#reconcile = options.reconcile;
    this.#serving = serving;
  }

  get serving(): IServing {
    return this.#serving;
  }

  /** @throws StoreUnavailableError while it has not been reached yet */
  store(): IStore {
    if (this.openStore !== null) return this.openStore;
    throw new StoreUnavailableError(
      'the store has not been reached since the start; what the file says serves, and nothing can be changed until the store is back',
    );
  }

  /** The parts go over; when they refuse, they serve as before. */
  async go(next: TConfig): Promise<void> {
    await this.#reconcile(next);
  }

  /** After the store has refused: the parts go back to what it knows. */
  async goBack(): Promise<void> {
    await this.#reconcile(this.#serving.snapshot.config).catch((error: unknown) => {
      this.report.warn('the parts cannot go back to what the store knows', error);
    });
  }

  /** What serves from now on, as everybody sees it. */
  replace(serving: IServing): void {
    this.#serving = serving;
  }

  /** Takes over what the store holds now. @throws ConfigError, StartError, StoreUnavailableError */
  async adoptObjects(by: string): Promise<{ readonly previous: TConfig; readonly changed: boolean }> {
    const { snapshot, document } = this.#serving;
    const { revision, objects } = await this.store().objects.load();
    if (revision === snapshot.revision) return { previous: snapshot.config, changed: false };
    const config = await this.compiler.compile(document, objects);
    await this.go(config);
    this.replaceObjects(config, revision, objects, by);
    return { previous: snapshot.config, changed: true };
  }

  replaceObjects(config: TConfig, revision: number, objects: readonly IStoredObject[], by: string): void {
    const { snapshot } = this.#serving;
    const appliedAtMs = this.clock.nowMs();
    this.#serving = {
      ...this.#serving,
      snapshot: Object.freeze({ version: snapshot.version, revision, config, appliedAtMs, by }),
      objects,
    };
  }
}
