/**
 * DNSSEC keys in the router's store: they outlive the process, and all nodes sign with the same ones.
 *
 * @module
 */
import type { IKeyStorage } from '@dcrouter/smartdns/server';
import { ringBell } from '../certificates/bell.ts';
import { reachStore, type TStoreSource } from '../certificates/reach.ts';

type TKeys = Awaited<ReturnType<IKeyStorage['load']>>;

export class StoreKeyStorage implements IKeyStorage {
  readonly #source: TStoreSource;
  /** As this node last read or wrote them. */
  readonly #known = new Map<string, string>();

  constructor(source: TStoreSource) {
    this.#source = source;
  }

  /** @throws Error when they are there and cannot be read: new keys instead would break the zone at the parent */
  async load(zone: string): Promise<TKeys> {
    const text = await this.#read(zone);
    this.#known.set(zone, text);
    if (text === '') return [];
    const { version, keys } = JSON.parse(text) as { version?: unknown; keys?: unknown };
    if (version === 1 && Array.isArray(keys)) return keys as TKeys;
    throw new Error(`the store's keys of zone ${zone} have version ${String(version)}; expected 1`);
  }

  async save(zone: string, keys: Readonly<TKeys>): Promise<void> {
    const store = reachStore(this.#source);
    const text = JSON.stringify({ version: 1, keys });
    await store.materials.put('dnssec-key', nameOf(zone), Buffer.from(text));
    this.#known.set(zone, text);
    await ringBell(store, 'kept');
  }

  /** Whether another node has changed the keys since they were read here. */
  async hasChanged(zone: string): Promise<boolean> {
    return (await this.#read(zone)) !== this.#known.get(zone);
  }

  /** Runs work that may make the first keys of a zone: the other nodes wait and then find them. */
  async making<T>(zone: string, work: () => Promise<T>): Promise<T> {
    if ((await this.#read(zone)) !== '') return await work();
    return await reachStore(this.#source).withLock(`dnssec-key ${zone}`, work);
  }

  async #read(zone: string): Promise<string> {
    return (await reachStore(this.#source).materials.get('dnssec-key', nameOf(zone)))?.toString() ?? '';
  }
}

/** The root's name would be empty without it. */
function nameOf(zone: string): string {
  return `zone ${zone}`;
}
