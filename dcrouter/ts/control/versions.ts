/**
 * The numbered versions of a document on their way through the store.
 *
 * @module
 */
import type { IDocumentVersion, IStore, TVersionState } from '../store/types.ts';
import type { Reporter } from './report.ts';

type TNewVersion = Parameters<IStore['versions']['append']>[0];
type TSettled = Exclude<TVersionState, 'pending'>;

/**
 * Knows what the store could not be told when it was away: whether a settling was kept is open then, and what serves
 * must be what the store says. It is told before anything new is.
 */
export class VersionLedger {
  readonly #report: Reporter;
  /** In the order in which they must be settled. */
  readonly #owed = new Map<number, TSettled>();

  constructor(report: Reporter) {
    this.#report = report;
  }

  /** Appends a pending version. @throws StoreUnavailableError; nothing is begun then */
  async begin(store: IStore, version: TNewVersion): Promise<IDocumentVersion> {
    await this.repay(store);
    return await store.versions.append(version);
  }

  /** The version serves. When the store cannot be told, the version that serves instead is owed to it. */
  async succeed(
    store: IStore,
    version: number,
    state: 'active' | 'unconfirmed',
    before: { readonly active: number },
  ): Promise<void> {
    try {
      await store.versions.settle(version, state);
    } catch (error) {
      this.owe(version, 'failed');
      if (before.active > 0) this.owe(before.active, 'active');
      throw error;
    }
  }

  /** The version does not serve. */
  async fail(store: IStore, version: number): Promise<void> {
    this.owe(version, 'failed');
    await this.repay(store).catch((error: unknown) => {
      this.#report.warn('the store cannot be told that a version failed; it is told with the next change', error);
    });
  }

  owe(version: number, state: TSettled): void {
    this.#owed.delete(version);
    this.#owed.set(version, state);
  }

  /** @throws StoreUnavailableError */
  async repay(store: IStore): Promise<void> {
    for (const [version, state] of this.#owed) {
      await store.versions.settle(version, state);
      this.#owed.delete(version);
    }
  }
}
