/**
 * The store where it is needed at once.
 *
 * @module
 */
import { StoreUnavailableError } from '../store/errors.ts';
import type { IStore } from '../store/types.ts';

/** The store as it is now: one that was away at the start joins later. */
export type TStoreSource = () => IStore | null;

/** @throws StoreUnavailableError */
export function reachStore(source: TStoreSource): IStore {
  const store = source();
  if (store !== null) return store;
  throw new StoreUnavailableError('the store has not been reached since the start; wait until it is back');
}
