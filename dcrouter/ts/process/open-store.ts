/**
 * From the document's `store` section to an open store.
 *
 * @module
 */
import { hostname } from 'node:os';
import type { TConfig } from '../config/schema/index.ts';
import { MemoryStore } from '../store/memory.ts';
import type { IStore } from '../store/types.ts';

/** @throws StoreUnavailableError, StoreOpenError */
export async function openStore(_config: TConfig): Promise<IStore> {
  return new MemoryStore({ node: hostname() });
}
