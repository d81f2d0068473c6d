/**
 * The numbered versions of a document on their way through the store.
 *
 * @module
 */
import { StoreUnavailableError } from '../store/errors.ts';
import type { IDocumentVersion, IStore, TVersionState } from '../store/types.ts';
import type { Reporter } from './report.ts';

type TNewVersion = Parameters<IStore['versions']['append']>[0];
export type TSettled = Exclude<TVersionState, 'pending'>;

/**
 * Knows what the store could not be told when it was away: whether a settling was kept is open then, and what serves
 * must be what the store says. It is told before anything new is.
 */
export class VersionLedger {
  readonly #report: Reporter;
  readonly #owing: () => void;
  /** In the order in which they must be settled. */
  readonly #owed = new Map<number, TSettled>();

  /** @param owing - there is something that the store must be told as soon as it can be reached */
  constructor(report: Reporter, owing: () => void) {
    this.#report = report;
    this.#owing = owing;
  }

  /** Appends a pending version. @throws StoreUnavailableError; nothing is begun then */
  async begin(store: IStore, version: TNewVersion): Promise<IDocumentVersion> {
    await this.repay(store);
    return await store.versions.append(version);
  }

  /** The version serves. When the store cannot be told, what serves instead is owed to it. */
  async succeed(
    store: IStore,
    version: number,
    state: 'active' | 'unconfirmed',
    before: ReadonlyArray<readonly [version: number, state: TSettled]>,
  ): Promise<void> {
    try {
      await store.versions.settle(version, state);
    } catch (error) {
      this.owe(version, 'failed');
      for (const [other, was] of before) this.owe(other, was);
      throw error;
    }
  }

  /** The version does not serve. */
  async fail(store: IStore, version: number): Promise<void> {
    this.owe(version, 'failed');
    await this.tell(store);
  }

  owe(version: number, state: TSettled): void {
    this.#owed.delete(version);
    this.#owed.set(version, state);
    this.#owing();
  }

  get owes(): boolean {
    return this.#owed.size > 0;
  }

  /** Repays now, or as soon as the store can be reached. */
  async tell(store: IStore): Promise<void> {
    await this.repay(store).catch((error: unknown) => {
      this.#report.warn('the store cannot be told what serves; it is told when it can be reached', error);
    });
  }

  /** @throws StoreUnavailableError */
  async repay(store: IStore): Promise<void> {
    for (const [version, state] of this.#owed) {
      await store.versions.settle(version, state).catch((error: unknown) => {
        if (error instanceof StoreUnavailableError) throw error;
        // A store that was restored from a backup may not know it; nothing is gained by asking for ever.
        this.#report.warn(`version ${version} cannot be settled as ${state}`, error);
      });
      this.#owed.delete(version);
    }
  }
}
