/**
 * Fresh places for stores, and what a test needs to open one.
 *
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from '../../ts/store/open.ts';
import type { IStore } from '../../ts/store/types.ts';
import type { IPostgres } from '../../../test/helpers/postgres.ts';
import type { TStoreConfig } from '../../ts/config/schema/store.ts';

/** A store to test, empty and its own. */
export interface IOpened {
  readonly store: IStore;
  /** Closes and removes everything. */
  end(): Promise<void>;
}

/** Nobody reads the warnings of a test that does not ask for them. */
export const quiet = { logger: { warn: () => {} } };

export interface ITemporary extends AsyncDisposable {
  readonly folder: string;
  readonly sqlite: Extract<TStoreConfig, { type: 'sqlite' }>;
}

export async function temporaryFolder(): Promise<ITemporary> {
  const folder = await mkdtemp(join(tmpdir(), 'dcrouter-store-'));
  return {
    folder,
    sqlite: { type: 'sqlite', path: './state.db' },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

export function open(config: TStoreConfig, folder: string, node = 'one'): Promise<IStore> {
  return openStore(config, { node, folder, ...quiet });
}

export async function openSqlite(): Promise<IOpened> {
  const place = await temporaryFolder();
  const store = await open(place.sqlite, place.folder);
  const end = async (): Promise<void> => {
    await store.close();
    await place[Symbol.asyncDispose]();
  };
  return { store, end };
}

/** The configuration of a store in a database of its own. */
export async function postgresPlace(server: IPostgres): Promise<Extract<TStoreConfig, { type: 'postgres' }>> {
  return { type: 'postgres', url: await server.createDatabase(), poolSize: 4 };
}

export async function openPostgres(server: IPostgres): Promise<IOpened> {
  const store = await open(await postgresPlace(server), '/');
  return { store, end: () => store.close() };
}
